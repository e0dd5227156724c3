"""Writes an export folder: everything that simulation, implementation and firmware need of one network."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepsoc._files import replace_folder, templates
from deepsoc.errors import InputError, MismatchError
from deepsoc.export.artifacts import GRAPH, WORK, Artifacts, file_entry, read_manifest
from deepsoc.export.manifest import BundleEntry, Manifest, OperationEntry, PortBytes, TensorEntry
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Bundle, Conv2D, Graph, IntArray
from deepsoc.graph.store import pack_graph
from deepsoc.hw import Hardware
from deepsoc.hw.params import FORMAT, MAXIMA, PE_KINDS
from deepsoc.hw.regmap import load_map
from deepsoc.mapping import Plan, plan
from deepsoc.mapping.reference import Run, run_plan

__all__ = ["export", "hardware_files"]

_VERSION = FORMAT.rpartition("/")[2]


def export(
    graph: Graph,
    hw: Hardware,
    out: str | Path,
    *,
    x: IntArray | None = None,
    seed: int = 0,
    net: Mapping[str, Any] | None = None,
) -> Artifacts:
    """Writes all artifacts of a network; the folder appears complete or not at all.

    Args:
        graph: the network.
        hw: the accelerator; open maxima become what the network needs.
        out: the folder; an earlier export there is replaced, but for the work of implementation flows. One that is
            equal is left as it is, with the trace of its simulation.
        x: input integers of the graph's input shape; None: random ones.
        seed: of the random input.
        net: the declarative network, kept as `net.json`.

    Raises:
        InputError: an illegal network or input, or `out` is something else than an export.
        MappingError: the hardware cannot run the network.
        MismatchError: the operation list disagrees with the graph's reference.
    """
    target = Path(out).resolve()
    _check_target(target)
    mapped = plan(graph, hw)
    values = _input(graph, x, seed)
    run = run_plan(mapped, values)
    _check_reference(mapped, values, run)
    files = _files(mapped, values, run.results, net)
    manifest = _manifest(mapped, None if x is not None else seed).model_copy(
        update={"files": {name: file_entry(data) for name, data in files.items()}}
    )
    manifest = manifest.signed()
    files["manifest.json"] = (manifest.model_dump_json(indent=1) + "\n").encode()
    replace_folder(target, files, what="the export", keep=WORK)
    return Artifacts(target, manifest, mapped.hw)


def hardware_files(hw: Hardware) -> dict[str, bytes]:
    """Contents of the files that depend on the hardware alone, by name.

    Raises:
        InputError: a maximum is open.
    """
    for name in MAXIMA:
        hw.limit(name)
    params = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in hw.model_dump(exclude={"format", "base_address"}).items()
    }
    params["pe"] = PE_KINDS.index(hw.pe)
    common = {"version": _VERSION, "params": params, "base_address": hw.base_address, "params_hash": hw.params_hash}
    env = templates("deepsoc.export")
    return {
        "hw.json": hw.to_json().encode(),
        "params.svh": env.get_template("params.svh.j2").render(common).encode(),
        "config.tcl": env.get_template("config.tcl.j2").render(common).encode(),
    }


def _check_target(target: Path) -> None:
    """Refuses to replace what is not an earlier export."""
    try:
        if not target.exists() or (target.is_dir() and not any(target.iterdir())):
            return
        read_manifest(target)
    except (OSError, InputError):
        raise InputError(
            "exists and is not an earlier export; nothing was written; give another folder or remove it yourself",
            where=str(target),
        ) from None


def _input(graph: Graph, x: IntArray | None, seed: int) -> IntArray:
    half = 1 << (graph.input_quant.bits - 1)
    if x is None:
        return np.random.default_rng(seed).integers(-half, half, graph.input_shape)
    values = np.asarray(x)
    if values.shape != graph.input_shape or not np.issubdtype(values.dtype, np.integer):
        raise InputError(
            f"expected integers of shape {graph.input_shape}, received {values.dtype} {values.shape}", where="x"
        )
    if values.min() < -half or values.max() >= half:
        raise InputError(f"expected {-half} … {half - 1}, received {values.min()} … {values.max()}", where="x")
    return values.astype(np.int64)


def _check_reference(mapped: Plan, x: IntArray, run: Run) -> None:
    """The result of every bundle must be what the executor of the graph gives."""
    for name, result in execute(mapped.graph, x).items():
        stored, want = mapped.tensors[name], result.out
        if not np.array_equal(run.buffers[stored.buffer][..., stored.channels].reshape(want.shape), want):
            raise MismatchError(f"bundle {name}: the operation list and the graph's reference disagree; report this")


def _files(mapped: Plan, x: IntArray, expected: list[IntArray], net: Mapping[str, Any] | None) -> dict[str, bytes]:
    """Contents of all files but the manifest, by name."""
    hw = mapped.hw
    names = [b.name for b in mapped.graph.bundles]
    model = {
        "version": _VERSION, "name": mapped.graph.name, "hw": hw, "net_id": mapped.net_id,
        "operations": mapped.operations, "words": mapped.descriptors.shape[1],
        "descriptors": [[f"0x{word:08X}u" for word in row] for row in mapped.descriptors.tolist()],
        "op_bundle": [f"{names.index(op.bundle)}u" for op in mapped.operations],
        "arena_bytes": mapped.arena_bytes, "weights_offset": mapped.weights_offset,
        "weights_bytes": len(mapped.weights), "softmax": _softmax(mapped.graph.bundles[-1]),
        "map_version": load_map().map_version,
        "input": TensorEntry.of(mapped.input), "output": TensorEntry.of(mapped.output),
    }  # fmt: skip
    files = {
        **hardware_files(hw),
        "model.h": templates("deepsoc.export").get_template("model.h.j2").render(model).encode(),
        "weights.bin": mapped.weights,
        "descriptors.bin": mapped.descriptors.astype("<u4").tobytes(),
        "input.bin": x.astype(np.int8).tobytes(),
        GRAPH: pack_graph(mapped.graph),
    }
    if net is not None:
        files["net.json"] = (json.dumps(net, indent=1) + "\n").encode()
    for i, values in enumerate(expected):
        stream = io.BytesIO()
        np.save(stream, values.astype(np.int32), allow_pickle=False)
        files[_expected(i)] = stream.getvalue()
    return files


def _softmax(last: Bundle) -> int:
    """The firmware's code: 0 none, 1 over the channels, 2 over all values of a batch element."""
    flattened = last.flatten and isinstance(last.core, Conv2D)
    return (2 if flattened else 1) if last.softmax else 0


