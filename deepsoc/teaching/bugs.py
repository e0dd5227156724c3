"""The planted bug of lab 7: a copy of the RTL with one fault, chosen by a student's number, and what shows it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepsoc._files import replace_once
from deepsoc.assets import folder, rtl_module
from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.graph.ir import Act, Add, Bundle, Conv2D, Dense, Graph, IntArray, Pool, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping import ArrayStates, Plan, array_steps, operation_input, plan
from deepsoc.sim import SimResult, read_states, simulate
from deepsoc.teaching.variants import whole

__all__ = ["FAULTS", "HW", "KINDS", "MODULES", "Case", "Fault", "compare_states", "network", "plant"]

# Every maximum is given, so that all networks of the lab share one simulator.
HW = Hardware(
    rows=4, cols=7, x_bits=4, k_bits=4, axi_data_bits=64, weights_ram_depth=64,
    kh_max=3, kw_max=3, sh_max=2, sw_max=2, ci_max=256, co_max=64, xh_max=16, xw_max=16, xn_max=1,
    edges_ram_depth=64, n_bundles_max=8, global_pool_max=0, pool_ram_depth=0,
)  # fmt: skip
"""The accelerator of the labs that simulate."""

_FIELDS = ("pixels", "weights", "sums", "leaves")
_X, _K, _B = Quant(4, 2), Quant(4, 3), Quant(16, 3)


@dataclass(frozen=True)
class Fault:
    """One fault: in `module`, the only place that reads `old` becomes `new`.

    Attributes:
        module: name of the SystemVerilog module.
        kind: what is wrong, one of KINDS.
        what: the same in a sentence.
        old: text of the source, whatever the blanks.
        new: text that replaces it.
    """

    module: str
    kind: str
    what: str
    old: str
    new: str

    def apply(self, text: str) -> str:
        """The changed source.

        Raises:
            InputError: it does not hold `old` exactly once.
        """
        return replace_once(text, self.old, self.new, where=f"{self.module}.sv")


FAULTS = (
    Fault("dsoc_requant", "rounding", "ties are rounded up, not to even", "(rest_q != '0 || whole_q[0])", "1'b1"),
    Fault("dsoc_requant", "saturation", "the largest value is one too small", "? Min : Max;", "? Min : Max - 1;"),
    Fault(
        *("dsoc_pixel_shifter", "padding", "rows above the tensor hold old data instead of zeros"),
        *("row_first_i < 0 ?", "1'b0 ?"),
    ),
    Fault(
        *("dsoc_array", "group border", "sums move on into the next elastic group"),
        *("shift_q ? ~starts : '0", "{Cols{shift_q}}"),
    ),
    Fault(
        *("dsoc_array", "start of a sum", "new sums go on from the old ones"),
        *("mac_q && !zero_q, shift_q", "mac_q, shift_q"),
    ),
    Fault(
        *("dsoc_drain", "last columns", "the columns that leave together are read at one position"),
        *("ColBits'(pos_q - sw_i)", "ColBits'(pos_q)"),
    ),
    Fault(
        *("dsoc_weights_reader", "bias", "later iterations get the biases of other ones"),
        *("bias_waddr = {bias_bank_q,", "bias_waddr = {2'd0, bias_bank_q[0],"),
    ),
    Fault("dsoc_pool", "rounding", "a tie of an average is taken for more than one half", "2'd2 : 2'd3", "2'd3 : 2'd3"),
    Fault(
        *("dsoc_output_stage", "alignment", "the residual operand is never shifted"),
        *("desc_i.acc_lsh | desc_i.opd_lsh", "desc_i.acc_lsh"),
    ),
    Fault(
        *("dsoc_output_stage", "negative slope", "negative values are scaled like positive ones"),
        *("6'(desc_i.sh1_neg + 6'sd7)", "6'(desc_i.sh1_pos + 6'sd7)"),
    ),
)
"""All faults that may be planted."""

KINDS = tuple(sorted({fault.kind for fault in FAULTS}))
"""The kinds of fault, for the answer."""

MODULES = tuple(sorted({fault.module for fault in FAULTS} | {"dsoc_controller", "dsoc_line_reader", "dsoc_writer"}))
"""Modules that may hold the fault; some never do."""


@dataclass(frozen=True)
class Case:
    """One planted bug.

    Attributes:
        number: of the student.
        folder: everything of this case: `rtl`, and the last runs of each RTL, on `network()` and on others.
    """

    number: int
    folder: Path

    @property
    def rtl(self) -> Path:
        """The sources with the fault."""
        return self.folder / "rtl"

    @property
    def fault(self) -> Fault:
        """The solution."""
        digest = hashlib.sha256(f"lab 7, {self.number}".encode()).digest()
        return FAULTS[int.from_bytes(digest[:4], "big") % len(FAULTS)]

    def simulate(self, graph: Graph | None = None, *, seed: int = 0, faulty: bool = True) -> SimResult:
        """Simulates a network on the faulty RTL, with a trace; a difference does not raise.

        Args:
            graph: the network; None: `network()`.
            seed: of the random input and of the registers without reset.
            faulty: False takes the right RTL.

        Raises:
            InputError: an illegal network.
            MappingError: HW cannot run it.
            ToolError: a tool of the simulation is missing or fails.
        """
        place = ("faulty" if faulty else "right") + ("" if graph is None else "-test")
        done = export(graph or network(), HW, self.folder / place, seed=seed)
        return simulate(done.path, seed=seed, trace=True, rtl=self.rtl if faulty else None)

    def states(self, bundle: str) -> tuple[ArrayStates, ArrayStates]:
        """States of the array in a bundle of `network()`: those of the dataflow, and those of the last faulty run.

        Args:
            bundle: name of the bundle.

        Raises:
            InputError: there is no such bundle, or no faulty run of `network()`.
        """
        from deepsoc.export import Artifacts

        run = Artifacts.load(self.folder / "faulty")
        mapped, index = _operation(bundle)
        x = operation_input(mapped, index, run.input())
        expected = array_steps(mapped.operations[index], mapped.hw, x)
        return expected, read_states(run.path / "trace.fst", HW, index)


def plant(number: int, out: str | Path = "build/lab7") -> Case:
    """Writes a copy of the RTL with the fault of a student's number.

    Args:
        number: any whole number; the same one gives the same fault.
        out: folder of the case; `rtl` in it is replaced.

    Raises:
        InputError: not a whole number.
    """
    case = Case(whole(number), Path(out).resolve())
    shutil.rmtree(case.rtl, ignore_errors=True)
    shutil.copytree(folder("rtl"), case.rtl)
    source = rtl_module(case.fault.module, case.rtl)
    source.write_text(case.fault.apply(source.read_text(encoding="utf-8")), encoding="utf-8")
    return case


def network() -> Graph:
    """A small network that uses every part of the accelerator: overlapping windows, a residual add, a pool, classes."""
    rng = np.random.default_rng(7)

    def conv(ci: int, co: int) -> Conv2D:
        return Conv2D(_weights(rng, (3, 3, ci, co)), rng.integers(-60, 60, co), (1, 1), "same", _K, _B)

    conv1 = Bundle("conv1", "input", conv(3, 7), Act("relu", Quant(4, 1), slope_log2=1))
    conv2 = Bundle(
        *("conv2", "conv1", conv(7, 7)),
        add=Add("conv1", Act("relu", Quant(4, 0))),
        pool=Pool("avg", (2, 2), (2, 2), "same", Quant(4, 0)),
        flatten=True,
    )
    classes = Bundle("classes", "conv2", Dense(_weights(rng, (5 * 5 * 7, 5)), rng.integers(-60, 60, 5), _K, _B))
    return Graph("lab7", (1, 10, 9, 3), _X, (conv1, conv2, classes))


def compare_states(expected: ArrayStates, received: ArrayStates) -> pd.DataFrame:
    """Where two runs of the array differ.

    Returns:
        One row a field, `pixels`, `weights`, `sums` and `leaves`: `different` values, and of the first of them `clock`
        and `where` (row, column, or both); -1 and empty if there is none.

    Raises:
        InputError: the runs have different numbers of clocks.
    """
    if len(expected) != len(received):
        raise InputError(f"{len(expected)} clocks expected, {len(received)} received", where="received")
    rows = []
    for field in _FIELDS:
        wrong = np.argwhere(getattr(expected, field) != getattr(received, field))
        first = wrong[0].tolist() if len(wrong) else [-1]
        rows.append((field, len(wrong), first[0], ", ".join(map(str, first[1:]))))
    return pd.DataFrame(rows, columns=["field", "different", "clock", "where"])


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> IntArray:
    """Random weights of the whole range, none of them 0."""
    weights: IntArray = rng.integers(1, 8, shape) * rng.choice([-1, 1], shape)
    return weights


def _operation(bundle: str) -> tuple[Plan, int]:
    mapped = plan(network(), HW)
    names = {op.bundle: i for i, op in reversed(list(enumerate(mapped.operations))) if op.kind == "mac"}
    if bundle not in names:
        raise InputError(f"expected one of {', '.join(reversed(names))}, received {bundle!r}", where="bundle")
    return mapped, names[bundle]
