"""Folders that go to a board, one module a target."""

from deepsoc.deploy.folder import Deployment, deploy
from deepsoc.deploy.registry import TARGETS, Target

__all__ = ["TARGETS", "Deployment", "Target", "deploy"]
