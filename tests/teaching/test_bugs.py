"""The planted bugs: each changes one module, each is seen by the simulation, each number has one."""

from __future__ import annotations

import filecmp

import numpy as np
import pytest

from deepsoc.assets import folder
from deepsoc.errors import InputError
from deepsoc.mapping import array_steps, operation_input, plan
from deepsoc.sim import simulate
from deepsoc.teaching import Check, bugs

NUMBERS = {bugs.Case(number, None).fault: number for number in range(200, 0, -1)}  # type: ignore[arg-type]


def test_every_fault_belongs_to_some_number():
    assert set(NUMBERS) == set(bugs.FAULTS)


def test_modules_and_kinds_name_the_answers():
    for fault in bugs.FAULTS:
        assert (folder("rtl") / f"{fault.module}.sv").is_file()
        assert fault.module in bugs.MODULES
        assert fault.kind in bugs.KINDS
    assert len({(fault.module, fault.kind) for fault in bugs.FAULTS}) == len(bugs.FAULTS)


@pytest.mark.parametrize("fault", bugs.FAULTS, ids=lambda fault: f"{fault.module}-{fault.kind}")
def test_a_planted_bug_changes_one_module(fault, tmp_path):
    case = bugs.plant(NUMBERS[fault], tmp_path / "case")
    names = sorted(path.name for path in folder("rtl").iterdir() if path.is_file())
    _, different, missing = filecmp.cmpfiles(folder("rtl"), case.rtl, names, shallow=False)
    assert (different, missing) == ([f"{fault.module}.sv"], [])


def test_a_fault_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="exactly once, found 0"):
        bugs.FAULTS[0].apply("module dsoc_requant; endmodule")


@pytest.mark.parametrize("number", [1.5, "7", None, True])
def test_a_number_is_whole(number, tmp_path):
    with pytest.raises(InputError, match="whole number"):
        bugs.plant(number, tmp_path)


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
    first = next(op.name for op in result.operations if op.mismatches)
    marks = Check()
    assert marks("7.1", (case, first)).points == 1
    assert marks("7.1", (case, "classes")).points == 0
    assert marks("7.3", (case, case.fault.module)).points == 3
    assert marks("7.5", (case, bugs.network())).message.startswith("it finds the fault")


@pytest.mark.slow
@pytest.mark.xdist_group("simulator")
@pytest.mark.parametrize("fault", bugs.FAULTS, ids=lambda fault: f"{fault.module}-{fault.kind}")
def test_every_bug_is_seen_whatever_the_input(fault, tmp_path, seed):
    case = bugs.plant(NUMBERS[fault], tmp_path)
    result = case.simulate(seed=seed)
    assert not result.bit_exact
    assert not result.error
