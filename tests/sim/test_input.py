"""A user's own images in a simulation: batches, outputs, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc._backends import BACKENDS
from deepsoc.errors import InputError
from deepsoc.export import Artifacts, export
from deepsoc.export.artifacts import file_entry
from deepsoc.graph.executor import execute, softmax
from deepsoc.graph.fixed import quantize
from deepsoc.graph.store import load_graph, pack_graph
from deepsoc.netspec.spec import parse_net
from deepsoc.sim import simulate
from deepsoc.sim.inputs import in_batches
from deepsoc.sim.result import Difference, SimResult, joined
from tests.sim.test_simulate import HW, NET
from tests.strategies import random_net

GRAPH = parse_net(NET).to_graph(seed=3)
SHAPE = tuple(NET["input"]["shape"])


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return export(GRAPH, HW, tmp_path_factory.mktemp("input") / "design", seed=4)


def reference(integers: np.ndarray) -> np.ndarray:
    """Outputs of the NumPy executor, any batch."""
    last = execute(GRAPH, integers)[GRAPH.bundles[-1].name]
    frac = last.out_quant.frac
    return softmax(last.out, frac) if GRAPH.bundles[-1].softmax else np.ldexp(last.out.astype(float), -frac)


@pytest.mark.xdist_group("simulator")
def test_images_in_batches_that_do_not_divide(design: Artifacts, tmp_path: Path, seed: int) -> None:
    real = np.random.default_rng(seed).normal(scale=0.5, size=(5, *SHAPE))
    result = simulate(design.path, images=real, outputs=tmp_path / "y.npy", stall_prob=0.2, seed=seed)
    assert result.bit_exact
    assert result.images == 5
    assert result.outputs == str(tmp_path / "y.npy")
    assert result.cycles_rtl == sum(op.cycles_rtl for op in result.operations)
    found = np.load(tmp_path / "y.npy")
    np.testing.assert_allclose(found, reference(quantize(real, GRAPH.input_quant)), atol=1e-5)
    one = simulate(design.path, images=quantize(real[:2], GRAPH.input_quant), outputs=tmp_path / "z.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), found[:2])
    pixels = [sum(op.x_bytes for op in run.operations) for run in (one, result)]
    assert pixels[0] * 3 == pixels[1]


@pytest.mark.xdist_group("simulator")
def test_a_run_that_ends_early_writes_no_outputs(design: Artifacts, tmp_path: Path) -> None:
    images = np.zeros((3, *SHAPE), np.int8)
    result = simulate(design.path, images=images, outputs=tmp_path / "y.npy", faults=["read-error:1"])
    assert "operation 1" in result.error
    assert (result.images, result.outputs) == (3, "")
    assert not (tmp_path / "y.npy").exists()


def test_more_than_a_batch_is_not_traced(design: Artifacts) -> None:
    with pytest.raises(InputError, match="trace: a trace holds one batch; give at most 2 images"):
        simulate(design.path, images=np.zeros((3, *SHAPE)), trace=True)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((2, 3)), r"expected images of shape \(count, 9, 8, 2\), received \(2, 3\)"),
        (np.zeros((0, *SHAPE)), r"received \(0, 9, 8, 2\)"),
        (np.full((1, *SHAPE), np.nan), "NaN or infinite"),
        (np.full((1, *SHAPE), -np.inf), "NaN or infinite"),
        (np.full((1, *SHAPE), 128), r"integers of 8 bits are -128 … 127, received 128 … 128; give real values"),
        (np.zeros((1, *SHAPE), complex), "received complex128"),
        (np.zeros((1, *SHAPE), bool), "received bool"),
    ],
)
def test_images_that_are_refused(design: Artifacts, tmp_path: Path, images: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        simulate(design.path, images=images)
    assert caught.value.where == "input"
    np.save(tmp_path / "x.npy", images)
    with pytest.raises(InputError) as caught:
        simulate(design.path, images=tmp_path / "x.npy")
    assert caught.value.where == str(tmp_path / "x.npy")


def test_an_export_of_an_earlier_version_is_refused(design: Artifacts, tmp_path: Path) -> None:
    old = _edited(design, tmp_path / "old", lambda files: files.pop("graph.npz"))
    simulated = {"images": np.zeros((1, *SHAPE))}
    with pytest.raises(InputError, match=r"holds no graph\.npz; export again"):
        simulate(old, **simulated)
    (tmp_path / "other").mkdir()
    changed = pack_graph(parse_net(NET).to_graph(seed=5))
    other = _edited(design, tmp_path / "other", lambda files: files.update({"graph.npz": changed}))
    with pytest.raises(InputError, match="another version"):
        simulate(other, **simulated)


def _edited(design: Artifacts, place: Path, edit: Any) -> Path:
    """A copy of the design with other files, well signed."""
    files = {name: (design.path / name).read_bytes() for name in design.manifest.files}
    edit(files)
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    entries = {name: file_entry(data) for name, data in files.items()}
    manifest = design.manifest.model_copy(update={"files": entries}).signed()
    (place / "manifest.json").write_text(manifest.model_dump_json())
    return place


def test_the_last_batch_is_filled() -> None:
    parts = in_batches(np.arange(1, 8).reshape(7, 1), 3)
    assert [part.ravel().tolist() for part in parts] == [[1, 2, 3], [4, 5, 6], [7, 0, 0]]


def test_batches_are_added_up() -> None:
    wrong = Difference(bundle="b", operation="o", index=(0, 1), expected=1, received=2)

    def run(**changes: Any) -> SimResult:
        values = {
            "bit_exact": True, "mismatches": 0, "first_difference": None, "error": "", "cycles_rtl": 10,
            "cycles_register": 9, "cycles_model": 8, "bundles": (), "operations": (), "faults": (), "run_s": 0.5,
            "clocks_per_second": 20,
        }  # fmt: skip
        return SimResult(**values | changes)

    bad = run(bit_exact=False, mismatches=3, first_difference=wrong)
    both = joined([run(), bad, run(error="it hangs", bit_exact=False)], images=5)
    assert (both.bit_exact, both.mismatches, both.images) == (False, 3, 5)
    assert (both.cycles_rtl, both.cycles_register, both.cycles_model, both.run_s) == (30, 27, 24, 1.5)
    assert both.clocks_per_second == 20
    assert both.first_difference == wrong.model_copy(update={"batch": 1})
    assert both.error == "batch 2: it hangs"
    assert joined([bad]).first_difference == wrong


@pytest.mark.parametrize("index", range(5))
def test_a_graph_is_the_same_after_a_file(tmp_path: Path, seed: int, index: int) -> None:
    graph = parse_net(random_net(random.Random(f"{seed} {index}"), max_size=8, max_channels=8)).to_graph(seed=seed)
    data = pack_graph(graph)
    (tmp_path / "g.npz").write_bytes(data)
    again = load_graph(tmp_path / "g.npz")
    assert pack_graph(again) == data
    x = np.random.default_rng(seed).integers(-2, 2, graph.input_shape)
    for name, result in execute(graph, x).items():
        np.testing.assert_array_equal(execute(again, x)[name].out, result.out)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="export again"):
        load_graph(tmp_path / "g.npz")
    np.savez(tmp_path / "g.npz", graph=np.frombuffer(b'{"bundles": [{"name": 1}]}', np.uint8))
    with pytest.raises(InputError, match="export again"):
        load_graph(tmp_path / "g.npz")


def test_back_ends_are_chosen_in_one_place(design: Artifacts) -> None:
    with pytest.raises(InputError, match=r"backend: expected verilator, .* received 'modelsim'"):
        simulate(design.path, backend="modelsim")
    with pytest.raises(InputError, match="simulator: backend verilator runs on verilator, received 'xsim'"):
        simulate(design.path, simulator="xsim")
    for name, backend in BACKENDS.items():
        if not backend.module:
            with pytest.raises(InputError, match=f"{name} is not available in this version"):
                simulate(design.path, backend=name)
        elif not backend.faults:
            with pytest.raises(InputError, match=f"faults: backend {name} has none"):
                simulate(design.path, backend=name, faults=["drop-beat"])
