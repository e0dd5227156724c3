"""Damages inputs: bytes, trees of JSON and TOML, tables, arrays. All take a seeded `random.Random`."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["mutate_archive", "mutate_bytes", "mutate_json", "mutate_table", "mutate_toml"]

_NUMBERS = (
    *("0", "-1", "1", "2", "3", "255", "256", "65535", "65536", "4294967296", "9223372036854775808", "1" + "0" * 30),
    *("9" * 400, "9" * 5000, "0.5", "4.0", "-0.0", "1e-320", "1e308", "1e999", "-1e999", "1e-3", "0x10", "1_0", "٣"),
)
_WORDS = ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", "null", "true", "false", "", " ", "None", "\u2028")
_TEXTS = (
    *(
        "",
        "a",
        "input",
        "größe",
        "conv4-2",
        "e\u0301",
        "\U0001f9e0",
        "a\nb",
        "a\0b",
        "\ud800",
        "\x1b[31m",
        "../../x",
        "%s{}",
    ),
    *("x" * 70, "x" * 120_000, "\u202e" * 5, "1:1", "2:4", "DP", '"', "'", "\\", "nan", "4", "kws_cnn"),
)
_DEPTHS = (3, 60, 150, 2000, 100_000)


class _Raw(str):
    """Text that stands in the file as it is."""


class _Pairs(list[tuple[str, Any]]):
    """An object whose keys may repeat."""


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """A few flipped bits, lost, repeated or foreign bytes, or a file cut short."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 2, 4, 16, 100, 1000)))
        how = rng.randrange(7)
        if how < 2 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        elif how == 2:
            data = data[:at] + data[end:]
        elif how == 3:
            data = data[:end] + data[at:end] * rng.choice((1, 2, 50)) + data[end:]
        elif how == 4:
            data = data[:at] + rng.randbytes(rng.choice((1, 4, 16))) + data[at:]
        elif how == 5:
            data = data[:at]
        else:
            foreign = rng.choice((b"\xff", b"\xef\xbb\xbf", b"\0" * 9, b"\n", b"\r", b'"', b",", b"{", b"x" * 120_000))
            data = data[:at] + foreign + data[at:]
    return data


def mutate_json(data: Any, rng: random.Random) -> bytes:
    """A JSON file, one of whose members or keys is another; or damaged as bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(json.dumps(data).encode(), rng)
    tree = _copy(data)
    for _ in range(rng.choice((1, 1, 1, 2))):
        tree = _changed(tree, rng)
    return _text(tree).encode(errors="surrogatepass")


def mutate_toml(text: str, rng: random.Random) -> bytes:
    """A TOML file, one of whose values is another; or damaged as bytes."""
    lines = text.splitlines()
    at = rng.randrange(len(lines))
    key, equals, _ = lines[at].partition("=")
    if rng.random() < 0.3 or not equals:
        return mutate_bytes(text.encode(), rng)
    value = _text(_scalar(rng))
    change = rng.randrange(4)
    if change == 0:
        lines.insert(at, lines[at])
    elif change == 1:
        del lines[at]
    else:
        lines[at] = f"{key}= {value}"
    return "\n".join(lines).encode(errors="surrogatepass")


def mutate_table(text: str, rng: random.Random) -> bytes:
    """A CSV file, one of whose cells, rows or columns is another; or damaged as bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(text.encode(), rng)
    rows = [line.split(",") for line in text.splitlines()]
    y = rng.randrange(len(rows))
    x = rng.randrange(len(rows[y]))
    how = rng.randrange(9)
    if how < 3:
        rows[y][x] = rng.choice((*_NUMBERS, *_WORDS, *_TEXTS))
    elif how == 3:
        rows[y][x] = f'"{rows[y][x]}{rng.choice(("", chr(10), chr(13), chr(0), ",", chr(34), chr(34) * 2))}"'
    elif how == 4:
        rows.insert(y, list(rows[rng.randrange(len(rows))]))
    elif how == 5:
        del rows[y][x]
    elif how == 6:
        rows[y].insert(x, rows[y][x])
    elif how == 7:
        rows[y:y] = [list(rows[y]) for _ in range(rng.choice((1, 30, 3000)))]
    else:
        for row in rows:
            if x < len(row):
                row.insert(x, row[x]) if rng.random() < 0.5 else row.pop(x)
    end = rng.choice(("\n", "\r\n", "\r", "\n\n", ",\n"))
    return end.join(",".join(row) for row in rows).encode(errors="surrogatepass")


