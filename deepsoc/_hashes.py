"""Hashes that name what was made of given sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["key_of", "sources_key"]

_SOURCES = {".sv", ".svh", ".v", ".c", ".h", ".cpp", ".py", ".toml", ".j2"}


def key_of(parts: Iterable[str | bytes | Path]) -> str:
    """Hash of texts, bytes and files (name and content), in their order."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            data = part.name.encode() + b"\0" + part.read_bytes()
        else:
            data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:32]


def sources_key(*places: Path) -> str:
    """Hash of the source files below some folders."""
    files = (path for place in places for path in sorted(place.rglob("*")))
    return key_of(path for path in files if path.suffix in _SOURCES)
