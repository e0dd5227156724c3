"""The demo end to end; without the RTL where the time of a test run does not allow it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.demo import run as demo
from deepsoc.demo.images import load_images
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.graph.executor import execute, softmax
from deepsoc.graph.fixed import quantize
from deepsoc.runtime import Driver
from deepsoc.sim import SimResult, open_device, simulate
from deepsoc.sim.result import OperationResult
from deepsoc.viz.bundles import PORTS

KEYS = {
    "accuracy_float", "accuracy_quantized", "accuracy_int", "bit_exact", "cycles_rtl", "cycles_model", "utilization",
    "dram_bytes", "fps",
}  # fmt: skip


def as_predicted(folder: Path, **_: Any) -> SimResult:
    """A run in which every operation takes what the model says."""
    operations = Artifacts.load(folder).manifest.operations
    clocks = sum(op.clocks for op in operations)
    return SimResult(
        bit_exact=True, mismatches=0, first_difference=None, error="", cycles_rtl=clocks, cycles_register=clocks,
        cycles_model=clocks,
        bundles=(), faults=(), trace="", wall_s=0.1, run_s=0.1, clocks_per_second=1.0,
        operations=tuple(
            OperationResult(
                index=op.index, name=op.name, bundle=op.bundle, cycles_rtl=op.clocks, cycles_model=op.clocks,
                x_bytes=op.axi_bytes.x, k_bytes=op.axi_bytes.k, o_bytes=op.axi_bytes.o, y_bytes=op.axi_bytes.y,
                bound="array", mismatches=0,
            )
            for op in operations
        ),
    )  # fmt: skip


def check(data: dict[str, Any], out: Path) -> None:
    assert set(data) >= KEYS
    assert data["accuracy_int"] == data["accuracy_quantized"], "integers put an image elsewhere than the network"
    assert 0 < data["utilization"] < 1
    assert data["fps"] == pytest.approx(data["batch"] * 250e6 / data["cycles_rtl"])
    assert sum(row[port] for row in data["bundles"] for port in PORTS) == data["dram_bytes"]
    assert [b["name"] for b in data["bundles"]] == ["conv1", "conv2", "residual", "classes"]
    for name in ("report.md", "report.html", "network.keras", "export/manifest.json", "export/net.json"):
        assert (out / name).is_file(), name
    stored = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps({"format": demo.FORMAT, **data}))


def test_quick_demo_without_rtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("qkeras")
    monkeypatch.setattr(demo, "simulate", as_predicted)
    told: list[float] = []
    out = tmp_path / "demo"
    data = demo.run_demo(out, quick=True, epochs=4, progress=lambda what, share: told.append(share))
    check(data, out)
    assert data["accuracy_int"] > 0.8
    assert told == sorted(told)
    assert told[-1] == 1.0
    # Again into the same folder, with another outcome: nothing of the first run stays.
    monkeypatch.setattr(
        demo, "simulate", lambda f, **o: as_predicted(f).model_copy(update={"bit_exact": False, "mismatches": 3})
    )
    data = demo.run_demo(out, quick=True, epochs=1)
    assert data["bit_exact"] is False
    assert "NOT bit-exact" in (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("quick", [True, False])
def test_demo(tmp_path: Path, quick: bool) -> None:
    pytest.importorskip("qkeras")
    data = demo.run_demo(tmp_path, quick=quick)
    check(data, tmp_path)
    assert data["bit_exact"]
    assert data["accuracy_int"] > 0.93
    assert data["accuracy_int"] > data["accuracy_float"] - 0.05
    assert data["cycles_model"] == pytest.approx(data["cycles_rtl"], rel=0.1)
    # The driver on a hundred images, in batches that do not divide.
    export = Artifacts.load(tmp_path / "export")
    assert 100 % export.manifest.input.shape[0]
    x, graph = load_images(quick=quick).x_test[:100], export.graph()
    want = execute(graph, quantize(x, graph.input_quant))[graph.bundles[-1].name].out
    with Driver(export.path, open_device(export.path, stall_prob=0.2, seed=5), timeout=None) as driver:
        np.testing.assert_array_equal(driver.predict(x, integers=True), want)
    # And the C firmware: beside a SystemVerilog bench, and on a RISC-V processor.
    expected = softmax(want, export.manifest.output.frac)
    for backend in ("systemverilog", "riscv-soc"):
        values, real = x if backend == "systemverilog" else quantize(x, graph.input_quant), tmp_path / "real.npy"
        ran = simulate(export.path, backend=backend, images=values, outputs=real, stall_prob=0.2, seed=5)
        assert ran.bit_exact, ran.first_difference or ran.error
        np.testing.assert_allclose(np.load(real), expected, atol=1e-5)


def test_refusals_come_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(InputError, match="no earlier demo"):
        demo.run_demo(tmp_path)
    with pytest.raises(InputError, match="no earlier demo"):
        demo.run_demo(tmp_path / "thesis.tex")
    with pytest.raises(InputError, match="epochs"):
        demo.run_demo(tmp_path / "new", epochs=0)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
