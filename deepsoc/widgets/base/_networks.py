"""Networks as controls evaluate them: read once, then the figures of any hardware in a few milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.hw.params import MAX_LINE_BUFFERS, MAXIMA
from deepsoc.perf._figures import ENGINE, figures, line_buffers
from deepsoc.perf._mapped import point_figures
from deepsoc.perf._network import bits_of, complete, joined, kernel_columns, networks_of, weight_words
from deepsoc.perf.estimate import estimate
from deepsoc.perf.space import PARAMETERS
from deepsoc.perf.sweep import FIGURES
from deepsoc.perf.timing import Memory
from deepsoc.widgets.hardware._hardware_form import given

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

    AnyNetwork: TypeAlias = Source | Mapping[str, Any]

__all__ = ["Networks", "Point", "plain"]

Point = dict[str, npt.NDArray[Any]]
"""Every parameter of one hardware, an array of one element each."""

_KEPT = 64
_NO_NEEDS = dict.fromkeys(MAXIMA, 1) | {"edges_ram_depth": 16}


class Networks:
    """Some networks and what they need.

    Args:
        sources: what `estimate` takes, or `net.json` as a dictionary.

    Raises:
        InputError: one cannot be read, or two have one name.
    """

    def __init__(self, sources: Sequence[AnyNetwork]) -> None:
        from deepsoc.netspec.spec import parse_net

        if isinstance(sources, str | Mapping) or not isinstance(sources, Sequence):
            raise InputError(f"expected a list of networks, received {sources!r}", where="networks")
        read = [parse_net(source) if isinstance(source, Mapping) else source for source in sources]
        self.sources, self.needs = networks_of(read) if read else ([], ())
        self.names = [network.workload.name for network in self.needs]
        self._kept: dict[tuple[str, Hardware, Memory], dict[str, Any]] = {}

    def point(self, hw: Hardware) -> Point:
        """Every parameter: what the hardware leaves open is what the networks need."""
        own = {name: np.array([value]) for name, value in given(hw).items()}
        if not self.needs:
            own = {name: np.array([value]) for name, value in _NO_NEEDS.items()} | own
        return {str(name): column.to_numpy() for name, column in complete(own, self.needs).items()}

    def figures(self, point: Point, memory: Memory) -> dict[str, dict[str, Any]]:
        """By network the figures of `sweep` at a point, and their `basis`; none of one that needs more columns.

        A network with weights that the hardware can run is mapped, as `estimate` does it; what the hardware cannot run
        (see `faults`) has the figures of the equations.
        """
        found = {}
        for name, network in zip(self.names, self.needs, strict=True):
            row = {key: plain(values[0]) for key, values in figures(network, point, memory).items()}
            try:
                row |= self._mapped(name, _hardware(point), memory)
            except InputError:
                row["basis"] = "equations"
            found[name] = row if row["clocks"] else {}
        return found

    def together(self, point: Point, memory: Memory) -> dict[str, Any]:
        """The same over all networks, as `over_networks` joins them; nothing if one does not run."""
        found = list(self.figures(point, memory).values())
        if not all(found):
            return {}
        how: dict[str, Callable[[Any], Any]] = {
            "sum": np.sum,
            "max": np.max,
            "min": np.min,
            "mean": lambda of: np.exp(np.mean(np.log(of))),
        }
        rows = {name: plain(how[kind]([one[name] for one in found])) for name, kind in FIGURES.items()}
        return rows | {"basis": ", ".join(sorted({one["basis"] for one in found}, reverse=True))}

    def _mapped(self, name: str, hw: Hardware, memory: Memory) -> dict[str, Any]:
        """What mapping the network changes in its figures; kept for a hardware that comes again.

        Raises:
            InputError: the hardware cannot run it.
        """
        source = self.sources[self.names.index(name)]
        if not isinstance(source, Graph):
            return {"basis": "equations"}
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        key = name, hw, memory
        if key not in self._kept:
            found = point_figures(source, hw, memory)
            self._kept[key] = {figure: plain(value) for figure, value in found.items()}
        return self._kept[key]

    def faults(self, point: Point) -> dict[str, str]:
        """By parameter why the networks cannot run at a point."""
        if not self.needs:
            return {}
        least = joined(self.needs) | bits_of(self.needs) | {"cols": kernel_columns(self.needs)}
        faults = {
            name: f"the networks need {need:,}, received {point[name][0]:,}"
            for name, need in least.items()
            if point[name][0] < need
        }
        buffers = line_buffers(self.needs, point["rows"], point["x_bits"])[0]
        if buffers > MAX_LINE_BUFFERS:
            faults["rows"] = f"the networks need {buffers:.0f} line buffers, at most {MAX_LINE_BUFFERS} are there"
        tables = [need for source, need in zip(self.sources, self.needs, strict=True) if not isinstance(source, Graph)]
        if (words := weight_words(tables, point["rows"])[0]) > point["weights_ram_depth"][0]:
            faults["weights_ram_depth"] = f"{words:,} words let every layer take one pass, as the equations assume"
        return faults

    def table(self, name: str, hw: Hardware, memory: Memory) -> pd.DataFrame:
        """What `estimate` returns for one network; by the equations if the hardware cannot run it (see `faults`).

        Raises:
            InputError: no such network, or it does not run on so few columns.
        """
        if name not in self.names:
            known = ", ".join(self.names) or "no network"
            raise InputError(f"expected one of {known}, received {name!r}", where="network")
        point = self.point(hw)
        source = self.sources[self.names.index(name)]
        with suppress(InputError):
            if isinstance(source, Graph):
                return estimate(source, _hardware(point), memory=memory)
        # without maxima: the equations know no limit of line buffers
        seen = Hardware(**{key: plain(point[key][0]) for key in (*ENGINE, "frequency_mhz")})
        return estimate(self.needs[self.names.index(name)].workload, seen, memory=memory)


def _hardware(point: Point) -> Hardware:
    return Hardware(**{name: plain(point[name][0]) for name in PARAMETERS})


def plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value
