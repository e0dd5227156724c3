"""Finds programs that PyPI packages bring."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from deepsoc.impl.flow import Availability

__all__ = ["find", "program"]


def program(name: str) -> Path | None:
    """A program on PATH or beside the running Python; None if there is none."""
    places = (os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent))
    found = shutil.which(name, path=os.pathsep.join(places))
    return None if found is None else Path(found)


def find(programs: Mapping[str, str], packages: Iterable[str]) -> Availability:
    """Looks for the programs of a flow.

    Args:
        programs: by the names of `Step.program`, what they are called.
        packages: whose versions count; one that is not installed has none.
    """
    found = {key: path for key, name in programs.items() if (path := program(name))}
    if found.keys() != programs.keys():
        return Availability({}, "", "pip install 'deepsoc[fpga]'")
    versions = []
    for package in packages:
        try:
            versions.append(importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            versions.append("")
    return Availability(found, " ".join(versions).strip(), "")
