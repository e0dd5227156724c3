"""`manifest.json`: what an export folder holds and what every operation must write."""

from __future__ import annotations

import hashlib
from math import prod
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deepsoc._json import INTEGER
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.operation import Layout
from deepsoc.mapping.plan import Cost, Place
from deepsoc.mapping.ports import Work

__all__ = ["FORMAT", "BundleEntry", "FileEntry", "Manifest", "OperationEntry", "PortBytes", "TensorEntry"]

FORMAT = "deepsoc-export/1"

_Image = bytes  # `bytes` is a field below
_Size = Annotated[int, Field(ge=1, lt=1 << 31)]
_Offset = Annotated[int, Field(ge=0, lt=1 << 32)]  # the arena has less than 4 GiB
_Clocks = Annotated[int, Field(ge=0, lt=1 << 62)]
_MOST = 1 << 26  # segments of a line
_Text = Annotated[str, Field(min_length=1, max_length=300)]
_Sum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TensorEntry(_Entry):
    """A tensor in the arena; the fields of `dsoc_tensor_t` in c/dsoc.h and the shape that readers see."""

    offset: _Offset
    bytes: _Offset
    pitch: _Offset  # tensor: bytes from line to line
    n_pitch: _Offset  # tensor: bytes from batch element to batch element
    n: _Size
    h: _Size
    w: _Size
    c: _Size
    step: _Offset = 0  # tensor: bytes from column to column of the tensor that holds it; 0: its channels
    every: tuple[_Size, _Size] = (1, 1)  # tensor: it is every so-many-th row and column of that
    slot_bytes: _Offset  # raw: bytes from slot to slot
    ch_per_t: _Offset  # raw: channels an iteration
    form: Annotated[Literal[0, 1], INTEGER]  # 0 tensor, 1 raw
    bits: int
    frac: int = Field(ge=-128, le=127)  # real value = (integer - zero) * scale * 2^-frac
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    zero: int = Field(default=0, ge=-128, le=127)
    shape: tuple[_Size, ...] = Field(min_length=2, max_length=4)

    @model_validator(mode="after")
    def _elements(self) -> TensorEntry:
        if prod(self.shape) != self.n * self.h * self.w * self.c:
            raise ValueError("the shape has another number of elements than n, h, w, c")
        if self.form and not self.ch_per_t:
            raise ValueError("ch_per_t is 0")
        return self

    @classmethod
    def of(cls, place: Place) -> TensorEntry:
        """The entry of a tensor of a plan."""
        layout = place.layout
        tensor = isinstance(layout, TensorLayout)
        return cls(
            offset=place.offset, bytes=layout.size, n=layout.n, h=layout.h, w=layout.w, c=layout.c,
            pitch=layout.pitch if isinstance(layout, TensorLayout) else 0,
            n_pitch=layout.n_pitch if isinstance(layout, TensorLayout) else 0,
            step=layout.step if isinstance(layout, TensorLayout) else 0,
            every=layout.every if isinstance(layout, TensorLayout) else (1, 1),
            slot_bytes=0 if tensor else layout.hw.slot_bytes,
            ch_per_t=layout.ch_per_t if isinstance(layout, RawLayout) else 0,
            form=0 if tensor else 1, bits=layout.hw.x_bits if tensor else 32, frac=place.frac, scale=place.scale,
            zero=place.zero, shape=place.shape,
        )  # fmt: skip

    def pack(self, values: IntArray, hw: Hardware) -> _Image:
        """Memory image, `bytes` bytes, of integers of shape `shape`."""
        return self._layout(hw).pack(values.reshape(self.n, self.h, self.w, self.c))

    def unpack(self, image: _Image, hw: Hardware) -> IntArray:
        """Integers of shape `shape` from the `bytes` bytes at `offset`."""
        return self._layout(hw).unpack(image).reshape(self.shape)

    def fits(self, hw: Hardware) -> bool:
        """Whether bytes and pitches are those of such a tensor on the accelerator."""
        place = Place(self.offset, self._layout(hw), self.frac, self.shape, self.scale, self.zero)
        return TensorEntry.of(place) == self

    def _layout(self, hw: Hardware) -> Layout:
        if self.form:
            return RawLayout(hw, self.n, self.h, self.w, self.c, self.ch_per_t)
        return TensorLayout(hw, self.n, self.h, self.w, self.c, self.step, self.every)


