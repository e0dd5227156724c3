"""`manifest.json`: what an export folder holds and what every operation must write."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping.layout import RawLayout, TensorLayout
from deepsoc.mapping.plan import Place

__all__ = ["FORMAT", "BundleEntry", "FileEntry", "Manifest", "OperationEntry", "PortBytes", "TensorEntry"]

FORMAT = "deepsoc-export/1"

_Image = bytes  # `bytes` is a field below


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorEntry(_Entry):
    """A tensor in the arena; the fields of `dsoc_tensor_t` in c/dsoc.h and the shape that readers see."""

    offset: int
    bytes: int
    pitch: int  # tensor: bytes from line to line
    n_pitch: int  # tensor: bytes from batch element to batch element
    n: int
    h: int
    w: int
    c: int
    slot_bytes: int  # raw: bytes from slot to slot
    ch_per_t: int  # raw: channels an iteration
    form: Literal[0, 1]  # 0 tensor, 1 raw
    bits: int
    frac: int
    shape: tuple[int, ...]

    @classmethod
    def of(cls, place: Place) -> TensorEntry:
        """The entry of a tensor of a plan."""
        layout = place.layout
        tensor = isinstance(layout, TensorLayout)
        return cls(
            offset=place.offset, bytes=layout.size, n=layout.n, h=layout.h, w=layout.w, c=layout.c,
            pitch=layout.pitch if isinstance(layout, TensorLayout) else 0,
            n_pitch=layout.n_pitch if isinstance(layout, TensorLayout) else 0,
            slot_bytes=0 if tensor else layout.hw.slot_bytes,
            ch_per_t=layout.ch_per_t if isinstance(layout, RawLayout) else 0,
            form=0 if tensor else 1, bits=layout.hw.x_bits if tensor else 32, frac=place.frac, shape=place.shape,
        )  # fmt: skip

    def unpack(self, image: _Image, hw: Hardware) -> IntArray:
        """Integers of shape `shape` from the `bytes` bytes at `offset`."""
        layout = (
            RawLayout(hw, self.n, self.h, self.w, self.c, self.ch_per_t)
            if self.form
            else TensorLayout(hw, self.n, self.h, self.w, self.c)
        )
        return layout.unpack(image).reshape(self.shape)


class PortBytes(_Entry):
    """Bytes that an operation moves over each memory port."""

    x: int  # pixels
    k: int  # weights and its descriptor
    o: int  # operands
    y: int  # results


class OperationEntry(_Entry):
    """One operation."""

    index: int
    name: str
    bundle: str
    kind: Literal["mac", "max", "avg"]
    y_offset: int  # arena offset of its results, bytes
    y_bytes: int  # bytes from there on that belong to them
    tensor: TensorEntry
    clocks: int  # of the model, when memory keeps up
    drain_clocks: int  # of these, clocks in which the array waits for its results to leave
    overhead_clocks: int  # beside `clocks`: start and end of the operation
    axi_bytes: PortBytes
    expected: str  # .npy file of int32 in the tensor's shape


class BundleEntry(_Entry):
    """One bundle and its operations."""

    name: str
    operations: list[int]


class FileEntry(_Entry):
    """Size and hash of a file."""

    bytes: int
    sha256: str


class Manifest(_Entry):
    """The whole of `manifest.json`."""

    format: Literal["deepsoc-export/1"] = "deepsoc-export/1"
    name: str
    seed: int | None  # of the random input; None: the input was given
    net_id: int
    map_version: int
    arena_bytes: int
    desc_offset: int = 0
    weights_offset: int
    weights_bytes: int
    softmax: bool
    input: TensorEntry
    output: TensorEntry
    bundles: list[BundleEntry]
    operations: list[OperationEntry] = Field(min_length=1)
    files: dict[str, FileEntry]
