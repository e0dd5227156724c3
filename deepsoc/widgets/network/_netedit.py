"""Edits of a `net.json` as pure functions.

A network under edit may be wrong or incomplete: these functions only ask that `bundles` is a list of objects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from deepsoc.errors import InputError
from deepsoc.graph.shapes import NAME
from deepsoc.netspec.spec import format_faults, format_of

__all__ = [
    "Net",
    "changed",
    "duplicated",
    "editable",
    "inserted",
    "moved",
    "removed",
    "renamed",
]

Net = dict[str, Any]
"""A network as in `net.json`; never changed in place."""

_KINDS: dict[str, dict[str, Any]] = {
    "conv2d": {
        "core": {"type": "conv2d", "filters": 16, "kernel": [3, 3], "strides": [1, 1], "padding": "same",
                 "use_bias": True},
        "act": {"type": "relu", "slope": 0},
    },
    "conv2d_transpose": {
        "core": {"type": "conv2d_transpose", "filters": 16, "kernel": [2, 2], "strides": [2, 2], "padding": "same",
                 "use_bias": True},
        "act": {"type": "relu", "slope": 0},
    },
    "dense": {"core": {"type": "dense", "units": 10, "use_bias": True}, "act": None},
}  # fmt: skip
_STEMS = {"conv2d": "conv", "conv2d_transpose": "up", "dense": "dense"}


def editable(net: Any) -> Net:
    """A copy of a network, as JSON holds it.

    Raises:
        InputError: not JSON, or not so far a network that it could be edited.
    """
    try:
        copy = json.loads(json.dumps(net, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where="$") from None
    if not isinstance(copy, dict):
        raise InputError(f"expected a network as an object, received {type(net).__name__}", where="$")
    bundles = copy.setdefault("bundles", [])
    if not isinstance(bundles, list) or not all(isinstance(bundle, dict) for bundle in bundles):
        raise InputError("expected a list of objects", where="$.bundles")
    return copy


def changed(net: Net, path: list[str | int], value: Any) -> Net:
    """The network with another value at a path, such as `["bundles", 0, "core", "filters"]`.

    Another `core.type` keeps what both types have.

    Raises:
        InputError: no such place.
    """
    match path:
        case ["bundles", int(i), "core", "type"]:
            return _with_core(net, i, value)
        case _:
            return _formatted(editable(_placed(net, path, value)))


def _formatted(net: Net) -> Net:
    """The network in the next format where it has what the first does not."""
    return {**net, "format": format_of(net)} if any(format_faults(net)) else net


def _with_core(net: Net, i: int, kind: str) -> Net:
    if kind not in _KINDS:
        raise InputError(f"expected one of {', '.join(_KINDS)}, received {kind!r}", where=f"$.bundles[{i}].core.type")
    bundle = _bundle(net, i)
    old = bundle.get("core")
    old = old if isinstance(old, dict) else {}
    new = {**_KINDS[kind]["core"], "use_bias": old.get("use_bias", True)}
    width = old.get("filters", old.get("units"))
    if width is not None:
        new["units" if kind == "dense" else "filters"] = width
    return _formatted(editable(_placed(net, ["bundles", i, "core"], new)))


def _placed(at: Any, path: list[str | int], value: Any) -> Any:
    """`at` with the value at the path; objects on the way that are missing come into being."""
    if not path:
        return value
    key, *rest = path
    if isinstance(key, int):
        if not isinstance(at, list) or not 0 <= key < len(at):
            raise InputError(f"there is no element {key}", where="path")
        return [*at[:key], _placed(at[key], rest, value), *at[key + 1 :]]
    inner = at if isinstance(at, dict) else {}
    return {**inner, key: _placed(inner.get(key), rest, value)}


def inserted(net: Net, after: int, kind: str, *, flatten: bool = False) -> Net:
    """A new bundle behind bundle `after` (-1: the input), reading it; its next neighbour then reads the new one.

    Args:
        net: the network.
        after: place of the bundle before the new one.
        kind: `conv2d`, `conv2d_transpose` or `dense`.
        flatten: flattens the bundle `after`, for a dense layer behind a convolution.

    Raises:
        InputError: no such kind or place.
    """
    if kind not in _KINDS:
        raise InputError(f"expected one of {', '.join(_KINDS)}, received {kind!r}", where="kind")
    source = "input" if after < 0 else _name(_bundle(net, after))
    new = {"name": _free_name(net, _STEMS[kind]), "input": source, **_KINDS[kind]}
    result = _with_neighbour(net, after, new)
    return _placed(result, ["bundles", after, "flatten"], True) if flatten and after >= 0 else result


def duplicated(net: Net, i: int) -> Net:
    """A copy of bundle `i` behind it, reading it; its next neighbour then reads the copy."""
    bundle = _bundle(net, i)
    copy = {**bundle, "name": _free_name(net, _name(bundle)), "input": _name(bundle)}
    return _with_neighbour(net, i, copy)


def _with_neighbour(net: Net, after: int, new: dict[str, Any]) -> Net:
    bundles = net["bundles"]
    rest = bundles[after + 1 :]
    if rest and rest[0].get("input") == new["input"]:
        rest = [{**rest[0], "input": new["name"]}, *rest[1:]]
    return _ended(net, [*bundles[: after + 1], new, *rest])


def removed(net: Net, i: int) -> Net:
    """The network without bundle `i`; what read it reads its input instead."""
    gone = _bundle(net, i)
    rest = [bundle for j, bundle in enumerate(net["bundles"]) if j != i]
    return _ended(net, [_reading(bundle, _name(gone), _names(gone)) for bundle in rest])


def renamed(net: Net, i: int, name: str) -> Net:
    """Bundle `i` under another name, also where it is read.

    Raises:
        InputError: the name is taken, or cannot be one.
    """
    bundle = _bundle(net, i)
    if not NAME.fullmatch(name):
        raise InputError(
            f"expected a letter or _, then at most 63 letters, digits and _, received {name!r}",
            where=f"$.bundles[{i}].name",
        )
    if name == "input" or any(_name(other) == name for j, other in enumerate(net["bundles"]) if j != i):
        raise InputError(f"{name!r} is the name of another; choose one that is free", where=f"$.bundles[{i}].name")
    others = [_reading(other, _name(bundle), [name]) if j > i else other for j, other in enumerate(net["bundles"])]
    others[i] = {**bundle, "name": name}
    return {**net, "bundles": others}


def moved(net: Net, i: int, to: int) -> Net:
    """Bundle `i` at place `to`. A bundle that read its neighbour above reads its new neighbour; other links stay."""
    _bundle(net, i)
    bundles = list(net["bundles"])
    to = min(max(to, 0), len(bundles) - 1)
    names = ["input", *map(_name, bundles)]
    chained = {id(bundle) for bundle, above in zip(bundles, names, strict=False) if bundle.get("input") == above}
    bundles.insert(to, bundles.pop(i))
    names = ["input", *map(_name, bundles)]
    result = [
        {**bundle, "input": above} if id(bundle) in chained else bundle
        for bundle, above in zip(bundles, names, strict=False)
    ]
    return _ended(net, result)


def _ended(net: Net, bundles: list[dict[str, Any]]) -> Net:
    """Other bundles in the network; a softmax at its old end is at its new end."""
    old = net["bundles"]
    if old and bundles and old[-1].get("softmax") is True and bundles[-1] is not old[-1]:
        bundles = [{key: value for key, value in bundle.items() if key != "softmax"} for bundle in bundles]
        bundles[-1]["softmax"] = True
    return {**net, "bundles": bundles}


def _reading(bundle: dict[str, Any], old: str, new: list[str]) -> dict[str, Any]:
    """The bundle, reading `new` where it read `old`; an add takes the first of several."""
    if old in _names(bundle):
        names = [name for each in _names(bundle) for name in (new if each == old else [each])]
        bundle = {**bundle, "input": names[0] if len(names) == 1 else names}
    add = bundle.get("add")
    if isinstance(add, dict) and add.get("with") == old:
        bundle = {**bundle, "add": {**add, "with": new[0]}}
    return bundle


def _names(bundle: Mapping[str, Any]) -> list[str]:
    """What a bundle reads, the input if that cannot be told."""
    read = bundle.get("input")
    names = [name for name in (read if isinstance(read, list) else [read]) if isinstance(name, str)]
    return names or ["input"]


def _bundle(net: Net, i: int) -> dict[str, Any]:
    bundles: list[dict[str, Any]] = net["bundles"]
    if not isinstance(i, int) or not 0 <= i < len(bundles):
        raise InputError(f"there is no bundle {i}; the network has {len(bundles)}", where="$.bundles")
    return bundles[i]


def _name(bundle: Mapping[str, Any]) -> str:
    name = bundle.get("name")
    return name if isinstance(name, str) else ""


def _free_name(net: Net, like: str) -> str:
    """The first of `like` with higher numbers at its end that no bundle has."""
    taken = {"input", *map(_name, net["bundles"])}
    stem = re.sub(r"\d+$", "", like)[:56] or "bundle"
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}{n}") not in taken)
