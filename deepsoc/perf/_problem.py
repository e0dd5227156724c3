"""What `fit` solves: networks, a space, limits, and a goal, evaluated on many points at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.graph.ir import Conv2D, Dense, Graph
from deepsoc.hw import Hardware
from deepsoc.hw.params import MAX_LINE_BUFFERS
from deepsoc.mapping.geometry import spread_loops
from deepsoc.perf._figures import ENGINE, figures, line_buffers
from deepsoc.perf._mapped import point_figures
from deepsoc.perf._network import Network, complete, kernel_columns, weight_words
from deepsoc.perf._search import Scores
from deepsoc.perf.space import PARAMETERS, Space
from deepsoc.perf.sweep import costs
from deepsoc.perf.timing import Memory
from deepsoc.workloads import Workload

if TYPE_CHECKING:
    from deepsoc.perf.sweep import Resources

__all__ = ["Goal", "Limit", "Problem"]

Goal = Literal["fps", "fps_per_watt", "fps_per_mm2", "latency"]
_COST = {"fps_per_watt": "power_w", "fps_per_mm2": "area_mm2"}
_PER_NETWORK = (
    "clocks", "end_to_end_clocks", "end_to_end_us", "fps", "end_to_end_fps", "efficiency", "dram_words", "dram_bytes",
)  # fmt: skip
_STAGES: dict[str, tuple[int, ...]] = {"requantizers": (1, 2), "drain_lanes": (1, 2, 4)}  # cheapest first
_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """A column that may not exceed a number or another column; a floor may not fall below it.

    Attributes:
        name: as people call it.
        used: column of the figures.
        budget: a number or a column.
        floor: whether the budget is the least.
    """

    name: str
    used: str
    budget: float | str
    floor: bool = False

    def bound(self, frame: pd.DataFrame) -> _Floats:
        """The budget of every point."""
        if isinstance(self.budget, str):
            return frame[self.budget].to_numpy(np.float64)
        return np.full(len(frame), self.budget)

    def share(self, frame: pd.DataFrame) -> _Floats:
        """What every point takes of its budget; more than 1 is refused."""
        used, bound = frame[self.used].to_numpy(np.float64), self.bound(frame)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a budget of 1e-320
            return bound / used if self.floor else used / bound


@dataclass(frozen=True)
class Problem:
    """Networks on a space of hardware, within limits, for a goal.

    What the space says nothing of in the output stage, has there what is cheapest; `restaged` has the others.

    Attributes:
        sources: the networks, as they are estimated.
        networks: their layers and needs.
        space: the points.
        resources: what a point costs.
        memory: what is behind the ports.
        goal: what is to be best.
        limits: what a point may take.
        memory_bytes: what the networks need, at least, of the shared memory of a RISC-V SoC; 0: there is none. Where a
            network is mapped it is known.
    """

    sources: Sequence[Workload | Graph]
    networks: tuple[Network, ...]
    space: Space
    resources: Resources
    memory: Memory
    goal: Goal
    limits: tuple[Limit, ...]
    memory_bytes: int = 0

    @property
    def mapped(self) -> bool:
        """Whether a network has weights, so that its mapping says more than the equations of its layers."""
        return any(isinstance(source, Graph) for source in self.sources)

    @property
    def passes(self) -> int:
        """Bit of the points where a network with weights needs several passes, of which the equations know nothing."""
        return 1 << len(self.limits)

    def with_memory(self, memory: Memory) -> Problem:
        """The same with another memory."""
        return replace(self, memory=memory)

    def with_memory_bytes(self, memory_bytes: int) -> Problem:
        """The same with a shared memory of that size."""
        return replace(self, memory_bytes=memory_bytes)

    def with_floor(self, factor: float) -> Problem:
        """The same with floors that are higher by a factor."""
        limits = tuple(
            replace(limit, budget=limit.budget * factor) if limit.floor and isinstance(limit.budget, float) else limit
            for limit in self.limits
        )
        return replace(self, limits=limits)

    def frame(self, index: _Ints) -> pd.DataFrame:
        """Complete parameters and figures of some points, by the equations of the layers."""
        columns = self.space.at(index)
        columns |= {name: np.full(len(index), values[0]) for name, values in self._stages.items()}
        return self._evaluated(complete(columns, self.networks))

    def restaged(self, row: pd.DataFrame) -> list[pd.DataFrame]:
        """The row of a point with every other output stage that is left to choose, as `frame` has them.

        Where networks with weights are depthwise in part, with and without channels of the groups' own as well; where
        they have dense layers at batch 1, with their weights on chip, with half of them, and with none.
        """
        points, found = row[list(PARAMETERS)], []
        stages, given = self._stages, [axis.name for axis in self.space.axes]
        if self._depthwise_columns and "depthwise" not in given:
            stages["depthwise"] = (0, min(max(int(row["cols"].iloc[0]) // self._depthwise_columns, 2), 256))
        if "weights_resident" not in given and (words := self._resident_words(Hardware(**_only(points)))):
            stages["weights_resident"] = (0, *(n for n in (-(-words // 2), words) if 2 <= n <= 1 << 20))
        for values in itertools.product(*stages.values()):
            other = points.assign(**dict(zip(stages, values, strict=True)))
            if not (other == points).all(axis=None) and not Hardware.faults(_only(other)):
                found.append(self._evaluated(other))
        return found

    @property
    def _depthwise_columns(self) -> int:
        """Columns of the narrowest depthwise kernels of networks with weights, three at least; 0: there are none."""
        cores = [bundle.core for source in self.sources if isinstance(source, Graph) for bundle in source.bundles]
        found = [core.weights.shape[1] for core in cores if isinstance(core, Conv2D) and core.depthwise]
        return max(min(found), 3) if found else 0

    def _resident_words(self, hw: Hardware) -> int:
        """Words of resident weights of dense layers that may be spread over the rows, of the network with the most."""
        if hw.x_bits < 8 or hw.pe == "dsp_pair":
            return 0
        graphs = [source for source in self.sources if isinstance(source, Graph) and source.input_shape[0] == 1]
        cores = [[bundle.core for bundle in graph.bundles if isinstance(bundle.core, Dense)] for graph in graphs]
        loops = [[spread_loops(hw, core.weights.shape[1], core.weights.shape[0]) for core in each] for each in cores]
        return max((sum(one.t * one.ci for one in each) for each in loops), default=0)

    @property
    def _stages(self) -> dict[str, tuple[int, ...]]:
        given = [axis.name for axis in self.space.axes]
        if self._of(Workload):  # does not tell what is quantized twice
            given.append("requantizers")
        return {name: values for name, values in _STAGES.items() if name not in given}

    def _evaluated(self, points: pd.DataFrame) -> pd.DataFrame:
        columns = {name: points[name].to_numpy() for name in (*ENGINE, "frequency_mhz")}
        found = [figures(network, columns, self.memory) for network in self.networks]
        clock_us = 1 / columns["frequency_mhz"]
        return self._joined(points, [one | {"end_to_end_us": one["end_to_end_clocks"] * clock_us} for one in found])

    def accepts(self, row: pd.DataFrame) -> bool:
        """Whether all points of a frame are within the limits."""
        return all((limit.share(row) <= 1).all() for limit in self.limits)

    def exact(self, row: pd.DataFrame) -> pd.DataFrame | None:
        """The row of a point with the figures of `estimate`; None if it is illegal or cannot run a network."""
        points = row[list(PARAMETERS)]
        try:
            hw = Hardware(**_only(points))
            found = [point_figures(source, hw, self.memory) for source in self.sources]
        except InputError:
            return None
        rows = [{name: np.array([one[name]]) for name in (*_PER_NETWORK, "dram_gb_per_s")} for one in found]
        basis = ", ".join(sorted({one["basis"] for one in found}, reverse=True))
        needed = max(one.get("memory_bytes", 0) for one in found)
        return self._joined(points, rows, basis, max(self.memory_bytes, needed) if self.memory_bytes else 0)

    def _joined(
        self,
        points: pd.DataFrame,
        found: Sequence[Mapping[str, npt.NDArray[Any]]],
        basis: str = "equations",
        memory_bytes: int | None = None,
    ) -> pd.DataFrame:
        """One row a point with the figures of all networks together, what limits read, and the goal."""
        if shared := self.memory_bytes if memory_bytes is None else memory_bytes:
            points = points.assign(memory_bytes=shared)
        stacked = {name: np.stack([one[name] for one in found]) for name in (*_PER_NETWORK, "dram_gb_per_s")}
        runs = (stacked["clocks"] > 0).all(axis=0)
        rows = points["rows"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            means = {
                name: np.where(runs, np.exp(np.log(stacked[name]).mean(axis=0)), 0.0)
                for name in ("fps", "end_to_end_fps", "efficiency")
            }
        frame = points.assign(
            pes=rows * points["cols"],
            clocks=stacked["clocks"].sum(axis=0),
            end_to_end_clocks=stacked["end_to_end_clocks"].sum(axis=0),
            basis=basis,
            **means,
            latency_us=np.where(runs, stacked["end_to_end_us"].sum(axis=0), np.inf),
            least_fps=np.where(runs, stacked["end_to_end_fps"].min(axis=0), 0.0),
            dram_words=stacked["dram_words"].sum(axis=0),
            dram_bytes=stacked["dram_bytes"].sum(axis=0),
            dram_gb_per_s=stacked["dram_gb_per_s"].max(axis=0),
            kernel_cols=kernel_columns(self.networks),
            line_buffers=line_buffers(self.networks, rows, points["x_bits"].to_numpy()),
            line_buffers_max=MAX_LINE_BUFFERS,
            weights_words=weight_words(self._of(Workload), rows),
        )
        frame = frame.assign(**costs(self.resources, points))
        if self.goal in _COST:
            frame[self.goal] = frame["end_to_end_fps"] / frame[_COST[self.goal]]
        return frame

    def _of(self, kind: type) -> list[Network]:
        return [
            network for source, network in zip(self.sources, self.networks, strict=True) if isinstance(source, kind)
        ]

    def score(self, frame: pd.DataFrame) -> _Floats:
        """The goal as a number of which more is better; 0 where a network cannot run."""
        if self.goal == "latency":
            score = 1e6 / frame["latency_us"].to_numpy(np.float64)
        else:
            score = frame["end_to_end_fps" if self.goal == "fps" else self.goal].to_numpy(np.float64)
        return np.where(np.isfinite(score), score, 0.0)

    def scores(self, index: _Ints) -> Scores:
        """Scores of some points; a point is refused by every limit that it exceeds, and see `passes`."""
        frame = self.frame(index)
        refused, excess = np.zeros(len(index), np.int64), np.zeros(len(index))
        for i, limit in enumerate(self.limits):
            share = limit.share(frame)
            above = ~(share <= 1)
            refused |= above.astype(np.int64) << i
            excess += np.where(above, np.nan_to_num(share, nan=1e3, posinf=1e3) - 1 + 1e-9, 0)
        several = weight_words(self._of(Graph), frame["rows"].to_numpy()) > frame["weights_ram_depth"].to_numpy()
        return Scores(index, self.score(frame), refused | several * self.passes, excess)


def _only(points: pd.DataFrame) -> dict[str, Any]:
    """Parameters of the only point of a frame."""
    return {name: points[name].tolist()[0] for name in PARAMETERS}
