"""What a network under edit amounts to: shapes, products, weights and bits of each bundle, and all faults."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from deepsoc._json import json_path, pydantic_faults
from deepsoc.errors import InputError
from deepsoc.graph.fixed import ACC_BITS
from deepsoc.graph.shapes import joined_shape
from deepsoc.graph.window import Window, windows
from deepsoc.netspec.lower import layer_shapes
from deepsoc.netspec.spec import (
    BitsSpec,
    BundleSpec,
    Conv2DTransposeSpec,
    DenseSpec,
    InputSpec,
    NetSpec,
    format_faults,
    link_faults,
)

__all__ = ["Fault", "Row", "check", "unread"]

Row = dict[str, Any]
"""One bundle: name, kind, input_shape, core_shape, output_shape (lists without the batch, or None where unknown),
macs (products of one input of the network without those with padding), weights (with biases), weight_bits, sum_bits
(of the accumulator at worst), out_bits, fault (the first), note."""
Fault = dict[str, str]
"""`path` and `message` of something that is wrong."""

_Model = TypeVar("_Model", bound=BaseModel)
_STAND_IN = {"name": "stand_in", "input": "input", "core": {"type": "dense", "units": 1}}
_UNKNOWN: Row = {
    "input_shape": None, "core_shape": None, "output_shape": None, "macs": None, "weights": None, "weight_bits": None,
    "sum_bits": None, "out_bits": None, "note": "",
}  # fmt: skip
_UNREAD = "no bundle reads this one, so training leaves it out; read it, or remove it"


def check(net: Mapping[str, Any]) -> tuple[list[Row], list[Fault]]:
    """A row for each bundle of a network, and all faults that can be told; none exactly where `parse_net` takes it.

    Sums wider than the accumulator are faults, too.

    Args:
        net: a network that `editable` takes.
    """
    return _Check(net).run()


def unread(bundles: Sequence[BundleSpec]) -> list[str]:
    """Names of the bundles, but the last, that no other reads."""
    used = {name for b in bundles for name in b.input} | {b.add.with_ for b in bundles if b.add}
    return [bundle.name for bundle in bundles[:-1] if bundle.name not in used]


class _Check:
    """One walk through the bundles."""

    def __init__(self, net: Mapping[str, Any]) -> None:
        self._net, self._faults = net, list[Fault]()
        head = {**net, "bundles": [_STAND_IN]}
        self._faults += [{"path": path, "message": message} for path, message in _read(NetSpec, head)[1]]
        self._later = list(format_faults(net))
        source = _read(InputSpec, net.get("input"))[0]
        self._faults += [{"path": json_path(keys), "message": each} for keys, each in self._later if keys[0] == "input"]
        self._bits = _read(BitsSpec, net.get("bits"))[0]
        self._tensors = {"input": (source.batch, *source.shape)} if source else {}
        self._x_bits: dict[str, int] = {"input": self._bits.x} if self._bits else {}

    def run(self) -> tuple[list[Row], list[Fault]]:
        """Rows and faults."""
        data = self._net["bundles"]
        if not data:
            self._fault("$.bundles", "a network needs a bundle; add one, or start from a template")
        places = {bundle["name"]: i for i, bundle in reversed(list(enumerate(data))) if _is_text(bundle, "name")}
        read = {name for bundle in data for name in _sources(bundle)}
        rows = [self._row(i, bundle, places, read, is_last=i + 1 == len(data)) for i, bundle in enumerate(data)]
        return rows, self._faults

    def _row(
        self, i: int, bundle: Mapping[str, Any], places: Mapping[str, int], read: set[str], *, is_last: bool
    ) -> Row:
        path, before, core = json_path(("bundles", i)), len(self._faults), bundle.get("core")
        kind = core.get("type") if isinstance(core, dict) else None
        row = _UNKNOWN | {"name": str(bundle.get("name", "")), "kind": str(kind or "")}
        spec, problems = _read(BundleSpec, bundle)
        for inner, message in problems:
            self._fault(path + inner.removeprefix("$"), message)
        if spec:
            for keys, message in self._later:
                if keys[:2] == ("bundles", i):
                    self._fault(json_path(keys), message)
            for keys, message in link_faults(spec, i, places, is_last=is_last):
                self._fault(json_path(("bundles", i, *keys)), message)
            if len(self._faults) == before:
                row |= self._sizes(spec, path, is_last=is_last)
            if not is_last and spec.name not in read:
                row["note"] = row["note"] or _UNREAD
        row["fault"] = self._faults[before]["message"] if len(self._faults) > before else ""
        return row

    def _fault(self, path: str, message: str) -> None:
        self._faults.append({"path": path, "message": message})

    def _sizes(self, spec: BundleSpec, path: str, *, is_last: bool) -> Row:
        sources = [*spec.input, *([spec.add.with_] if spec.add else [])]
        if waiting := [name for name in sources if name not in self._tensors]:
            return {"note": f"no shape before {waiting[0]!r} has one"}
        row: Row = {}
        try:
            shape = joined_shape(spec.input, self._tensors)
            row = {"input_shape": list(shape[1:])}
            kernel, core, out = layer_shapes(spec, self._tensors, "")
        except InputError as error:
            message = str(error).removeprefix(f"{error.where}: ").removeprefix(f"bundle {spec.name}: ")
            self._fault(f"{path}.{error.where.removeprefix('.')}", message)
            if not spec.add or not row:
                return row
            try:  # what follows has its shape, whatever cannot be added
                kernel, core, out = layer_shapes(spec.model_copy(update={"add": None}), self._tensors, "")
            except InputError:
                return row
        self._tensors[spec.name] = out
        biases = kernel[-1] if spec.core.use_bias else 0
        row |= {
            "core_shape": list(core[1:]),
            "output_shape": list(out[1:]),
            "macs": _products(spec, shape, kernel),
            "weights": prod(kernel) + biases,
        }
        if self._bits is None:
            return row
        self._x_bits[spec.name] = spec.x_bits(self._bits)
        return row | self._widths(self._bits, spec, kernel, path, is_last=is_last)

    def _widths(self, bits: BitsSpec, spec: BundleSpec, kernel: tuple[int, ...], path: str, *, is_last: bool) -> Row:
        taps, x_bits, k_bits = prod(kernel[:-1]), max(self._x_bits[name] for name in spec.input), spec.k_bits(bits)
        sum_bits = x_bits + k_bits + (taps - 1).bit_length()
        if sum_bits > ACC_BITS:
            self._fault(
                f"{path}.core",
                f"a sum of {taps} products of {x_bits} and {k_bits} bits could need {sum_bits} bits, the accumulator "
                f"has {ACC_BITS}; use fewer inputs to a sum, or fewer bits",
            )
        raw = (
            is_last
            and spec.pool is None
            and spec.upsample == spec.places == (1, 1)
            and (spec.add.act if spec.add else spec.act) is None
        )
        return {
            "weight_bits": prod(kernel) * k_bits + (kernel[-1] * bits.b if spec.core.use_bias else 0),
            "sum_bits": sum_bits,
            "out_bits": ACC_BITS if raw else spec.x_bits(bits),
        }


def _sources(bundle: Mapping[str, Any]) -> list[str]:
    """What a bundle reads, as far as it can be told."""
    add, read = bundle.get("add"), bundle.get("input")
    names = [*(read if isinstance(read, list) else [read]), add.get("with") if isinstance(add, dict) else None]
    return [name for name in names if isinstance(name, str)]


def _is_text(data: Mapping[str, Any], key: str) -> bool:
    return isinstance(data.get(key), str)


def _read(model: type[_Model], data: Any) -> tuple[_Model | None, tuple[tuple[str, str], ...]]:
    return _read_text(model, json.dumps(data))


@lru_cache(4096)
def _read_text(model: type[_Model], text: str) -> tuple[_Model | None, tuple[tuple[str, str], ...]]:
    """The object, or path and message of all faults."""
    try:
        return model.model_validate_json(text), ()
    except ValidationError as error:
        return None, tuple(pydantic_faults(error, json.loads(text)))


def _products(spec: BundleSpec, shape: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """Products of one input of the network with pixels that are no padding."""
    if isinstance(spec.core, DenseSpec):
        return prod(kernel)
    if isinstance(spec.core, Conv2DTransposeSpec):
        return shape[1] * shape[2] * prod(kernel)  # of which some may fall outside
    core, (_, h, w, _) = spec.core, shape
    rows, cols = map(_taps, windows((h, w), core.kernel, core.strides, core.padding))
    return rows * cols * kernel[2] * core.filters


@lru_cache(4096)
def _taps(window: Window) -> int:
    return sum(stop - start for start, stop in map(window.span, range(window.out)))
