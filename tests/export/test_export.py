"""Export folders: complete, readable by C and Verilog, replaced safely, and checked when opened."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError, MappingError
from deepsoc.export import Artifacts, export
from deepsoc.export.artifacts import file_entry
from deepsoc.export.manifest import Manifest
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.hw.params import PE_KINDS
from deepsoc.netspec.spec import load_net
from tests.mapping.machine import run
from tests.mapping.nets import Add, Bundle, conv, graph, pool, relu

ROOT = Path(__file__).resolve().parents[2]
HW = Hardware(rows=8, cols=24, x_bits=4, k_bits=4)


@pytest.fixture(scope="module")
def net() -> Graph:
    return load_net(ROOT / "tests/data/peer_demo.json").to_graph(seed=3)


@pytest.fixture
def artifacts(net: Graph, tmp_path: Path) -> Artifacts:
    return export(net, HW, tmp_path / "out", seed=5, net={"name": "peer_demo"})


def words_of(header: str, name: str) -> list[int]:
    body = re.search(rf"{name}\[[^]]*\] = \{{(.*?)\}};", header, re.S)
    assert body
    return [int(word, 16) for word in re.findall(r"0x([0-9A-F]{8})u", body[1])]


def test_the_output_is_what_the_last_operations_wrote(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    net = graph(
        (2, 1, 1, 5),
        Bundle("z", "input", conv(rng, (1, 1, 5, 5)), act=relu()),
        Bundle("a", "z", conv(rng, (1, 1, 5, 5)), act=relu()),
        Bundle("b", "a", conv(rng, (1, 1, 1, 5), groups=5), act=relu(), add=Add("a", relu(2)),
               pool=pool("max", (1, 1), (2, 1))),
    )  # fmt: skip
    found = export(net, HW, tmp_path / "out", seed=1)
    output, *operations = found.manifest.output, *found.manifest.operations
    assert operations[-1].name == "b.pool"
    assert operations[2].tensor.offset == output.offset  # of a group, before the sum
    np.testing.assert_array_equal(found.output(), execute(net, found.input())["b"].out)


def test_everything_is_there_and_runs(net: Graph, artifacts: Artifacts) -> None:
    opened = Artifacts.load(artifacts.path)
    assert opened == artifacts
    names = {str(path.relative_to(opened.path)) for path in opened.files}
    assert names == {str(p.relative_to(opened.path)) for p in opened.path.rglob("*") if p.is_file()}
    assert {"hw.json", "net.json", "params.svh", "config.tcl", "model.h", "weights.bin", "input.bin"} < names
    m = opened.manifest
    table = np.array(words_of((opened.path / "model.h").read_text(), "dsoc_model_descriptors")).reshape(-1, 64)
    memory = bytearray(b"\xa5" * m.arena_bytes)
    weights = (opened.path / "weights.bin").read_bytes()
    memory[m.weights_offset : m.weights_offset + len(weights)] = weights
    x = opened.input()
    image = np.zeros((1, 4, 4, 2, 28), np.uint8)  # 28 rows in tiles of 8, two rows a byte
    rows = np.zeros((32, 28), np.uint8)
    rows[:28] = x[0, :, :, 0] & 15
    image[0] = rows.reshape(4, 4, 2, 28)
    for line in range(14):
        low, high = image[0, line // 4, line % 4]
        at = m.input.offset + line * m.input.pitch
        memory[at : at + 28] = bytes(low | high << 4)
    run(table.tolist(), memory, opened.hw, net_id=m.net_id)
    results = execute(net, x)
    for op in m.operations:
        got = op.tensor.unpack(bytes(memory[op.y_offset : op.y_offset + op.y_bytes]), opened.hw)
        if op.name == m.operations[-1].name or op.name.endswith(".pool"):
            np.testing.assert_array_equal(got, results[op.bundle].out.reshape(got.shape))
    final = opened.expected(len(m.operations) - 1)
    np.testing.assert_array_equal(final, results["b7"].out)
    assert [b.operations for b in m.bundles][:2] == [[0, 1], [2]]


def test_same_input_same_files(net: Graph, tmp_path: Path, artifacts: Artifacts) -> None:
    again = export(net, HW, tmp_path / "again", seed=5, net={"name": "peer_demo"})
    assert again.manifest == artifacts.manifest
    given = export(net, HW, tmp_path / "given", x=artifacts.input())
    assert given.manifest.files["expected/007.npy"] == artifacts.manifest.files["expected/007.npy"]
    assert given.manifest.seed is None
    assert export(net, HW, tmp_path / "other", seed=6).input().tolist() != artifacts.input().tolist()


def test_params_and_config_agree(artifacts: Artifacts) -> None:
    defines = dict(re.findall(r"`define DSOC_(\w+) (\S+)", (artifacts.path / "params.svh").read_text()))
    settings = dict(re.findall(r"set dsoc\((\w+)\) (\S+)", (artifacts.path / "config.tcl").read_text()))
    hw = artifacts.hw.model_dump(exclude={"format"}) | {"pe": PE_KINDS.index(artifacts.hw.pe)}
    assert {name.lower() for name in defines} == {*hw, "params_version", "params_hash"} - {"base_address"}
    assert {*settings} == {*hw, "version"}
    for name, value in hw.items():
        assert float(int(settings[name], 0) if name == "base_address" else settings[name]) == value
        if name != "base_address":
            assert defines[name.upper()] == settings[name]
    hashed = f"{artifacts.hw.params_hash:08X}"
    assert defines["PARAMS_HASH"] == f"32'h{hashed}"
    assert f".params_hash = 0x{hashed}u," in (artifacts.path / "model.h").read_text()


def test_model_compiles(artifacts: Artifacts, tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None or not (ROOT / "c/dsoc.h").exists():
        pytest.skip("no C compiler")
    source, program = tmp_path / "t.c", tmp_path / "t"
    source.write_text(
        '#include <stdio.h>\n#include "model.h"\nint main(void) {\n'
        '    printf("%s %u %u %s %u %u %d", dsoc_model.name, (unsigned)dsoc_model.n_ops,\n'
        "           (unsigned)dsoc_model.output.c, dsoc_model.op_names[1], (unsigned)dsoc_model.op_bundle[2],\n"
        "           (unsigned)dsoc_model.arena_bytes, (int)dsoc_model.output.frac);\n    return 0;\n}\n"
    )
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Werror"]
    include = [f"-I{artifacts.path}", f"-I{ROOT / 'c'}"]
    subprocess.run([compiler, *flags, *include, str(source), "-o", str(program)], check=True)
    m = artifacts.manifest
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    assert printed == f"peer_demo {len(m.operations)} 10 b1.pool 1 {m.arena_bytes} {m.output.frac}"


def test_an_earlier_export_is_replaced(net: Graph, artifacts: Artifacts) -> None:
    (artifacts.path / "expected/999.npy").write_bytes(b"old")
    new = export(net, HW, artifacts.path, seed=6)
    assert not (new.path / "expected/999.npy").exists()
    assert not (new.path / "net.json").exists()
    assert [p.name for p in new.path.parent.iterdir()] == ["out"]


def test_work_of_flows_and_an_equal_export_stay(net: Graph, artifacts: Artifacts) -> None:
    netlist, trace = artifacts.path / "impl" / "flow" / "netlist.v", artifacts.path / "trace.fst"
    netlist.parent.mkdir(parents=True)
    for file in (netlist, trace):
        file.write_text("made")
    before = {path: path.stat().st_ino for path in artifacts.files}
    again = export(net, HW, artifacts.path, seed=5, net={"name": "peer_demo"})
    assert {path: path.stat().st_ino for path in again.files} == before
    assert trace.read_text() == netlist.read_text() == "made"
    with netlist.open("a") as at_work:
        Artifacts.load(export(net, HW, artifacts.path, seed=6).path)
        at_work.write(" and more")
    assert netlist.read_text() == "made and more"
    assert not trace.exists()
    assert [p.name for p in artifacts.path.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["foreign folder", "file", "foreign manifest"])
def test_nothing_else_is_replaced(kind: str, net: Graph, tmp_path: Path) -> None:
    out = tmp_path / "precious"
    if kind == "file":
        out.write_text("mine")
    else:
        out.mkdir()
        name = "manifest.json" if kind == "foreign manifest" else "thesis.tex"
        (out / name).write_text('{"format": "another/1"}')
    before = sorted((p, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file())
    with pytest.raises(InputError, match="not an earlier export"):
        export(net, HW, out)
    assert sorted((p, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()) == before


def test_folders_on_the_way_are_made(net: Graph, tmp_path: Path) -> None:
    Artifacts.load(export(net, HW, tmp_path / "a" / "b" / "out").path)


def test_an_empty_folder_is_taken(net: Graph, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    Artifacts.load(export(net, HW, tmp_path / "out").path)


def test_a_failed_export_leaves_nothing(net: Graph, tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        export(net, Hardware(rows=8, cols=24, x_bits=4, k_bits=4, kh_max=1), tmp_path / "out")
    faulty: list[Any] = [np.zeros((1, 28, 28, 2), np.int64), np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 8)]
    for x in faulty:
        with pytest.raises(InputError, match=r"^x: "):
            export(net, HW, tmp_path / "out", x=x)
    for value in (8, -9):  # one beyond each end
        with pytest.raises(InputError, match=rf"^x: expected -8 … 7, received {min(value, 0)} … {max(value, 0)}$"):
            export(net, HW, tmp_path / "out", x=np.array([value, *[0] * 783]).reshape(1, 28, 28, 1))
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write|not an earlier"):
        export(net, HW, tmp_path / "file" / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_export_whose_last_step_fails_keeps_the_old_one(
    net: Graph, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new folder cannot take its place, as on a disk that has just become read-only."""
    before = {path: path.read_bytes() for path in artifacts.files}
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(30, "Read-only file system")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InputError, match="cannot write the export: Read-only file system"):
        export(net, HW, artifacts.path, seed=6)
    assert {path: path.read_bytes() for path in Artifacts.load(artifacts.path).files} == before
    assert [p.name for p in artifacts.path.parent.iterdir()] == ["out"]


