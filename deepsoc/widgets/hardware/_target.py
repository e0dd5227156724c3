"""What hardware is built on, as controls show it: a board or an area of silicon, its budget and its model of costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deepsoc.errors import InputError
from deepsoc.hw import boards, nodes
from deepsoc.perf.timing import Memory

if TYPE_CHECKING:
    from deepsoc.perf.sweep import Resources

__all__ = ["Target", "targets"]


@dataclass(frozen=True)
class Target:
    """A board, an area of silicon, or nothing.

    Attributes:
        title: as people call it.
        capacity: by resource all there is.
        budget: by resource what a design may take.
        model: what hardware costs there; None: nothing is known.
        memory: what is behind the ports.
        preset: parameters of the hardware that it suggests.
        imports: lines of Python that `model_code` and `memory_code` need.
        model_code: Python that makes the model.
        memory_code: Python that makes the memory.
    """

    title: str = ""
    capacity: dict[str, float] = field(default_factory=dict)
    budget: dict[str, float] = field(default_factory=dict)
    model: Resources | None = None
    memory: Memory = field(default_factory=Memory)
    preset: dict[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    model_code: str = ""
    memory_code: str = ""

    @classmethod
    def of(cls, board: str | None, node: str | None, area_mm2: float | None) -> Target:
        """The target of a control's traits.

        Raises:
            InputError: both a board and a node, or one that is not there, or an area that is no area.
        """
        if board and node:
            raise InputError("expected either a board or a node with an area; give one of them", where="board")
        if area_mm2 is not None and not 0 < area_mm2 < math.inf:
            raise InputError(f"expected square millimetres above 0, received {area_mm2!r}", where="area_mm2")
        if board:
            return cls._of_board(board, boards.board(board))
        if node:
            return cls._of_node(node, nodes.node(node), area_mm2)
        return cls()

    @classmethod
    def _of_board(cls, name: str, found: boards.Board) -> Target:
        from deepsoc.perf.resources import FpgaResources

        budget = {name: round(value, 6) for name, value in found.budget().items()}
        return cls(
            title=found.title,
            capacity={name: getattr(found, name) for name in budget},
            budget=budget,
            model=FpgaResources.of(found),
            memory=Memory(gb_per_s=found.memory_gb_per_s),
            preset={"frequency_mhz": found.frequency_mhz, "axi_data_bits": found.axi_data_bits},
            imports=(
                *(("from deepsoc.hw.boards import board",) if found.system else ()),
                "from deepsoc.perf.resources import FpgaResources",
                "from deepsoc.perf.timing import Memory",
            ),
            model_code=f"FpgaResources.of(board({name!r}))" if found.system else f"FpgaResources({found.family!r})",
            memory_code=f"Memory(gb_per_s={found.memory_gb_per_s:g})",
        )

    @classmethod
    def _of_node(cls, name: str, found: nodes.Node, area_mm2: float | None) -> Target:
        from deepsoc.perf.silicon import Silicon

        area = {} if area_mm2 is None else {"area_mm2": float(area_mm2)}
        return cls(
            title=found.title,
            capacity=area,
            budget=area,
            model=Silicon(found),
            preset={"frequency_mhz": math.floor(found.frequency_mhz)},
            imports=("from deepsoc.hw.nodes import node", "from deepsoc.perf.silicon import Silicon"),
            model_code=f"Silicon(node({name!r}))",
        )


def targets() -> list[dict[str, str]]:
    """What can be chosen, where a model of the costs is known: `kind` (board or node), `name`, `title`."""
    from deepsoc.perf.resources import FAMILIES

    known = {name: board for name, board in boards.boards().items() if board.family in FAMILIES}
    return [
        *({"kind": "board", "name": name, "title": board.title} for name, board in known.items()),
        *({"kind": "node", "name": name, "title": node.title} for name, node in nodes.nodes().items()),
    ]
