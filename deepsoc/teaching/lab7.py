"""Exercises of lab 7: verification; find the planted bug."""

from __future__ import annotations

from typing import Any

from deepsoc.errors import InputError
from deepsoc.graph.ir import Graph
from deepsoc.sim import OperationResult, SimResult
from deepsoc.teaching.bugs import KINDS, MODULES, Case, compare_states
from deepsoc.teaching.verdicts import RIGHT, Exercise, Verdict, is_number, word

__all__ = ["EXERCISES", "SUSPECTS"]

SUSPECTS = ("pixels", "weights", "sums", "leaves", "none")
"""Answers to exercise 7.2: the first quantity of the array that is wrong, or none of them."""


class _CaseError(Exception):
    """The answer is not (case, answer) with the student's own case; says so."""


def _case(answer: Any, student: int) -> tuple[Case, Any]:
    case, said = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, None)
    if not isinstance(case, Case):
        raise _CaseError("expected (case, answer)")
    if case.number != student:
        raise _CaseError(f"this is the fault of number {case.number}; yours is {student}")
    return case, said


def _run(case: Case) -> tuple[SimResult, OperationResult]:
    """A run of the faulty RTL, and its first wrong operation."""
    result = case.simulate()
    for operation in result.operations:
        if operation.mismatches:
            return result, operation
    raise InputError("these sources compute everything right; plant the fault again", where=str(case.rtl))


def _1(answer: Any, student: int) -> Verdict:
    case, said = _case(answer, student)
    result, first = _run(case)
    try:
        name, count = said
    except (TypeError, ValueError):
        return Verdict(0.0, "expected (case, (name, number of wrong values))")
    hints = ("an operation that reads wrong tensors is no witness", "look at the operations of the run in their order")
    found = word(name, [first.name], choices=[op.name for op in result.operations], hints=hints)
    if found is RIGHT and not (is_number(count) and count == first.mismatches):
        return Verdict(0.5, "the operation is right, the number is not", ("each operation counts its own",))
    return found


def _2(answer: Any, student: int) -> Verdict:
    case, said = _case(answer, student)
    _, first = _run(case)
    hints = (
        "is it the first wrong operation that you compare?",
        "pixels and weights enter the array, sums are made in it, `leaves` says which columns are finished",
        "if all are right in the first wrong operation, the fault lies behind the array",
    )
    right = _suspect(case, first.bundle) if first.name == first.bundle else "none"
    return word(said, [right], choices=SUSPECTS, hints=hints)


def _suspect(case: Case, bundle: str) -> str:
    table = compare_states(*case.states(bundle)).set_index("field")
    return next((field for field in SUSPECTS[:-1] if table.loc[field, "different"]), "none")


def _3(answer: Any, student: int) -> Verdict:
    case, said = _case(answer, student)
    hints = ("up to where is the data still right?", "which values are wrong, and which never?")
    return word(said, [case.fault.module], choices=MODULES, hints=hints)


def _4(answer: Any, student: int) -> Verdict:
    case, said = _case(answer, student)
    hints = ("compare expected and received for several seeds", "which kinds could make this difference at all?")
    return word(said, [case.fault.kind], choices=KINDS, hints=hints)


def _5(answer: Any, student: int) -> Verdict:
    case, graph = _case(answer, student)
    if not isinstance(graph, Graph):
        return Verdict(0.0, f"expected a Graph, received {type(graph).__name__}")
    if not case.simulate(graph, faulty=False).bit_exact:
        return Verdict(0.0, "the right RTL fails this test too")
    if case.simulate(graph).bit_exact:
        return Verdict(0.0, "the faulty RTL passes this test")
    if len(graph.bundles) > 1:
        return Verdict(0.5, "it finds the fault; can you do it with one bundle?")
    return RIGHT


def _judge(judge: Any) -> Any:
    def judged(answer: Any, student: int) -> Verdict:
        try:
            verdict: Verdict = judge(answer, student)
        except _CaseError as error:
            return Verdict(0.0, str(error))
        return verdict

    return judged


EXERCISES = (
    Exercise("7.1", 1, "first wrong operation", _judge(_1)),
    Exercise("7.2", 2, "first wrong quantity of the array", _judge(_2)),
    Exercise("7.3", 3, "module of the fault", _judge(_3)),
    Exercise("7.4", 2, "kind of the fault", _judge(_4)),
    Exercise("7.5", 2, "a test of one bundle", _judge(_5)),
)