class PortBytes(_Entry):
    """Bytes that an operation moves over each memory port."""

    x: _Clocks  # pixels
    k: _Clocks  # weights and its descriptor
    o: _Clocks  # operands
    y: _Clocks  # results


class OperationEntry(_Entry):
    """One operation."""

    index: int
    name: _Text
    bundle: _Text
    kind: Literal["mac", "max", "avg"]
    work: Work
    y_offset: _Offset  # arena offset of its results, bytes
    y_bytes: _Offset  # bytes from there on that belong to them
    tensor: TensorEntry
    clocks: _Clocks  # of the model, when memory keeps up
    drain_clocks: _Clocks  # of these, clocks in which the array waits for its results to leave
    overhead_clocks: _Clocks  # beside `clocks`: start and end of the operation
    axi_bytes: PortBytes
    load_bytes: _Clocks = 0  # of weights that stay on chip, read in the first run
    expected: _Text  # .npy file of int32 in the tensor's shape

    @model_validator(mode="after")
    def _results(self) -> OperationEntry:
        if (self.y_offset, self.y_bytes) != (self.tensor.offset, self.tensor.bytes):
            raise ValueError("y_offset and y_bytes are not those of the tensor")
        loops, readers = self.work.loops, (self.work.x, *([self.work.o] if self.work.o else []))
        counts = [loops.t, loops.n, loops.l, loops.wo, *(n for r in readers for n in (r.t, r.n, r.l))]
        if not all(0 < count < 1 << 16 for count in counts) or not all(0 < r.seg_count < _MOST for r in readers):
            raise ValueError("work has a count that no operation has")
        return self

    @property
    def cost(self) -> Cost:
        """What it should take, as its plan says."""
        moved, clocks = self.axi_bytes, (self.clocks, self.drain_clocks, self.overhead_clocks)
        return Cost(*clocks, moved.x, moved.k, moved.o, moved.y, self.load_bytes)


class BundleEntry(_Entry):
    """One bundle and its operations."""

    name: _Text
    operations: list[int] = Field(min_length=1)


class FileEntry(_Entry):
    """Size and hash of a file."""

    bytes: int = Field(ge=0)
    sha256: _Sum


class Manifest(_Entry):
    """The whole of `manifest.json`."""

    format: Literal["deepsoc-export/1"] = "deepsoc-export/1"
    name: _Text
    seed: int | None  # of the random input; None: the input was given
    net_id: _Offset
    map_version: int
    params_hash: _Offset  # of the accelerator
    arena_bytes: _Offset
    desc_offset: _Offset = 0
    weights_offset: _Offset
    weights_bytes: _Offset
    softmax: bool
    input: TensorEntry
    output: TensorEntry
    bundles: list[BundleEntry]
    operations: list[OperationEntry] = Field(min_length=1)
    files: dict[str, FileEntry]
    sha256: str = ""  # of all the rest, see `checksum`

    @model_validator(mode="after")
    def _whole(self) -> Manifest:
        if [op.index for op in self.operations] != list(range(len(self.operations))):
            raise ValueError("operations are not numbered from 0 on")
        named = {i: bundle.name for bundle in self.bundles for i in bundle.operations}
        listed = sum(len(bundle.operations) for bundle in self.bundles)
        if listed != len(self.operations) or named != {op.index: op.bundle for op in self.operations}:
            raise ValueError("bundles do not list each operation once, where it says")
        tensors = (self.input, self.output, *(op.tensor for op in self.operations))
        ends = [tensor.offset + tensor.bytes for tensor in tensors] + [self.weights_offset + self.weights_bytes]
        if max(ends) > self.arena_bytes:
            raise ValueError("a tensor or the weights lie outside the arena")
        return self

    def checksum(self) -> str:
        """SHA-256 of the manifest without its own `sha256`."""
        return hashlib.sha256(self.model_dump_json(exclude={"sha256"}).encode()).hexdigest()

    def signed(self) -> Manifest:
        """The same with its checksum."""
        return self.model_copy(update={"sha256": self.checksum()})
