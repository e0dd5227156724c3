"""A graph as one file, so that an export can compute its reference for other inputs."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc._arrays import read_archive
from deepsoc._json import parse_json
from deepsoc.errors import InputError
from deepsoc.graph.ir import Act, Add, Align, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant, Scale

__all__ = ["load_graph", "pack_graph"]

_TEXT = "graph"
_LATER = {"scale", "zero", "lo", "hi", "align"}  # fields that came later: left out where they say nothing
_Arrays = Mapping[str, npt.NDArray[Any]]


def pack_graph(graph: Graph) -> bytes:
    """An .npz: the weights by bundle, and everything else as JSON. The same graph gives the same bytes."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    bundles = []
    for bundle in graph.bundles:
        core = {name: value for name, value in vars(bundle.core).items() if name not in {"weights", "bias"}}
        arrays[f"{bundle.name}/kernel"] = bundle.core.weights.astype(np.int8)
        if bundle.core.bias is not None:
            arrays[f"{bundle.name}/bias"] = bundle.core.bias.astype(np.int32)
        bundles.append({**vars(bundle), "core": core})
    text = json.dumps({**vars(graph), "bundles": bundles}, default=_fields).encode()
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **{_TEXT: np.frombuffer(text, np.uint8)}, **arrays)
    return stream.getvalue()


def _fields(value: Any) -> dict[str, Any]:
    """A frozen description as JSON has it."""
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {field.name: each for field, each in fields if field.name not in _LATER or each != field.default}


def load_graph(path: str | Path) -> Graph:
    """Reads what `pack_graph` made.

    Raises:
        InputError: it cannot be read, or is not one.
    """
    arrays = read_archive(path, "the network's integers")
    try:
        data = parse_json(arrays[_TEXT].tobytes(), str(path))
        bundles = tuple(_bundle(entry, arrays) for entry in data["bundles"])
        return Graph(data["name"], tuple(data["input_shape"]), _quant(data["input_quant"]), bundles)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"not a network ({type(error).__name__}: {error}); export again", where=str(path)) from None


def _bundle(entry: dict[str, Any], arrays: _Arrays) -> Bundle:
    add, pool, source = entry["add"], entry["pool"], entry["source"]
    parts = {
        "source": _tuples(source),
        "upsample": _tuples(entry["upsample"]),
        "depth_to_space": _tuples(entry["depth_to_space"]),
        "channels": _tuples(entry["channels"]),
        "core": _core(entry["name"], entry["core"], arrays),
        "act": _act(entry["act"]),
        "add": _add(add) if add else None,
        "pool": Pool(**_pairs(pool, "kind", "size", "strides", "padding"), out=_quant(pool["out"])) if pool else None,
    }
    return Bundle(**{**entry, **parts})


def _core(name: str, entry: dict[str, Any], arrays: _Arrays) -> Conv2D | Dense:
    bias = arrays.get(f"{name}/bias")
    common: dict[str, Any] = {
        "weights": _integers(arrays[f"{name}/kernel"]),
        "bias": None if bias is None else _integers(bias),
        "k_quant": _quant(entry["k_quant"]),
        "b_quant": _quant(entry["b_quant"]),
    }
    if "strides" not in entry:
        return Dense(**common)
    return Conv2D(**common, **_pairs(entry, "strides", "padding", "groups"))


def _act(entry: dict[str, Any] | None) -> Act | None:
    if entry is None:
        return None
    scale = _scale(entry["scale"]) if "scale" in entry else None
    return Act(**{**entry, "out": _quant(entry["out"]), "scale": scale})


def _add(entry: dict[str, Any]) -> Add:
    align = entry.get("align")
    return Add(entry["source"], _act(entry["act"]), Align(_scale(align["scale"]), align["shift"]) if align else None)


def _scale(entry: dict[str, Any]) -> Scale:
    return Scale(tuple(entry["m"]), tuple(entry["s"]))


def _quant(entry: dict[str, Any]) -> Quant:
    scale = entry.get("scale", 1.0)
    return Quant(**{**entry, "scale": tuple(scale) if isinstance(scale, list) else scale})


def _pairs(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    """Some members of an entry, lists as the tuples that they were."""
    return {name: _tuples(entry[name]) for name in names}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _integers(values: npt.NDArray[Any]) -> IntArray:
    return values.astype(np.int64)
