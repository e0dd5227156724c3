"""The calls that go upward: `Model.export`, `Artifacts.simulate`, `.implement`, `.deploy`.

A network knows nothing of artifacts, and artifacts nothing of simulators; these functions do, so that the methods can
be chained. They are the one exception of the import contract in pyproject.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from deepsoc.deploy import Deployment
    from deepsoc.export import Artifacts
    from deepsoc.graph.ir import Graph
    from deepsoc.impl import Implementation
    from deepsoc.sim import SimResult

__all__ = ["deploy", "export", "implement", "simulate"]


def export(graph: Graph, *arguments: Any, **options: Any) -> Artifacts:
    """Writes the artifacts of a graph, as `deepsoc.export.export`."""
    from deepsoc.export import export

    return export(graph, *arguments, **options)


def simulate(artifacts: Artifacts, **options: Any) -> SimResult:
    """Runs an export on the RTL as `deepsoc.sim.simulate`; a difference raises."""
    from deepsoc.sim import simulate

    result = simulate(artifacts.path, **options)
    result.raise_for_mismatch()
    return result


def implement(artifacts: Artifacts, flow: str, **options: Any) -> Implementation:
    """Runs a flow on an export as `deepsoc.impl.implement`."""
    from deepsoc.impl import implement

    return implement(artifacts.path, flow, **options)


def deploy(artifacts: Artifacts, target: str, out: str | Path) -> Deployment:
    """Writes the folder that goes to a board, as `deepsoc.deploy.deploy`."""
    from deepsoc.deploy import deploy

    return deploy(artifacts.path, target, out)
