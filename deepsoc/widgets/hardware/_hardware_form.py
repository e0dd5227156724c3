"""The form of the hardware's parameters, made from `Hardware` itself: ranges, choices, defaults, comments as help."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from deepsoc.hw import Hardware

__all__ = ["MAIN", "fields", "given"]

MAIN = ("rows", "cols", "frequency_mhz", "x_bits", "k_bits")
"""Parameters that come first."""
_GROUP = re.compile(r"^    # ([^;]+)")
_FIELD = re.compile(r"^    (\w+): .*  # (.+?)(?: \[\w+\])?$")


@cache
def fields() -> list[dict[str, Any]]:
    """One entry a parameter: `name`, `label`, `group`, `main`, `type`, `min`, `max`, `choices`, `default`."""
    labels, groups = _comments()
    found = []
    for name, schema in Hardware.model_json_schema()["properties"].items():
        if name == "format":
            continue
        kind = schema | next((part for part in schema.get("anyOf", ()) if part["type"] != "null"), {})
        low = kind.get("minimum", kind.get("exclusiveMinimum"))
        high = kind["exclusiveMaximum"] - 1 if "exclusiveMaximum" in kind else kind.get("maximum")
        label = labels.get(name, name)
        found.append(
            {
                "name": name, "label": label[0].upper() + label[1:], "group": groups.get(name, ""),
                "main": name in MAIN, "type": kind["type"], "min": low, "max": high,
                "choices": kind.get("enum"), "default": schema.get("default"),
            }
        )  # fmt: skip
    return found


def _comments() -> tuple[dict[str, str], dict[str, str]]:
    """The comment of every field, and the heading above it; nothing where the source is not there."""
    labels, groups, group = dict[str, str](), dict[str, str](), ""
    try:
        source = inspect.getsource(Hardware)
    except OSError:
        return labels, groups
    for line in source.splitlines():
        if heading := _GROUP.match(line):
            group = heading[1]
        elif field := _FIELD.match(line):
            labels[field[1]], groups[field[1]] = field[2], group
    return labels, groups


def given(hw: Hardware) -> dict[str, Any]:
    """What a hardware says itself, without what it leaves open."""
    return hw.model_dump(exclude_unset=True, exclude_none=True, exclude={"format"})
