"""How the package reads strict JSON, opens its templates and edits sources."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsoc.errors import InputError

if TYPE_CHECKING:
    import jinja2

__all__ = ["parse_json", "replace_once", "templates"]


def parse_json(text: str) -> Any:
    """Reads JSON that holds no key twice and no NaN or infinity.

    Raises:
        ValueError: it does, or is no JSON; says what and where.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def templates(source: str | Path, *, autoescape: bool = False) -> jinja2.Environment:
    """The templates in the folder `templates` of a package, or in a folder; an unknown name in one is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(source) if isinstance(source, Path) else jinja2.PackageLoader(source),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )


def replace_once(text: str, old: str, new: str, *, where: str) -> str:
    """The text with the only place that reads `old`, whatever the blanks, changed into `new`.

    Raises:
        InputError: there is no such place, or more than one; names `where`.
    """
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    changed, count = re.subn(pattern, lambda _: new, text)
    if count != 1:
        raise InputError(f"expected {old!r} exactly once, found {count}", where=where)
    return changed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        twice = next(key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1)
        raise ValueError(f"key {twice!r} is there twice")
    return data


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")
