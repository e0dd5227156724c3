"""Data files of the package that a user may add to: one TOML file an entry, checked against a pydantic model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from deepsoc._files import read_toml
from deepsoc._json import shorten
from deepsoc.errors import InputError

__all__ = ["Entry", "find", "read_all"]


_MOST = 1 << 16
"""Bytes of a file."""


class Entry(BaseModel):
    """A data file: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str


_T = TypeVar("_T", bound=Entry)


def read_all(kind: type[_T], folder: str) -> dict[str, _T]:
    """All entries of a folder of `deepsoc/hw`, by name.

    Raises:
        InputError: a file is wrong.
    """
    entries = (_read(kind, file) for file in (Path(__file__).parent / folder).glob("*.toml"))
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}


def find(kind: type[_T], folder: str, name: str | Path) -> _T:
    """An entry of the package by its name, or any by the path of its file.

    Raises:
        InputError: no such name or file, or a field is wrong; names the known ones, or file and field.
    """
    if isinstance(name, Path) or name.endswith(".toml"):
        return _read(kind, Path(name))
    known = read_all(kind, folder)
    if name not in known:
        raise InputError(
            f"unknown {kind.__name__.lower()} {name!r}; expected one of {', '.join(known)}, or the path of a TOML file",
            where=kind.__name__.lower(),
        )
    return known[name]


def _read(kind: type[_T], file: Path) -> _T:
    data = read_toml(file, f"the {kind.__name__.lower()}", most=_MOST)
    try:
        return kind.model_validate(data)
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(map(str, first["loc"]))
        message = {
            "missing": "this field has no default; give it",
            "extra_forbidden": f"unknown field; expected one of {', '.join(kind.model_fields)}",
        }.get(first["type"], f"{first['msg'].removeprefix('Value error, ')}; received {shorten(first['input'])}")
        raise InputError(message, where=f"{file}: {field}") from None
