"""JSON with a place for every fault: paths, strict parsing, and Pydantic's findings in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deepsoc.errors import InputError

__all__ = ["json_path", "parse_json", "pydantic_fault", "pydantic_faults", "shorten"]

Path = tuple[str | int, ...]


class _Object(dict[str, Any]):
    """A JSON object that remembers a key which occurred twice."""

    duplicate: str | None = None


class _NotFinite:
    """A number that JSON does not have."""


def json_path(keys: Iterable[str | int]) -> str:
    """JSONPath of a member: `$.bundles[2].core`; keys that are no identifiers are quoted."""
    parts = ["$"]
    for key in keys:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        else:
            parts.append(f".{key}" if re.fullmatch(r"\w+", key, re.ASCII) else f"[{shorten(key)}]")
    return "".join(parts)


def shorten(value: object) -> str:
    """A value as JSON, on one line and not much longer than 60 characters."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def parse_json(text: bytes, where: str) -> Any:
    """Parse UTF-8 JSON, refusing duplicate keys and numbers that are not finite.

    Args:
        text: the file's content.
        where: names the file in errors.

    Raises:
        InputError: `where` is file and JSON path, or file and line for a syntax error.
    """
    try:
        data = json.loads(text.decode(), object_pairs_hook=_object, parse_constant=lambda _: _NotFinite())
        faults = list(_faults(data, ()))
    except json.JSONDecodeError as error:
        place = f"{where}: line {error.lineno}, column {error.colno}"
        raise InputError(f"not JSON: {error.msg}", where=place) from None
    except RecursionError:
        raise InputError("not a network: nested too deeply", where=f"{where}: $") from None
    except ValueError as error:
        raise InputError(f"not JSON in UTF-8: {error}", where=where) from None
    for path, message in faults:
        raise InputError(message, where=f"{where}: {json_path(path)}")
    return data


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object()
    for key, value in pairs:
        if key in result and result.duplicate is None:
            result.duplicate = key
        result[key] = value
    return result


def _faults(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, _NotFinite) or data in (float("inf"), float("-inf")):
        yield path, "expected a finite number, received NaN or an infinity"
    elif isinstance(data, _Object):
        if data.duplicate is not None:
            yield (*path, data.duplicate), "this key stands here twice; keep one"
        for key, value in data.items():
            yield from _faults(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _faults(value, (*path, i))


def pydantic_fault(error: ValidationError, data: Any) -> tuple[str, str]:
    """JSON path and message of the first fault that Pydantic found in `data`."""
    return next(pydantic_faults(error, data))


def pydantic_faults(error: ValidationError, data: Any) -> Iterator[tuple[str, str]]:
    """JSON path and message of every fault that Pydantic found in `data`."""
    for found in error.errors(include_url=False):
        yield _fault(found, data)


def _fault(first: ErrorDetails, data: Any) -> tuple[str, str]:
    path = _real_path(first["loc"], data)
    kind, received = first["type"], shorten(first["input"])
    if kind == "extra_forbidden":
        message = "unknown key; remove it or correct its spelling"
    elif kind == "missing":
        message = "this key is missing"
    elif kind == "union_tag_not_found":
        path, message = (*path, "type"), "this key is missing"
    elif kind == "union_tag_invalid":
        path = (*path, "type")
        message = f"expected one of {first['ctx']['expected_tags']}, received {shorten(first['ctx']['tag'])}"
    elif kind == "string_pattern_mismatch":
        message = f"expected a letter or _, then at most 63 letters, digits and _, received {received}"
    elif kind == "value_error":
        message = f"{first['ctx']['error']}, received {received}"
    else:
        message = f"{first['msg'][0].lower()}{first['msg'][1:]}, received {received}"
    return json_path(path), message


def _real_path(loc: Path, data: Any) -> Path:
    """`loc` without the union members that Pydantic mixes in: only keys that lead somewhere, and the last one."""
    path: list[str | int] = []
    for i, key in enumerate(loc):
        inside = (isinstance(data, dict) and key in data) or (isinstance(data, list) and isinstance(key, int))
        if inside and not (isinstance(data, list) and int(key) >= len(data)):
            path.append(key)
            data = data[key]
        elif i == len(loc) - 1 and isinstance(data, dict | list):
            path.append(key)
    return tuple(path)
