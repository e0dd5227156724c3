"""The best hardware for some networks within the budget of a board or of a silicon area."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from deepsoc.errors import DeepSocError, InputError
from deepsoc.hw import Hardware
from deepsoc.perf._explain import best_points, explained, finalists, ties, why_none
from deepsoc.perf._fitspace import fit_space
from deepsoc.perf._network import least_memory_bytes, networks_of
from deepsoc.perf._problem import Goal, Limit, Problem
from deepsoc.perf._search import Scores, everywhere, guided
from deepsoc.perf.space import PARAMETERS, Space
from deepsoc.perf.sweep import MAX_POINTS, Progress
from deepsoc.perf.timing import Memory
from deepsoc.workloads import Workload

if TYPE_CHECKING:
    from deepsoc.hw.boards import Board, System
    from deepsoc.hw.nodes import Node
    from deepsoc.perf.sources import Source

__all__ = ["Fit", "Goal", "NoFitError", "fit"]

_ROUNDS = 3  # rankings with a floor, each raised because mapped networks are slower than their equations,
_RAISE = 1.02  # by this factor at least
_RESTAGED = 6  # mapped points of which other output stages are tried


class NoFitError(DeepSocError):
    """No hardware is within the limits."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The best hardware, and why it is not better.

    Attributes:
        hw: the hardware, every maximum known; `hw.dump` writes hw.json.
        resources: what it costs: `lut`, `ff`, `dsp`, `bram36`, `power_w` of a board; `area_mm2`, `power_w` of a node.
        fps: end to end, with `memory` behind the ports; the geometric mean over the networks.
        basis: of the frames a second, as of `estimate`; `mapped, equations` if only some networks have weights.
        memory: what is behind the ports.
        figures: its row of the table.
        table: the best point and the runners-up, best first: parameters, figures, and what they cost.
        limits: one row a limit: `limit`, `budget`, `used`, `share` of the budget; `binds`: without this limit a better
            point would be legal, or it is one of those that refuse the next better point; `gain`: by what share the
            goal would grow without it (by the equations of the layers).
        method: how the space was searched: all of it, or led by Optuna.
        points: how many points were evaluated.
    """

    hw: Hardware
    resources: dict[str, float]
    fps: float
    basis: str
    memory: Memory
    figures: dict[str, Any]
    table: pd.DataFrame
    limits: pd.DataFrame
    method: Literal["exhaustive", "optuna"]
    points: int


def fit(
    networks: Sequence[Source],
    *,
    board: str | Path | Board | None = None,
    area_mm2: float | None = None,
    node: str | Path | Node | None = None,
    goal: Goal = "fps",
    fps_min: float | None = None,
    power_w: float | None = None,
    space: Space | Mapping[str, Any] | str | Path | None = None,
    memory: Memory | None = None,
    runners_up: int = 10,
    seed: int = 0,
    trials: int = 400,
    progress: Progress | None = None,
) -> Fit:
    """Finds the best legal hardware for some networks.

    Legal is what the RTL can be built for, runs every network and fits the budget. Up to MAX_POINTS the whole space is
    evaluated by the equations of the layers; networks with weights are then mapped to the best points and ranked by
    their end-to-end time. `requantizers` and `drain_lanes` that the space leaves open are 1 at first; the best points
    are tried with all others, and of equally fast ones the smallest is taken.

    Args:
        networks: what `estimate` takes.
        board: whose resources are the budget, and whose clock, port width and memory are used; or
        area_mm2: the budget in silicon, square millimetres, with
        node: the process.
        goal: `fps` and `latency` (sum of the networks' times) end to end; `fps_per_watt`; `fps_per_mm2` of a node.
        fps_min: frames a second that every network must reach.
        power_w: most power.
        space: parameters and their values, as for a sweep, or a file of them; those left out take sensible values.
        memory: what is behind the ports; None: the board's bandwidth, or no limit but the ports.
        runners_up: how many more points are in the table.
        seed: of Optuna.
        trials: of Optuna, where the space is too large to be evaluated.
        progress: is told about it.

    Raises:
        InputError: a fault in the arguments or the networks.
        NoFitError: no point is legal; says which limits exclude the smallest array, and by how much.
        ToolError: Optuna is needed and not installed.
    """
    target = _Target.of(board, area_mm2, node)
    for name, value in (("fps_min", fps_min), ("power_w", power_w)):
        if value is not None and not (_is_number(value) and 0 < value < math.inf):
            raise InputError(f"expected a number above 0, received {value!r}", where=name)
    for name, count, least in (("runners_up", runners_up, 0), ("trials", trials, 1), ("seed", seed, 0)):
        if type(count) is not int or count < least:
            raise InputError(f"expected an integer of at least {least}, received {count!r}", where=name)
    if goal not in get_args(Goal):
        raise InputError(f"expected one of {', '.join(get_args(Goal))}, received {goal!r}", where="goal")
    if goal == "fps_per_mm2" and area_mm2 is None:
        raise InputError("a board has no area; give area_mm2 and node, or another goal", where="goal")
    sources, found = networks_of(networks)
    limits = [*target.limits, *_limits(sources, power_w, fps_min)]
    shared = 0
    if target.system:
        shared = max(map(least_memory_bytes, found))
        limits.append(Limit("memory_bytes", "memory_bytes", float(target.system.memory_bytes)))
    problem = Problem(
        sources=sources,
        networks=found,
        space=fit_space(space, sources, found, target.frequency_mhz, target.axi_data_bits, target.elements),
        resources=target.resources,
        memory=memory or target.memory,
        goal=goal,
        limits=tuple(limits),
        memory_bytes=shared,
    )
    exhaustive = problem.space.size * len(found) <= MAX_POINTS
    if exhaustive:
        scores = everywhere(np.arange(problem.space.size), problem.scores, progress)
    else:
        scores = guided(problem.space, problem.scores, trials=trials, seed=seed, progress=progress)
    table = _ranking(problem, scores, runners_up + 1)
    figures = {str(name): value for name, value in table.iloc[0].to_dict().items()}
    return Fit(
        hw=Hardware(**{name: table[name].tolist()[0] for name in PARAMETERS}),
        resources={name: float(figures[name]) for name in target.costs},
        fps=float(figures["end_to_end_fps"]),
        basis=figures["basis"],
        memory=problem.memory,
        figures=figures,
        table=table,
        limits=explained(problem, scores, table.iloc[:1]),
        method="exhaustive" if exhaustive else "optuna",
        points=len(scores.index),
    )


@dataclass(frozen=True)
class _Target:
    """What is built on: budget, costs, clock, ports, kinds of elements; the SoC of a board without a processor."""

    limits: tuple[Limit, ...]
    resources: Any
    costs: tuple[str, ...]
    frequency_mhz: float
    axi_data_bits: tuple[int, ...]
    memory: Memory
    elements: Sequence[str] = ("portable",)
    system: System | None = None

    @classmethod
    def of(cls, board: str | Path | Board | None, area_mm2: float | None, node: str | Path | Node | None) -> _Target:
        if (board is None) == (area_mm2 is None):
            raise InputError("expected either a board or an area with a node; give one of them", where="board")
        if (node is None) != (area_mm2 is None):
            raise InputError("an area needs a node, and a node an area; give both", where="node")
        if board is not None:
            return cls._of_board(board)
        if not (_is_number(area_mm2) and area_mm2 is not None and 0 < area_mm2 < math.inf):
            raise InputError(f"expected square millimetres above 0, received {area_mm2!r}", where="area_mm2")
        from deepsoc.hw import nodes
        from deepsoc.perf.silicon import Silicon

        process = node if isinstance(node, nodes.Node) else nodes.node(node or "")
        return cls(
            (Limit("area_mm2", "area_mm2", float(area_mm2)),), Silicon(process), ("area_mm2", "power_w"),
            math.floor(process.frequency_mhz), (64, 128, 256, 512), Memory(),
        )  # fmt: skip

    @classmethod
    def _of_board(cls, board: str | Path | Board) -> _Target:
        from deepsoc.hw import boards

        chosen = board if isinstance(board, boards.Board) else boards.board(board)
        from deepsoc.perf.resources import FpgaResources, elements

        budget = chosen.budget()
        return cls(
            tuple(Limit(name, name, float(value)) for name, value in budget.items()), FpgaResources.of(chosen),
            (*budget, "power_w"), chosen.frequency_mhz, (chosen.axi_data_bits,),
            Memory(gb_per_s=chosen.memory_gb_per_s), elements(chosen.family), chosen.system,
        )  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limits(sources: Sequence[object], power_w: float | None, fps_min: float | None) -> list[Limit]:
    """Limits that do not depend on what is built on."""
    limits = [Limit("cols", "kernel_cols", "cols"), Limit("line_buffers", "line_buffers", "line_buffers_max")]
    if any(isinstance(source, Workload) for source in sources):
        limits.append(Limit("weights_ram_depth", "weights_words", "weights_ram_depth"))
    if power_w is not None:
        limits.append(Limit("power_w", "power_w", float(power_w)))
    if fps_min is not None:
        limits.append(Limit("fps_min", "least_fps", float(fps_min), floor=True))
    return limits


# ---- the best points -------------------------------------------------------------------------------------------------


def _raised(problem: Problem, indices: Sequence[int], mapped: Sequence[pd.DataFrame]) -> float:
    """By what the floors are raised: mapped, most points are too slow, by as much as the equations promise more."""
    if not mapped or not any(limit.floor for limit in problem.limits):
        return 1.0
    promised = problem.frame(np.array(indices))["least_fps"].max()
    achieved = max(row["least_fps"].iloc[0] for row in mapped)
    return max(float(promised / achieved), _RAISE)


def _ranking(problem: Problem, scores: Scores, count: int) -> pd.DataFrame:
    """The best legal points, best first, with their final figures."""
    if not problem.mapped:
        best = best_points(problem, scores, scores.refused == 0, count)
        if not len(best):
            raise NoFitError(why_none(problem, scores))
        found = problem.frame(best)
        return _ordered(problem, [_best_stage(problem, found.iloc[[i]]) for i in range(len(found))], count)
    rows, raised = dict[int, pd.DataFrame | None](), problem
    for _ in range(_ROUNDS):
        indices = [int(index) for index in finalists(raised, scores, count)]
        rows |= {index: problem.exact(problem.frame(np.array([index]))) for index in indices if index not in rows}
        mapped = [row for index in indices if (row := rows[index]) is not None]
        legal = [row for row in rows.values() if row is not None and problem.accepts(row)]
        floor, memory = _raised(problem, indices, mapped), raised.memory_bytes
        if memory and mapped and not legal:
            memory = max(memory, min(int(row["memory_bytes"].iloc[0]) for row in mapped))
        if not mapped or len(legal) >= count or (floor == 1 and memory == raised.memory_bytes):
            break
        raised = raised.with_floor(floor).with_memory_bytes(memory)
        scores = everywhere(scores.index, raised.scores)
    if not legal:
        raise NoFitError(why_none(problem, scores))
    found = _ordered(problem, legal, count)
    staged = [_best_stage(problem, found.iloc[[i]]) for i in range(min(_RESTAGED, len(found)))]
    return _ordered(problem, [*staged, found.iloc[_RESTAGED:]], count)


def _best_stage(problem: Problem, row: pd.DataFrame) -> pd.DataFrame:
    """The point of a row with the best of the output stages that are within the limits."""
    others: list[pd.DataFrame | None] = [other for other in problem.restaged(row) if problem.accepts(other)]
    if problem.mapped:
        others = [problem.exact(other) for other in others if other is not None]
    legal = [other for other in others if other is not None and problem.accepts(other)]
    return _ordered(problem, [row, *legal], 1)


def _ordered(problem: Problem, found: Sequence[pd.DataFrame], count: int) -> pd.DataFrame:
    """The best points, best first."""
    table = pd.concat(found)
    order = np.lexsort((*ties(table), -problem.score(table)))
    return table.iloc[order[:count]].reset_index(drop=True)
