"""Layers and hardware points as arrays, the operands of the performance model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.workloads import Layer

__all__ = ["Floats", "Ints", "Layers", "Points"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers as the array sees them, one element each: every field is (layers,) int64.

    A strided 1 x 1 convolution is decimated: stride 1 on its output. A dense layer is a 1 x 1 convolution on one
    column whose rows are the batch.

    Attributes:
        n: batch.
        h: input rows.
        w: input columns.
        ci: input channels of one group.
        co: output channels of one group.
        kh: kernel rows.
        kw: kernel columns.
        sh: vertical stride.
        sw: horizontal stride.
        wo: output columns.
        groups: groups of channels.
        frames: inputs of the network that the layer handles, its batch.
        macs: products with pixels that are no padding, of the whole batch.
        lower_words: words of every input, weight and output, each once.
    """

    n: Ints
    h: Ints
    w: Ints
    ci: Ints
    co: Ints
    kh: Ints
    kw: Ints
    sh: Ints
    sw: Ints
    wo: Ints
    groups: Ints
    frames: Ints
    macs: Ints
    lower_words: Ints

    @classmethod
    def of(cls, layers: Iterable[Layer]) -> Layers:
        """Arrays of some layers.

        Raises:
            InputError: there is none.
        """
        rows = [_seen(layer) for layer in layers]
        if not rows:
            raise InputError("expected at least one layer, received none")
        return cls(**{f.name: np.array([row[f.name] for row in rows], np.int64) for f in fields(cls)})

    def __len__(self) -> int:
        return len(self.n)


def _seen(layer: Layer) -> dict[str, int]:
    ci, co = layer.ci // layer.groups, layer.co // layer.groups
    weights = layer.kh * layer.kw * ci * layer.co
    outputs = layer.n * layer.ho * layer.wo * layer.co
    taps = _taps(layer.h, layer.kh, layer.sh, layer.pad_h, layer.ho)
    taps *= _taps(layer.w, layer.kw, layer.sw, layer.pad_w, layer.wo)
    seen = {
        "n": layer.n, "h": layer.h, "w": layer.w, "ci": ci, "co": co, "kh": layer.kh, "kw": layer.kw,
        "sh": layer.sh, "sw": layer.sw, "wo": layer.wo, "groups": layer.groups, "frames": layer.n,
        "macs": layer.n * taps * ci * layer.co,
    }  # fmt: skip
    if layer.type == "dense":
        seen |= {"n": 1, "h": layer.n * layer.h * layer.w, "w": 1, "wo": 1}
    elif layer.kh == layer.kw == 1:
        seen |= {"h": layer.ho, "w": layer.wo, "sh": 1, "sw": 1}
    inputs = seen["n"] * seen["h"] * seen["w"] * layer.ci
    return seen | {"lower_words": inputs + weights + outputs}


def _taps(size: int, kernel: int, stride: int, pad: int, out: int) -> int:
    """Pairs of window and tap along one dimension whose element exists."""
    start = np.arange(out, dtype=np.int64) * stride - pad
    return int(np.sum(np.minimum(start + kernel, size) - np.maximum(start, 0)))


@dataclass(frozen=True, eq=False)
class Points:
    """Hardware parameters, one element a point: every field is (points,).

    Attributes:
        rows: rows of processing elements.
        cols: columns of processing elements.
        frequency_mhz: clock.
        x_bits: bits of an activation.
        k_bits: bits of a weight.
        y_bits: bits of a result as it is written to DRAM: x_bits, or more where raw sums leave the chip.
        axi_data_bits: width of each memory port.
        drain_lanes: channels whose results leave the array in a clock at most.
    """

    rows: Ints
    cols: Ints
    frequency_mhz: Floats
    x_bits: Ints
    k_bits: Ints
    y_bits: Ints
    axi_data_bits: Ints
    drain_lanes: Ints

    @property
    def weights_ports(self) -> Ints:
        """`Hardware.weights_ports` of every point."""
        return np.asarray(np.minimum(-(-self.cols * self.k_bits // self.axi_data_bits), 3))

    @classmethod
    def of(cls, **values: npt.ArrayLike) -> Points:
        """Points from scalars and 1-D arrays of one length.

        Args:
            values: fields by name; `rows` and `cols` are needed, the others are as in `Hardware`. `y_bits` is x_bits
                if it is left out.

        Raises:
            InputError: an unknown field, lengths that differ, or a value out of range.
        """
        names = [f.name for f in fields(cls)]
        for name in values:
            if name not in names:
                raise InputError(f"unknown parameter; expected {', '.join(names)}", where=name)
        for name in ("rows", "cols"):
            if name not in values:
                raise InputError("this parameter has no default; give it", where=name)
        given: dict[str, npt.ArrayLike] = {
            name: Hardware.model_fields[name].default for name in names if not Hardware.model_fields[name].is_required()
        }
        given |= {"y_bits": values.get("x_bits", given["x_bits"])} | values
        arrays = _columns({name: given[name] for name in names})
        return cls(**arrays)

    @classmethod
    def of_hardware(cls, hw: Hardware) -> Points:
        """The one point of a hardware; results are written with x_bits."""
        names = [f.name for f in fields(cls) if f.name != "y_bits"]
        return cls.of(**{name: getattr(hw, name) for name in names})

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice | npt.NDArray[np.integer]) -> Points:
        """Some of the points, by a slice or by their indices."""
        return Points(**{f.name: getattr(self, f.name)[part] for f in fields(self)})


def _most(name: str) -> float:
    """Largest value of a parameter; results have any bits up to 64."""
    if name == "y_bits":
        return 64
    field = Hardware.model_fields[name]
    limits = [limit.le for limit in field.metadata if hasattr(limit, "le")]
    return float(limits[0] if limits else max(get_args(field.annotation)))


def _columns(given: Mapping[str, npt.ArrayLike]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in given.items():
        array = np.asarray(value)
        kind = np.float64 if name == "frequency_mhz" else np.int64
        most = _most(name)
        if array.dtype.kind not in "iuf" or not np.all((array > 0) & (array <= most)):
            raise InputError(f"expected numbers above 0, at most {most:g}, received {value!r}", where=name)
        column = np.atleast_1d(array.astype(kind))
        if column.ndim != 1 or np.any(column != array):
            raise InputError(f"expected whole numbers in one dimension, received {value!r}", where=name)
        columns[name] = column
    try:
        return dict(zip(columns, np.broadcast_arrays(*columns.values()), strict=True))
    except ValueError:
        lengths = {name: len(column) for name, column in columns.items()}
        raise InputError(f"expected columns of one length, received {lengths}", where="points") from None