def mutate_archive(arrays: dict[str, np.ndarray], rng: random.Random) -> bytes:
    """An .npz file with other values, shapes, names or headers; or damaged as bytes."""
    members = {f"{name}.npy": _npy(values) for name, values in arrays.items()}
    name = rng.choice(list(members))
    values = arrays[name.removesuffix(".npy")]
    changes: list[Callable[[], Any]] = [
        lambda: _npy(_with_value(values, rng)),
        lambda: _npy(values.astype(rng.choice(("f2", ">f8", "i1", "u8", "?", "c8", "U3", "S2", "M8[s]", "V4")))),
        lambda: _npy(rng.choice((values[:-1], values[None], values.T, values.ravel(), np.array(1.0), values[:0]))),
        lambda: _npy(np.array([object()], dtype=object)),
        lambda: _declared(rng),
        lambda: mutate_bytes(members[name], rng),
        lambda: b"",
    ]
    how = rng.randrange(len(changes) + 4)
    if how < len(changes):
        members[name] = rng.choice(changes)()
    elif how == len(changes):
        members[rng.choice((*_TEXTS[:12], "../x.npy", "b1/kernel.npy"))] = members.pop(name)
    elif how == len(changes) + 1:
        members |= {f"{i}.npy": members[name] for i in range(rng.choice((1, 1000)))}
    elif how == len(changes) + 2:
        return rng.choice((members[name], b"PK\x05\x06" + bytes(18), b""))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as file:
        for key, data in members.items():
            file.writestr(key.encode(errors="replace").decode() or "x", data)
    data = stream.getvalue()
    return mutate_bytes(data, rng) if rng.random() < 0.4 else data


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, values)
    return stream.getvalue()


def _with_value(values: np.ndarray, rng: random.Random) -> np.ndarray:
    changed = values.astype(np.float64)
    changed.flat[rng.randrange(values.size)] = rng.choice((np.nan, np.inf, 1e30, 1e-320, -1e-310, 2.0**24, 0.0))
    with np.errstate(invalid="ignore"):
        return changed * rng.choice((1.0, 0.0, 1e-300, 1e6))


def _declared(rng: random.Random) -> bytes:
    """An array of which only the header is there, or one of zeros that packs very well."""
    shape = rng.choice(((1 << 40,), (1 << 20, 1 << 20), (0,), (), (-1,), (1 << 24,), (1,) * 40, (1 << 70,)))
    header = f"{{'descr': '{rng.choice(('<f8', '|O', '<f4', 'x'))}', 'fortran_order': False, 'shape': {shape}, }}"
    data = rng.choice((b"", bytes(100), bytes(1 << 24)))
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n" + data


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return _Pairs((key, _copy(member)) for key, member in value.items())
    return [_copy(member) for member in value] if isinstance(value, list) else value


def _changed(tree: Any, rng: random.Random) -> Any:
    """The tree with a change at a random place."""
    if not isinstance(tree, list) or not tree or rng.random() < 0.15:
        return _other(tree, rng)
    at = rng.randrange(len(tree))
    if rng.random() < 0.75:
        pair = isinstance(tree, _Pairs)
        tree[at] = (tree[at][0], _changed(tree[at][1], rng)) if pair else _changed(tree[at], rng)
        return tree
    how = rng.randrange(4)
    if how == 0:
        del tree[at]
    elif how == 1:
        tree[at:at] = [tree[at]] * rng.choice((1, 1, 40, 2000))
    elif how == 2:
        rng.shuffle(tree)
    elif isinstance(tree, _Pairs):
        tree.append((rng.choice((tree[at][0].upper(), *_TEXTS)), _scalar(rng)))
    else:
        tree.append(_scalar(rng))
    return tree


def _other(value: Any, rng: random.Random) -> Any:
    """Something else in place of a value."""
    if isinstance(value, int | float) and rng.random() < 0.4:
        return rng.choice((-value, value + 1, value - 1, value * 2, float(value), str(value), value * 1000, [value]))
    how = rng.randrange(8)
    if how == 0:
        depth = rng.choice(_DEPTHS)
        return _Raw("[" * depth + "]" * depth if rng.random() < 0.5 else '{"a":' * depth + "1" + "}" * depth)
    if how == 1:
        return rng.choice(([], _Pairs(), [[]], [value], _Pairs([("a", value)])))
    return _scalar(rng)


def _scalar(rng: random.Random) -> Any:
    return rng.choice(
        (_Raw(rng.choice(_NUMBERS)), _Raw(rng.choice(_NUMBERS)), _Raw(rng.choice(_WORDS)), rng.choice(_TEXTS))
    )


def _text(tree: Any) -> str:
    if isinstance(tree, _Raw):
        return tree
    if isinstance(tree, _Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(value)}" for key, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(_text, tree)) + "]"
    return json.dumps(tree)