def _expected(index: int) -> str:
    return f"expected/{index:03d}.npy"


def _manifest(mapped: Plan, seed: int | None) -> Manifest:
    operations = []
    for i, (op, place, cost) in enumerate(zip(mapped.operations, mapped.outputs, mapped.costs, strict=True)):
        tensor = TensorEntry.of(place)
        operations.append(
            OperationEntry(
                index=i, name=op.name, bundle=op.bundle, kind=op.kind, work=op.work, y_offset=tensor.offset,
                y_bytes=tensor.bytes, tensor=tensor,
                clocks=cost.clocks, drain_clocks=cost.drain_clocks, overhead_clocks=cost.overhead_clocks,
                axi_bytes=PortBytes(x=cost.x_bytes, k=cost.k_bytes, o=cost.o_bytes, y=cost.y_bytes),
                load_bytes=cost.load_bytes,
                expected=_expected(i),
            )
        )  # fmt: skip
    return Manifest(
        name=mapped.graph.name, seed=seed, net_id=mapped.net_id, map_version=load_map().map_version,
        params_hash=mapped.hw.params_hash,
        arena_bytes=mapped.arena_bytes, weights_offset=mapped.weights_offset, weights_bytes=len(mapped.weights),
        softmax=mapped.graph.bundles[-1].softmax,
        input=TensorEntry.of(mapped.input), output=TensorEntry.of(mapped.output),
        bundles=[
            BundleEntry(name=b.name, operations=[o.index for o in operations if o.bundle == b.name])
            for b in mapped.graph.bundles
        ],
        operations=operations, files={},
    )  # fmt: skip
