"""Layers and workloads: shapes of convolutions and matrix products, without weights."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from deepsoc.errors import InputError

__all__ = ["COLUMNS", "MAX_PRODUCTS", "Layer", "Workload"]

MAX_PRODUCTS = 1 << 44
"""Products of a layer, padding and skipped positions counted; more is taken for a mistake (and fits no 64-bit sum)."""

_LIMITS = {
    "n": 65535, "h": 65535, "w": 65535, "ci": 1 << 24, "co": 1 << 24, "kh": 255, "kw": 255, "sh": 255, "sw": 255,
    "pad_h": 254, "pad_w": 254, "groups": 1 << 24, "ho": 65535, "wo": 65535,
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One convolution or dense layer.

    A dense layer is a matrix product: `n * h * w` rows of `ci` features each, `co` results a row. One of a flattened
    tensor has h = w = 1.

    Attributes:
        name: as the user calls it.
        type: `conv` or `dense`.
        n: batch.
        h: input rows.
        w: input columns.
        ci: input channels, of all groups together.
        co: output channels, of all groups together.
        kh: kernel rows.
        kw: kernel columns.
        sh: vertical stride.
        sw: horizontal stride.
        pad_h: zero rows above the input, and below it if `ho` is left out.
        pad_w: zero columns on the left, and on the right if `wo` is left out.
        groups: independent groups of channels.
        ho: output rows; 0: as many as fit.
        wo: output columns; 0: as many as fit.

    Raises:
        InputError: an illegal shape; `where` is the field at fault.
    """

    name: str
    type: Literal["conv", "dense"]
    n: int
    h: int
    w: int
    ci: int
    co: int
    kh: int = 1
    kw: int = 1
    sh: int = 1
    sw: int = 1
    pad_h: int = 0
    pad_w: int = 0
    groups: int = 1
    ho: int = 0
    wo: int = 0

    def __post_init__(self) -> None:
        """Check every field, and the fields against each other."""
        if not self.name or len(self.name) > 64 or not self.name.isprintable():
            _fail("name", f"expected 1 to 64 printable characters, received {self.name[:80]!r}")
        if self.type not in ("conv", "dense"):
            _fail("type", f"expected conv or dense, received {self.type!r}")
        for field, most in _LIMITS.items():
            value, least = getattr(self, field), 0 if field in ("pad_h", "pad_w", "ho", "wo") else 1
            if type(value) is not int or not least <= value <= most:
                _fail(field, f"expected an integer of {least} … {most}, received {value!r}")
        if self.type == "dense" and (self.kh, self.kw, self.sh, self.sw, self.pad_h, self.pad_w) != (1, 1, 1, 1, 0, 0):
            _fail("type", "a dense layer has kernel and strides 1 and no padding; use type conv")
        for field, channels in (("ci", self.ci), ("co", self.co)):
            if channels % self.groups:
                _fail("groups", f"{self.groups} groups do not divide {field} = {channels}")
        self._set_out("h")
        self._set_out("w")
        products = self.n * self.h * self.w * self.kh * self.kw * self.ci // self.groups * self.co
        if products > MAX_PRODUCTS:
            _fail("co", f"the layer would take {products} products, expected at most {MAX_PRODUCTS}; check its sizes")

    def _set_out(self, axis: str) -> None:
        """Number of windows along `h` or `w`; each holds an element that is no padding."""
        field = f"{axis}o"
        size, kernel, stride, pad, out = (
            getattr(self, name) for name in (axis, f"k{axis}", f"s{axis}", f"pad_{axis}", field)
        )
        if pad >= kernel:
            _fail(f"pad_{axis}", f"expected less than k{axis} = {kernel}, received {pad}")
        if not out and kernel > size + 2 * pad:
            _fail(f"k{axis}", f"a kernel of {kernel} does not fit into {size} elements, padded by {pad} each side")
        out = out or (size + 2 * pad - kernel) // stride + 1
        if (out - 1) * stride - pad >= size:
            _fail(field, f"window {out - 1} would lie outside the {size} elements")
        object.__setattr__(self, field, out)


def _fail(field: str, message: str) -> None:
    raise InputError(message, where=field)


@dataclass(frozen=True)
class Workload:
    """Layers of a network.

    Attributes:
        name: of the network.
        layers: in the order of execution; at least one.
    """

    name: str
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Refuse an empty workload."""
        if not self.layers:
            raise InputError("a workload needs at least one layer", where=self.name)

    def with_batch(self, n: int) -> Workload:
        """The same layers for a batch of `n`.

        Raises:
            InputError: the batch is out of range.
        """
        return replace(self, layers=tuple(replace(layer, n=n) for layer in self.layers))

    def only(self, kind: Literal["conv", "dense"]) -> Workload:
        """Its layers of one type.

        Raises:
            InputError: there is none.
        """
        return replace(self, layers=tuple(layer for layer in self.layers if layer.type == kind))


COLUMNS = tuple(field.name for field in fields(Layer) if field.name not in ("ho", "wo"))
"""Columns of a layer table."""