def test_names_cannot_leave_the_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ('a"}; system("x', "a]; exec rm", "../a", "a\nb"):
        bad = graph((1, 4, 4, 1), Bundle("a", "input", conv(rng, (1, 1, 1, 1)), act=relu()), name=name)
        with pytest.raises(InputError, match="name"):
            export(bad, HW, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def change_manifest(path: Path, **change: Any) -> None:
    data = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps(data | change))


def change_at(data: Any, path: str, value: Any) -> None:
    *parents, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    for key in parents:
        data = data[key]
    data[last] = value


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("operations.0.index", 1, "operations are not numbered"),
        ("operations.1.bundle", "x", "bundles do not list each operation once"),
        ("bundles.0.operations", [0, 0], "bundles do not list each operation once"),
        ("bundles.0.operations", [-1], "bundles do not list each operation once"),
        ("bundles.0.operations", [], r"\$\.bundles\[0\]\.operations: list should have at least 1 item"),
        ("bundles", [], "bundles do not list each operation once"),
        ("operations.0.clocks", 1.0, r"\$\.operations\[0\]\.clocks: input should be a valid integer"),
        ("operations.0.clocks", -1, r"\$\.operations\[0\]\.clocks: input should be greater than or equal to 0"),
        ("operations.0.y_bytes", 7, "y_offset and y_bytes are not those of the tensor"),
        ("operations.0.tensor.shape", [1, 2], "the shape has another number of elements"),
        ("operations.0.tensor.shape", [], "tuple should have at least 2 items"),
        ("operations.0.tensor.shape", "x" * 100_000, "input should be a valid"),
        ("operations.0.tensor.form", 1.0, "expected an integer"),
        ("operations.0.tensor.form", 1, "ch_per_t is 0"),
        ("operations.0.tensor.pitch", 1, "differs from what was exported"),
        ("input.n", 10**30, "input should be less than"),
        ("input.offset", 1 << 31, "outside the arena"),
        ("weights_bytes", 1 << 31, "outside the arena"),
        ("weights_bytes", 1, "differs from what was exported"),
        ("net_id", 1, "differs from what was exported"),
        ("operations.0.drain_clocks", 1, "differs from what was exported"),
        ("sha256", "", "differs from what was exported"),
    ],
)
def test_a_changed_manifest_is_refused(artifacts: Artifacts, tmp_path: Path, path: str, value: Any, says: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(artifacts.path, copy)
    data = json.loads((copy / "manifest.json").read_text())
    change_at(data, path, value)
    (copy / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match=says) as caught:
        Artifacts.load(copy)
    assert len(str(caught.value)) < 500


def test_a_signed_manifest_must_agree_with_the_accelerator_and_the_files(artifacts: Artifacts, tmp_path: Path) -> None:
    """Signed anew, as one who writes manifests would."""
    copy = tmp_path / "copy"
    shutil.copytree(artifacts.path, copy)
    for path, value in (("operations.0.tensor.pitch", 1), ("weights_bytes", 1), ("input.shape", [1, 1, 1, 1])):
        data = json.loads(artifacts.manifest.model_dump_json())
        change_at(data, path, value)
        if path == "input.shape":
            data["input"] |= {"n": 1, "h": 1, "w": 1, "c": 1}
        manifest = Manifest.model_validate_json(json.dumps(data)).signed()
        (copy / "manifest.json").write_text(manifest.model_dump_json())
        with pytest.raises(InputError, match="differs from what was exported"):
            Artifacts.load(copy)
    # An expected file of another shape or type.
    for values in (np.zeros(3, np.int32), np.load(copy / "expected" / "000.npy").astype(np.int64)):
        np.save(copy / "expected" / "000.npy", values)
        entry = file_entry((copy / "expected" / "000.npy").read_bytes())
        files = artifacts.manifest.files | {"expected/000.npy": entry}
        manifest = artifacts.manifest.model_copy(update={"files": files}).signed()
        (copy / "manifest.json").write_text(manifest.model_dump_json())
        with pytest.raises(InputError, match=r"000\.npy: expected int32 of shape"):
            Artifacts.load(copy).expected(0)


def test_damage_is_seen(artifacts: Artifacts, tmp_path: Path) -> None:
    def damaged(name: str) -> Path:
        copy = tmp_path / f"copy{len(list(tmp_path.iterdir()))}"
        shutil.copytree(artifacts.path, copy)
        if name:
            data = bytearray((copy / name).read_bytes())
            data[len(data) // 2] ^= 1
            (copy / name).write_bytes(data)
        return copy

    for name in ("weights.bin", "model.h", "expected/003.npy", "hw.json"):
        with pytest.raises(InputError, match=f"{name}: differs"):
            Artifacts.load(damaged(name))
    missing = damaged("")
    (missing / "input.bin").unlink()
    with pytest.raises(InputError, match=r"input\.bin: cannot read"):
        Artifacts.load(missing)
    for change, message in (
        ({"format": "deepsoc-export/9"}, "format"),
        ({"files": {}}, "does not list"),
        ({"files": {"../../secret": {"bytes": 1, "sha256": "0" * 64}}}, "outside the folder"),
        ({"operations": []}, "operations"),
    ):
        copy = damaged("")
        change_manifest(copy, **change)
        with pytest.raises(InputError, match=message):
            Artifacts.load(copy)
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=r"not an export folder, cannot read manifest\.json: No such file"):
            Artifacts.load(path)
