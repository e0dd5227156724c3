"""The steps of the demo."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc.demo.figures import bundle_table
from deepsoc.demo.images import Images, load_images
from deepsoc.demo.network import build_network
from deepsoc.demo.report import write_report
from deepsoc.errors import InputError
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.sim import SimResult, simulate
from deepsoc.viz.bundles import PORTS

if TYPE_CHECKING:
    from deepsoc.frontend.keras.model import Model

__all__ = ["FORMAT", "HARDWARE", "Progress", "run_demo"]

FORMAT = "deepsoc-demo/1"
HARDWARE = Hardware(rows=8, cols=24, frequency_mhz=250, x_bits=4, k_bits=4, axi_data_bits=128)
"""The accelerator that runs the demo."""

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of all work done, 0 … 1."""

_BATCH = 16
_EPOCHS = 16
_QUICK_EPOCHS = 40
_INT_CHUNK = 250


@dataclass(frozen=True, eq=False)
class _Trained:
    model: Model
    accuracy_float: float
    accuracy_quantized: float
    seconds: float


def run_demo(
    out: str | Path,
    *,
    quick: bool = False,
    epochs: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Trains a small network, exports it, runs test images through RTL and firmware, and writes a report.

    Args:
        out: folder for `report.md`, `report.html`, `report.json`, `network.keras` and the export; new, empty, or that
            of an earlier demo.
        quick: 8 × 8 images and a smaller network.
        epochs: of floating point training, half as many follow with quantization; None: enough of them.
        seed: of the training.
        progress: told how far the work is.

    Returns:
        `dataset`, `images` (tested), `parameters`, `batch`, `accuracy_float`, `accuracy_quantized`, `accuracy_int`
        (0 … 1, on all test images), `bit_exact`, `mismatches`, `cycles_rtl`, `cycles_model` and its `basis`,
        `utilization` (0 … 1),
        `dram_bytes` (of one run of `batch` images), `fps`, `bundles` (a list of rows), `seconds` (by step).

    Raises:
        InputError: the folder holds something else, or epochs is not positive.
        MismatchError: the integers differ from the trained network.
        ToolError: a package or tool is missing.
    """
    folder = Path(out)
    _check_folder(folder)
    if epochs is not None and epochs < 1:
        raise InputError(f"expected at least 1, received {epochs}", where="epochs")
    tell: Progress = progress or (lambda what, share: None)
    tell("loading images", 0.0)
    images = load_images(quick=quick)
    trained = _train(images, epochs or (_QUICK_EPOCHS if quick else _EPOCHS), seed, tell)
    tell("checking integers on all test images", 0.6)
    start = time.perf_counter()
    graph = trained.model.to_graph(_BATCH)
    accuracy_int = _accuracy_int(trained.model, graph, images)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
    trained.model.save(folder / "network.keras")
    artifacts = trained.model.export(HARDWARE, folder / "export", x=images.x_test, batch=_BATCH)
    export_seconds = time.perf_counter() - start
    tell("simulating RTL and firmware", 0.75)
    result = simulate(artifacts.path, progress=lambda what, share: tell(what, 0.75 + 0.23 * share))
    tell("writing the report", 0.98)
    data = {
        "dataset": images.name,
        "images": len(images.y_test),
        "parameters": _parameters(graph),
        "batch": _BATCH,
        "accuracy_float": trained.accuracy_float,
        "accuracy_quantized": trained.accuracy_quantized,
        "accuracy_int": accuracy_int,
        **_run_figures(result, graph, artifacts.hw),
        "seconds": {"train": trained.seconds, "export": export_seconds, "simulate": result.wall_s},
    }
    write_report(data, artifacts.hw, folder)
    (folder / "report.json").write_text(json.dumps({"format": FORMAT, **data}, indent=1) + "\n", encoding="utf-8")
    tell("done", 1.0)
    return data


def _check_folder(folder: Path) -> None:
    try:
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        ours = json.loads((folder / "report.json").read_text(encoding="utf-8")).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise InputError("exists and holds no earlier demo; give another folder, or empty it", where=str(folder))


def _train(images: Images, epochs: int, seed: int, tell: Progress) -> _Trained:
    from deepsoc.frontend.keras.formats import Bits
    from deepsoc.frontend.keras.training import accuracy, fit_classifier, set_seed

    start = time.perf_counter()
    set_seed(seed)
    height, width, channels = images.x_train.shape[1:]
    model = build_network((height, width, channels))
    quantized_epochs = max(epochs // 2, 1)

    def step(what: str, first: float, last: float, total: int) -> Callable[[int], None]:
        return lambda done: tell(f"{what}, epoch {done} of {total}", first + (last - first) * done / total)

    x, y = images.x_train, images.y_train
    fit_classifier(model, x, y, epochs=epochs, on_epoch=step("training in floating point", 0.05, 0.3, epochs))
    accuracy_float = accuracy(model, images.x_test, images.y_test)
    model.set_bits(Bits(x=HARDWARE.x_bits, k=HARDWARE.k_bits, b=16))
    model.calibrate(x[:256])
    on_epoch = step("training with quantization", 0.3, 0.6, quantized_epochs)
    fit_classifier(model, x, y, epochs=quantized_epochs, learning_rate=1e-3, on_epoch=on_epoch)
    accuracy_quantized = accuracy(model, images.x_test, images.y_test)
    return _Trained(model, accuracy_float, accuracy_quantized, time.perf_counter() - start)


def _accuracy_int(model: Model, graph: Graph, images: Images) -> float:
    last = graph.bundles[-1].name
    right = 0
    for start in range(0, len(images.y_test), _INT_CHUNK):
        part = slice(start, start + _INT_CHUNK)
        logits = execute(graph, model.quantized_input(images.x_test[part]))[last].out
        right += int((logits.argmax(axis=-1) == images.y_test[part]).sum())
    return right / len(images.y_test)


def _parameters(graph: Graph) -> int:
    cores = [bundle.core for bundle in graph.bundles]
    return sum(core.weights.size + (0 if core.bias is None else core.bias.size) for core in cores)


def _run_figures(result: SimResult, graph: Graph, hw: Hardware) -> dict[str, Any]:
    table = bundle_table(result, graph, hw)
    ports = list(PORTS)
    cycles = result.cycles_rtl
    return {
        "bit_exact": result.bit_exact,
        "mismatches": result.mismatches,
        "error": result.error,
        "cycles_rtl": cycles,
        "cycles_model": result.cycles_model,
        "basis": result.basis,
        "utilization": float(table["macs"].sum() / max(cycles, 1) / (hw.rows * hw.cols)),
        "dram_bytes": int(table[ports].to_numpy().sum()),
        "fps": graph.input_shape[0] * hw.frequency_mhz * 1e6 / max(cycles, 1),
        "bundles": table.reset_index().to_dict(orient="records"),
    }
