"""Export: the only writer of artifacts, from the plan of a network to files."""

from deepsoc.export.artifacts import Artifacts
from deepsoc.export.writer import export

__all__ = ["Artifacts", "export"]
