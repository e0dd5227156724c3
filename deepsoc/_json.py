"""Strict JSON with a place for every fault: paths, and Pydantic's findings in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from deepsoc._files import SMALL, read_bytes
from deepsoc.errors import InputError

__all__ = ["INTEGER", "json_path", "parse_json", "pydantic_fault", "pydantic_faults", "read_json", "shorten"]

_Keys = tuple[str | int, ...]
_DEEPEST = 100
"""Objects and lists inside each other; a file of ours has 6."""


def _no_float(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("expected an integer")
    return value


INTEGER = BeforeValidator(_no_float)
"""Refuses 4.0 for a `Literal[4]`, which Pydantic takes even when it is strict."""


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
            parts.append(f".{key}" if re.fullmatch(r"\w{1,64}", key, re.ASCII) else f"[{shorten(key)}]")
    return "".join(parts)


def shorten(value: object) -> str:
    """A value as JSON, on one line and not much longer than 60 characters."""
    try:
        text = json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that JSON does not have, integers of thousands of digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def read_json(path: str | Path, what: str, *, most: int = SMALL) -> Any:
    """Reads a strict JSON file.

    Args:
        path: of the file.
        what: it is, for errors: `the network`.
        most: bytes that it may have.

    Raises:
        InputError: it cannot be read, see `read_bytes`, or is not such JSON, see `parse_json`.
    """
    return parse_json(read_bytes(path, what, most=most), str(path))


def parse_json(text: bytes, where: str) -> Any:
    """Parses UTF-8 JSON, refusing repeated keys, numbers that are not finite, and deep nesting; in linear time.

    Args:
        text: the file's content.
        where: names the file in errors.

    Raises:
        InputError: `where` is file and JSON path, or file and line for a syntax error.
    """
    try:
        data = json.loads(text.decode(), object_pairs_hook=_object, parse_constant=lambda _: _NotFinite())
    except json.JSONDecodeError as error:
        place = f"{where}: line {error.lineno}, column {error.colno}"
        raise InputError(f"not JSON: {error.msg}", where=place) from None
    except RecursionError:
        raise InputError("nested too deeply", where=f"{where}: $") from None
    except ValueError as error:
        raise InputError(f"not JSON in UTF-8: {error}", where=where) from None
    _check(data, where)
    return data


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    result = _Object(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                result.duplicate = key
                break
            seen.add(key)
    return result


def _check(data: Any, where: str) -> None:
    """Raises at the first member, in the order of the file, that is none of strict JSON."""
    left: list[tuple[_Keys, Any]] = [((), data)]
    while left:
        path, value = left.pop()
        if isinstance(value, _NotFinite) or value in (float("inf"), float("-inf")):
            raise InputError(
                "expected a finite number, received NaN or an infinity", where=f"{where}: {json_path(path)}"
            )
        if not isinstance(value, dict | list):
            continue
        if len(path) == _DEEPEST:
            raise InputError("nested too deeply", where=f"{where}: $")
        if isinstance(value, _Object) and value.duplicate is not None:
            place = json_path((*path, value.duplicate))
            raise InputError("this key stands here twice; keep one", where=f"{where}: {place}")
        members = value.items() if isinstance(value, dict) else enumerate(value)
        left += [((*path, key), member) for key, member in reversed(list(members))]


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


def _real_path(loc: _Keys, data: Any) -> _Keys:
    """`loc` without the union members that Pydantic mixes in: only keys that lead somewhere, and the last one."""
    path: list[str | int] = []
    for i, key in enumerate(loc):
        inside = (isinstance(data, dict) and key in data) or (isinstance(data, list) and isinstance(key, int))
        if inside and not (isinstance(data, list) and int(key) >= len(data)):
            path.append(key)
            data = data[key]
        elif i == len(loc) - 1 and isinstance(data, dict if isinstance(key, str) else list):
            path.append(key)
    return tuple(path)
