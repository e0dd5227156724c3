"""Process nodes: how area, energy and delay scale from 65 nm, from one TOML file a node in `deepsoc/hw/nodes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from deepsoc.hw._data import Entry, find, read_all

__all__ = ["Node", "node", "nodes"]

_Factor = Annotated[float, Field(ge=1e-6, le=1e6)]
_FREQUENCY_65_MHZ = 400.0  # Kraken, 7 x 96 PEs of 8 bit (arXiv 2112.02793)


class Node(Entry):
    """A process: factors over 65 nm at its nominal voltage, and where they come from."""

    title: str  # as people call it
    nm: _Factor  # the node's name as a number
    vdd: _Factor  # nominal supply, volts
    area: _Factor  # of logic
    sram_area: _Factor  # of a static memory cell
    energy: _Factor  # of a switching event
    delay: _Factor  # of a gate
    error_percent: float = Field(ge=0, le=1e6)  # of these factors, judged: see docs/silicon.md
    source: str  # of these figures

    @property
    def frequency_mhz(self) -> float:
        """Clock that such designs reach: 400 MHz, published for 7 × 96 PEs of 8 bit in 65 nm, over `delay`."""
        return _FREQUENCY_65_MHZ / self.delay


def node(name_or_path: str | Path) -> Node:
    """A node by its name, or a user's own by the path of its TOML file.

    Raises:
        InputError: no such node or file, or a field is wrong; lists the nodes, or names file and field.
    """
    return find(Node, "nodes", name_or_path)


def nodes() -> dict[str, Node]:
    """All nodes of the package by name."""
    return read_all(Node, "nodes")
