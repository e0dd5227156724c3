"""Parameters of the accelerator: validated, frozen, stored as `hw.json`, with every width derived from them.

Symbols in brackets are those of docs/architecture.md.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from deepsoc._files import replacing
from deepsoc._json import INTEGER, read_json, shorten
from deepsoc.errors import InputError

__all__ = [
    "EDGES_LEAST", "FORMAT", "MAXIMA", "MAX_LINE_BUFFERS", "PE_KINDS", "RTL_PARAMETERS", "STAGE_GROWTH", "Hardware",
    "shares_sums",
]  # fmt: skip

FORMAT = "deepsoc-hw/1"
MAX_LINE_BUFFERS = 64  # bits of the descriptor's row mask
EDGES_LEAST = 16  # words of a pooling unit's RAM
MAX_WINDOW = 4096  # elements of a pool window that the RTL can average
MAXIMA = (
    "kh_max", "kw_max", "sh_max", "sw_max", "ci_max", "co_max",
    "xh_max", "xw_max", "xn_max", "edges_ram_depth", "n_bundles_max",
)  # fmt: skip
RTL_PARAMETERS = (
    "rows", "cols", "x_bits", "k_bits", "y_bits", "kh_max", "kw_max", "sh_max", "sw_max", "xn_max",
    "weights_ram_depth", "edges_ram_depth", "axi_data_bits", "axi_max_burst",
    "global_pool_max", "pool_ram_depth", "counters_depth", "requantizers", "drain_lanes", "scale_bits", "depthwise",
    "weights_resident", "pe",
)  # fmt: skip
"""Fields of `Hardware` that shape the RTL."""
_LATER = {
    "pe": "portable", "requantizers": 2, "drain_lanes": 1, "scale_bits": 0, "depthwise": 0, "weights_resident": 0,
}  # what came later, as it had been  # fmt: skip
_Pe = Literal["portable", "dsp_cascade", "dsp_pair"]
PE_KINDS: tuple[_Pe, ...] = get_args(_Pe)
"""Kinds of processing elements, by their number in the RTL (rtl/engine/dsoc_array.sv)."""
STAGE_GROWTH = 2  # bits of a sum in the output stage beyond those of an accumulator
_DSP_OPERAND = 25  # bits of the larger operand of the smallest DSP block that the RTL names


def shares_sums(x_bits: Any, y_bits: Any) -> Any:
    """Whether the sums of two elements of the kind dsp_pair are in their DSP block (arrays as well as numbers)."""
    return x_bits + y_bits + 1 <= _DSP_OPERAND


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"expected a power of two, received {value}")
    return value


def _depth(value: int) -> int:
    if value == 1:
        raise ValueError("expected 0 or a power of two from 2 on, received 1")
    return _power_of_two(value)


def _two_or_none(value: int) -> int:
    if value == 1:
        raise ValueError("expected 0 or at least 2, received 1")
    return value


def _edges(value: int) -> int:
    if 0 < value < EDGES_LEAST:
        raise ValueError(f"expected 0 or at least {EDGES_LEAST}, received {value}")
    return value


_Byte = Annotated[int, Field(ge=1, le=255)]
_Word = Annotated[int, Field(ge=1, le=65535)]
_Count = Annotated[int, Field(ge=1, le=1 << 24)]


class Hardware(BaseModel):
    """One configuration of the accelerator; a maximum that is None becomes what the networks need (`resolve`).

    Raises:
        InputError: an unknown field, a wrong type, or a value outside its range; names the field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["deepsoc-hw/1"] = "deepsoc-hw/1"
    # Array and clock
    rows: int = Field(ge=1, le=512)  # rows of processing elements [R]
    cols: int = Field(ge=1, le=2048)  # columns of processing elements [C]
    frequency_mhz: float = Field(default=250, ge=1e-3, le=10_000, allow_inf_nan=False)  # target clock
    # Numbers; `resolve` takes those of the networks where none are given
    x_bits: Annotated[Literal[2, 4, 8], INTEGER] = 8  # activations
    k_bits: Annotated[Literal[2, 4, 8], INTEGER] = 8  # weights
    y_bits: int = Field(default=32, ge=8, le=32)  # accumulators
    b_bits: Annotated[Literal[8, 16, 32], INTEGER] = 32  # biases of the networks (32 bits each in the weights stream)
    # Largest operation
    kh_max: _Byte | None = None  # rows of a kernel or pool window
    kw_max: _Byte | None = None  # columns of a kernel or pool window
    sh_max: _Byte | None = None  # vertical stride
    sw_max: _Byte | None = None  # horizontal stride
    ci_max: _Count | None = None  # input channels, features of a dense layer
    co_max: _Count | None = None  # output channels
    xh_max: _Word | None = None  # rows of a tensor, batch of a matrix
    xw_max: _Word | None = None  # columns of a tensor
    xn_max: _Word | None = None  # batch
    # Processing elements
    pe: _Pe = "portable"  # what they are made of
    depthwise: Annotated[int, Field(ge=0, le=256), AfterValidator(_two_or_none)] = 0  # channels that a depthwise
    # convolution takes at once at most, each in an elastic group of its own; 0: it is an operation for each channel
    # Output stage
    requantizers: Annotated[Literal[1, 2], INTEGER] = 2  # of a row; with one, operations that quantize twice give a
    # channel every other clock
    drain_lanes: Annotated[Literal[1, 2, 4], INTEGER] = 1  # channels whose results leave the array in a clock at most
    scale_bits: Annotated[Literal[0, 17], INTEGER] = 0  # of the factors that sums are multiplied by; 0: there are none,
    # numbers differ by binary points alone
    # Memories
    weights_ram_depth: int = Field(default=2048, ge=2, le=1 << 18)  # words of `cols` weights in one of the two banks
    weights_resident: Annotated[int, Field(ge=0, le=1 << 20), AfterValidator(_two_or_none)] = 0  # words of `cols`
    # weights for each row that stay on chip from frame to frame; 0: none
    edges_ram_depth: Annotated[int, Field(ge=0, le=1 << 20), AfterValidator(_edges)] | None = None  # words of open pool
    # windows; 0: no pooling unit, all pools are in line and no operation is elementwise
    # Bus
    axi_data_bits: Annotated[Literal[32, 64, 128, 256, 512], INTEGER] = 128  # width of the four memory ports [A]
    axi_max_burst: Annotated[int, Field(ge=1, le=256), AfterValidator(_power_of_two)] = 16  # beats
    # Pools in line
    global_pool_max: int = Field(default=4096, ge=0, le=65535)  # elements of a map that one pool covers; 0: none
    pool_ram_depth: Annotated[int, Field(ge=0, le=1 << 16), AfterValidator(_depth)] = 2048  # words (pooled columns x
    # channels) of maxima over windows that row blocks carry on; 0: none
    # Performance counters
    counters_depth: Annotated[int, Field(ge=0, le=1024), AfterValidator(_depth)] = 64  # operations; 0: none
    # System
    n_bundles_max: _Word | None = None  # bundles of a network
    base_address: int = Field(default=0x4000_0000, ge=0, lt=1 << 40, multiple_of=4096)  # of the registers

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as err:
            first = err.errors()[0]
            raise InputError(_message(first), where=_field(first)) from None
        for where, message in self._conflicts().items():
            raise InputError(message, where=where)

    @classmethod
    def faults(cls, data: Mapping[str, Any]) -> dict[str, str]:
        """By parameter all that is wrong with it; nothing exactly where the hardware can be.

        Args:
            data: parameters, as of the constructor.
        """
        found: dict[str, str] = {}
        try:
            BaseModel.__init__(cls.__new__(cls), **data)
        except ValidationError as err:
            for each in reversed(err.errors()):
                found[_field(each)] = _message(each)
        sound = {"rows": 1, "cols": 1} | {name: value for name, value in data.items() if name not in found}
        return found | (cls.model_construct(**sound)._conflicts() if sound.keys() <= cls.model_fields.keys() else {})

    def _conflicts(self) -> dict[str, str]:
        """By parameter why it cannot be beside others."""
        found = dict[str, str]()
        if self.y_bits <= self.x_bits + self.k_bits:
            found["y_bits"] = (
                f"accumulators of {self.y_bits} bits do not hold the sum of two products of {self.x_bits} and "
                f"{self.k_bits} bits; expected more than {self.x_bits + self.k_bits}"
            )
        if self.bias_bytes < self.channel_bytes:
            found["scale_bits"] = (
                f"a channel's bias and factor are {8 * self.channel_bytes} bits, a beat of axi_data_bits="
                f"{self.axi_data_bits} brings {8 * self.bias_bytes}; widen the ports or set scale_bits to 0"
            )
        elif self.drain_lanes > self.bias_bytes // self.channel_bytes:
            found["drain_lanes"] = (
                f"{self.drain_lanes} channels a clock want as many biases of {8 * self.channel_bytes} bits, a beat of "
                f"axi_data_bits={self.axi_data_bits} brings {self.bias_bytes // self.channel_bytes}; reduce "
                "drain_lanes or widen the ports"
            )
        if self.weights_resident and self.x_bits < 8:
            found["weights_resident"] = (
                f"a vector's features lie on the rows, and x_bits={self.x_bits} puts {self.rpb} rows into a byte; "
                "use x_bits 8 or set weights_resident to 0"
            )
        elif self.weights_resident and self.pe == "dsp_pair":
            found["weights_resident"] = (
                "each row has weights of its own, and pe dsp_pair multiplies two rows with the same; "
                "use dsp_cascade or portable, or set weights_resident to 0"
            )
        if self.depthwise > self.cols:
            found["depthwise"] = (
                f"{self.depthwise} channels at once want as many columns of processing elements, the array has "
                f"{self.cols}; reduce depthwise (a third of the columns suffices for kernels of 3) or add columns"
            )
        if self.kh_max is not None and self.kw_max is not None and self.kh_max * self.kw_max > MAX_WINDOW:
            found["kh_max"] = (
                f"kh_max={self.kh_max} times kw_max={self.kw_max} exceeds {MAX_WINDOW}, "
                "the most that the pooling unit divides by; reduce one of them"
            )
        if self.kh_max is not None and self.sh_max is not None and self.line_buffers > MAX_LINE_BUFFERS:
            found["rows"] = (
                f"rows={self.rows}, kh_max={self.kh_max}, sh_max={self.sh_max} at x_bits={self.x_bits} need "
                f"{self.line_buffers} line buffers, expected at most {MAX_LINE_BUFFERS}; reduce one of them"
            )
        return found

    @classmethod
    def load(cls, path: str | Path) -> Hardware:
        """Reads `hw.json`.

        Raises:
            InputError: the file cannot be read, is not JSON, or a field is wrong; names the file and the field.
        """
        data = read_json(path, "the hardware parameters")
        if not isinstance(data, dict):
            raise InputError(f"expected a JSON object of parameters, received {type(data).__name__}", where=str(path))
        try:
            return cls(**data)
        except InputError as err:
            raise InputError(str(err), where=str(path)) from None

    def dump(self, path: str | Path) -> None:
        """Writes `hw.json`, without the maxima that are left open; it appears complete or not at all.

        Raises:
            InputError: it cannot be written.
        """
        try:
            with replacing(Path(path)) as fresh:
                fresh.write_text(self.to_json(), encoding="utf-8")
        except OSError as err:
            raise InputError(f"cannot be written: {err.strerror or err}", where=str(path)) from None

    def to_json(self) -> str:
        """Text of `hw.json`."""
        return json.dumps(self.model_dump(exclude_none=True), indent=1) + "\n"

    def limit(self, name: str) -> int:
        """A maximum that must be known by now.

        Raises:
            InputError: it is still open.
        """
        value = getattr(self, name)
        if value is None:
            raise InputError("this maximum is open; give it, or resolve the hardware with its networks", where=name)
        return int(value)

    @property
    def params_hash(self) -> int:
        """Identity of the hardware, 32 bits: equal if and only if (but for chance) RTL_PARAMETERS are.

        Raises:
            InputError: a maximum is open.
        """
        values: dict[str, Any] = {name: self.limit(name) for name in RTL_PARAMETERS if name not in _LATER}
        # Hardware that was built before there were others keeps its identity.
        values |= {name: value for name, first in _LATER.items() if (value := getattr(self, name)) != first}
        return zlib.crc32(json.dumps(values, sort_keys=True, separators=(",", ":")).encode())

    # Tensors in memory

    @property
    def rpb(self) -> int:
        """Rows a byte."""
        return 8 // self.x_bits

    @property
    def tile_lines(self) -> int:
        """Byte lines a tile of `rows` rows [RG]."""
        return -(-self.rows // self.rpb)

    def line(self, row: int) -> int:
        """Number of the byte line that holds a row (which may be negative)."""
        return row // self.rows * self.tile_lines + row % self.rows // self.rpb

    def lines(self, rows: int) -> int:
        """Byte lines of a tensor of that many rows that hold an existing row."""
        return self.line(rows - 1) + 1

    # Bus

    @property
    def axi_bytes(self) -> int:
        """Bytes a beat [AB]."""
        return self.axi_data_bits // 8

    @property
    def chunk_beats(self) -> int:
        """Beats of the longest fetch [B]."""
        return min(self.axi_max_burst, 8)

    @property
    def grid_bytes(self) -> int:
        """Alignment of lines, tensors and weights streams [GRID]."""
        return self.chunk_beats * self.axi_bytes

    @property
    def raw_beats(self) -> int:
        """Beats of a slot of `rows` 32-bit words that are transferred."""
        return -(-self.rows * 32 // self.axi_data_bits)

    @property
    def slot_bytes(self) -> int:
        """Bytes from slot to slot."""
        return self.axi_bytes << math.ceil(math.log2(self.raw_beats))

    @property
    def write_group(self) -> int:
        """Beats of a line, or slots side by side, that are written together at most."""
        return min(self.axi_max_burst, 4)

    # Line buffers

    @property
    def pt_max(self) -> int:
        """Most zero rows above a tensor."""
        return (self.limit("kh_max") - 1) // 2

    @property
    def top_lines(self) -> int:
        """Line buffers before the first row of a block [GT]."""
        return -self.line(-self.pt_max)

    @property
    def line_buffers(self) -> int:
        """Number of line buffers [NF]."""
        last_row = self.limit("sh_max") * (self.rows - 1) + self.limit("kh_max") - 1
        return max(self.line(last_row) + self.top_lines + 1, min(self.rows, self.xn_max or 1))

    # Array

    def e_groups(self, kw: int, sw: int) -> int:
        """Elastic groups of `kw + sw - 1` columns [E]."""
        return self.cols // (kw + sw - 1)

    @property
    def row_sum_clocks(self) -> int:
        """Clocks that all sums take longer where those of the rows may be added, up to four at a time."""
        return max(math.ceil(math.log2(self.rows) / 2) - 1, 0) if self.weights_resident else 0

    @property
    def sum_bits(self) -> int:
        """Bits of a sum with its bias, of a residual sum, and of an average with what its rounding needs."""
        return min(max(self.y_bits + STAGE_GROWTH, self.x_bits + 6), 32)

    # Weights

    @property
    def weights_ports(self) -> int:
        """Ports that the weights come by [P]."""
        return min(-(-self.cols * self.k_bits // self.axi_data_bits), 3)

    @property
    def weights_burst(self) -> int:
        """Beats of the longest burst of weights [WB]."""
        return min(self.axi_max_burst, 16, 4096 // self.axi_bytes)

    @property
    def stream_bytes(self) -> int:
        """Bytes of a beat of the weights stream: one of each port."""
        return self.weights_ports * self.axi_bytes

    @property
    def channel_bytes(self) -> int:
        """Bytes of a channel's bias in the weights stream, with its factor if there is one."""
        return 8 if self.scale_bits else 4

    @property
    def bias_bytes(self) -> int:
        """Bytes of biases in a beat of the weights stream, a power of two."""
        return min(self.weights_ports, 2) * self.axi_bytes

    @property
    def weight_word_bits(self) -> int:
        """Bits of a weight word in the stream [WP]."""
        unit = self.weights_ports * max(self.axi_data_bits // 8, 8)
        return -(-self.cols * self.k_bits // unit) * unit


def _field(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"] if isinstance(part, int) or part.isidentifier())


def _message(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "this parameter has no default; give it"
    if error["type"] == "extra_forbidden":
        return f"unknown parameter; expected one of {', '.join(Hardware.model_fields)}"
    reason = error["msg"].removeprefix("Value error, ")
    return f"{reason}; received {shorten(error['input'])}"
