"""Tensors side by side: which of a network's lie in ranges of one buffer's channels, and where each range begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deepsoc.errors import MappingError
from deepsoc.graph.ir import Conv2D, Graph
from deepsoc.graph.shapes import BundleInfo
from deepsoc.hw import Hardware

__all__ = ["Joint", "joint_of", "joints_of"]

Names = tuple[str, ...]


@dataclass(frozen=True)
class Joint:
    """A buffer that holds several tensors side by side, on the channels.

    Attributes:
        buffer: its name.
        members: names of the tensors, in the order of their channels.
        starts: first channel of each, and behind the last one the channels of all.
        written: members that their own operations write here; the others are copied.
    """

    buffer: str
    members: Names
    starts: tuple[int, ...]
    written: frozenset[str]

    def place(self, names: Names) -> int | None:
        """Place of the first of some tensors that stand here one behind the other; None if they do not."""
        return next((i for i in range(len(self.members)) if self.members[i : i + len(names)] == names), None)

    def copied(self, first: int, count: int) -> list[int]:
        """Places, of `count` of them, whose tensors are copied: their own operations write them elsewhere."""
        return [
            i
            for i, name in enumerate(self.members[first : first + count], first)
            if name not in self.written or self.members.index(name) != i
        ]


def joints_of(graph: Graph, hw: Hardware, infos: dict[str, BundleInfo]) -> list[Joint]:
    """A buffer for every concatenation of a network that does not stand inside another one.

    A tensor has one place. It is copied into the other concatenations that it stands in, once more into one that has
    it twice, and into all of them if its place must be one of its own: the input is written by firmware as a whole, and
    the bursts of a residual's reader begin on the grid.
    """
    joints: list[Joint] = []
    placed = {"input"}
    residuals = {bundle.add.source for bundle in graph.bundles if bundle.add}
    flat = {bundle.name for bundle in graph.bundles if bundle.flatten and isinstance(bundle.core, Conv2D)}
    for bundle in sorted(graph.bundles, key=lambda bundle: -len(bundle.sources)):
        sources = bundle.sources
        if len(sources) == 1 or any(joint.place(sources) is not None for joint in joints):
            continue
        if found := flat.intersection(sources):
            raise MappingError(
                f"{min(found)!r} is flattened, and its channels do not lie together; concatenate first, and flatten "
                "what reads the concatenation",
                where=f"bundle {bundle.name}",
            )
        starts = _starts([_channels(name, graph, infos) for name in sources])
        own = {name for name, at in zip(sources, starts, strict=False) if name in residuals and at % hw.grid_bytes}
        joints.append(Joint(f"{bundle.name}.input", sources, starts, frozenset(sources) - placed - own))
        placed |= joints[-1].written
    return joints


def joint_of(joints: Sequence[Joint], sources: Names) -> tuple[Joint, int]:
    """The joint in which several tensors of a network stand one behind the other, and the place of the first."""
    return next((joint, place) for joint in joints if (place := joint.place(sources)) is not None)


def _channels(name: str, graph: Graph, infos: dict[str, BundleInfo]) -> int:
    return graph.input_shape[-1] if name == "input" else infos[name].output.shape[-1]


def _starts(channels: Sequence[int]) -> tuple[int, ...]:
    return tuple(sum(channels[:i]) for i in range(len(channels) + 1))
