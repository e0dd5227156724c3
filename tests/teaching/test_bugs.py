"""The planted bugs: each changes one module, each is seen by the simulation, each number has one."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deepsoc.assets import folder, rtl_files, rtl_headers, rtl_module
from deepsoc.errors import InputError
from deepsoc.mapping import array_steps, operation_input, plan
from deepsoc.sim import Difference, simulate
from deepsoc.teaching import Check, bugs, check
from deepsoc.teaching.lab7 import SUSPECTS

SOLUTION = folder("notebooks") / "labs" / "instructor" / "07_verification.ipynb"
OPERATIONS = ("conv1", "conv2", "conv2.pool", "classes")


def one_more_than_even(d: Difference) -> bool:
    return d.expected % 2 == 0 and d.received - d.expected == 1


# What the notebook measures of each fault: first wrong operation, first wrong quantity, and what all first differences
# have in common. Together they must belong to one fault only.
EVIDENCE: dict[tuple[str, str], tuple[str, str, Callable[[Difference], bool]]] = {
    ("dsoc_requant", "rounding"): ("conv1", "none", one_more_than_even),
    ("dsoc_requant", "saturation"): ("conv1", "none", lambda d: (d.expected, d.received) == (7, 6)),
    ("dsoc_output_stage", "negative slope"): ("conv1", "none", lambda d: d.received < d.expected < 0),
    ("dsoc_drain", "last columns"): ("conv1", "none", lambda d: d.index[2] == 8),
    ("dsoc_weights_reader", "bias"): ("conv1", "none", lambda d: d.index[3] >= 4),
    ("dsoc_pixel_shifter", "padding"): ("conv1", "pixels", lambda d: d.index[1] == 0),
    ("dsoc_array", "group border"): ("conv1", "sums", lambda d: d.index[3] in (1, 3, 5)),
    ("dsoc_array", "start of a sum"): ("conv1", "sums", lambda d: d.index[2] == 0),
    ("dsoc_output_stage", "alignment"): ("conv2", "none", lambda d: True),
    ("dsoc_pool", "rounding"): ("conv2.pool", "none", one_more_than_even),
}

NUMBERS = {bugs.Case(number, None).fault: number for number in range(200, 0, -1)}  # type: ignore[arg-type]


def test_every_fault_belongs_to_some_number():
    assert set(NUMBERS) == set(bugs.FAULTS)


def test_modules_and_kinds_name_the_answers():
    for fault in bugs.FAULTS:
        assert rtl_module(fault.module).is_file()
        assert fault.module in bugs.MODULES
        assert fault.kind in bugs.KINDS
    assert len({(fault.module, fault.kind) for fault in bugs.FAULTS}) == len(bugs.FAULTS)


@pytest.mark.parametrize("fault", bugs.FAULTS, ids=lambda fault: f"{fault.module}-{fault.kind}")
def test_a_planted_bug_changes_one_module(fault, tmp_path):
    case = bugs.plant(NUMBERS[fault], tmp_path / "case")
    names = sorted(str(path.relative_to(folder("rtl"))) for path in [*rtl_files(), *rtl_headers()])
    _, different, missing = filecmp.cmpfiles(folder("rtl"), case.rtl, names, shallow=False)
    assert (different, missing) == ([str(rtl_module(fault.module).relative_to(folder("rtl")))], [])


def test_a_fault_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="exactly once, found 0"):
        bugs.FAULTS[0].apply("module dsoc_requant; endmodule")


@pytest.mark.parametrize("number", [1.5, "7", None, True])
def test_a_number_is_whole(number, tmp_path):
    with pytest.raises(InputError, match="whole number"):
        bugs.plant(number, tmp_path)


def test_only_the_own_fault_counts(tmp_path):
    case = bugs.plant(2, tmp_path)
    for exercise in ("7.1", "7.2", "7.3", "7.4", "7.5"):
        mark = Check(number=5)(exercise, (case, case.fault.module))
        assert (mark.points, mark.message) == (0, "this is the fault of number 2; yours is 5")
    assert Check(number=2)("7.3", (case, case.fault.module)).points == 3


def test_states_are_compared_field_by_field():
    mapped = plan(bugs.network(), bugs.HW)
    x = np.random.default_rng(0).integers(-8, 8, mapped.graph.input_shape)
    states = array_steps(mapped.operations[0], mapped.hw, operation_input(mapped, 0, x))
    assert bugs.compare_states(states, states)["different"].tolist() == [0, 0, 0, 0]
    other = array_steps(mapped.operations[0], mapped.hw, operation_input(mapped, 0, x))
    other.sums[20, 3, 5] += 1
    table = bugs.compare_states(states, other).set_index("field")
    assert table.loc["sums"].tolist() == [1, 20, "3, 5"]
    with pytest.raises(InputError, match="clocks expected"):
        bugs.compare_states(states, array_steps(mapped.operations[1], mapped.hw, operation_input(mapped, 1, x)))


def test_no_states_of_what_is_no_convolution(tmp_path):
    case = bugs.plant(1, tmp_path)
    with pytest.raises(InputError, match="not an export"):
        case.states("conv1")


def test_a_folder_without_sources_is_refused(tmp_path):
    from deepsoc.export import export

    done = export(bugs.network(), bugs.HW, tmp_path / "net")
    with pytest.raises(InputError, match=r"files\.f"):
        simulate(done.path, rtl=tmp_path)


@pytest.mark.xdist_group("simulator")
def test_the_right_rtl_is_right_and_the_faulty_one_is_not(tmp_path):
    case = bugs.plant(1, tmp_path)
    assert case.simulate(faulty=False).bit_exact
    result = case.simulate()
    assert not result.bit_exact
    first = next((op.name, op.mismatches) for op in result.operations if op.mismatches)
    marks = Check()
    assert marks("7.1", (case, first)).points == 1
    assert marks("7.1", (case, ("classes", first[1]))).points == 0
    assert marks("7.1", (case, (first[0], first[1] + 1))).points == 0.5
    assert marks("7.1", (case, first[0])).points == 0
    assert marks("7.3", (case, case.fault.module)).points == 3
    assert marks("7.5", (case, bugs.network())).message.startswith("it finds the fault")
    shutil.copytree(folder("rtl"), case.rtl, dirs_exist_ok=True)  # a student's repair
    assert "plant the fault again" in marks("7.1", (case, first)).message
    assert "plant the fault again" in marks("7.2", (case, "none")).message


def solve(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Runs the instructor's notebook with another number: its names, and its answer to each exercise."""
    names: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for cell in json.loads(SOLUTION.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            exec(re.sub(r"^NUMBER = \d+", f"NUMBER = {number}", source, flags=re.MULTILINE), names)
            if checked := re.match(r'check\("(7\.\d)", \(case, (\w+)\)\)', source):
                answers[checked[1]] = names[checked[2]]
    return names, answers


@pytest.mark.slow
@pytest.mark.xdist_group("simulator")
@pytest.mark.parametrize("fault", bugs.FAULTS, ids=lambda fault: f"{fault.module}-{fault.kind}")
def test_the_notebook_leads_to_every_bug(fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check.marks.clear()
    names, answers = solve(NUMBERS[fault])
    case = names["case"]
    assert case.number == NUMBERS[fault]
    assert check.report().complete
    assert (answers["7.3"], answers["7.4"]) == (fault.module, fault.kind)

    fits = [
        key
        for key, (operation, suspect, explains) in EVIDENCE.items()
        if (operation, suspect) == (answers["7.1"][0], answers["7.2"]) and all(map(explains, names["found"]))
    ]
    assert fits == [(fault.module, fault.kind)]

    choices = {
        "7.1": [(name, 1) for name in OPERATIONS if name != answers["7.1"][0]],
        "7.2": SUSPECTS,
        "7.3": bugs.MODULES,
        "7.4": bugs.KINDS,
    }
    for exercise, words in choices.items():
        wrong = [word for word in words if word != answers[exercise]]
        for word in wrong if exercise in ("7.3", "7.4") else wrong[:1]:  # the others simulate
            mark = Check(case.number)(exercise, (case, word))
            assert (mark.points, mark.message.startswith("expected")) == (0, False), mark


@pytest.mark.slow
@pytest.mark.xdist_group("simulator")
@pytest.mark.parametrize("fault", bugs.FAULTS, ids=lambda fault: f"{fault.module}-{fault.kind}")
def test_every_bug_is_seen_whatever_the_input(fault, tmp_path, seed):
    case = bugs.plant(NUMBERS[fault], tmp_path)
    result = case.simulate(seed=seed)
    assert not result.bit_exact
    assert not result.error
