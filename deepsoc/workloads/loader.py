"""Reads layer tables: built-in names, CSV files, and SCALE-Sim topologies."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from deepsoc._files import read_text
from deepsoc.errors import InputError
from deepsoc.workloads.layer import COLUMNS, Layer, Workload

__all__ = ["builtin_names", "load_workload"]

_TABLES = Path(__file__).parent / "tables"
_MAX_BYTES = 8 << 20
_MAX_LAYERS = 100_000
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_CONV_TOPOLOGY = (
    "IFMAP Height", "IFMAP Width", "Filter Height", "Filter Width", "Channels", "Num Filter", "Strides",
)  # fmt: skip
_MATRIX_TOPOLOGY = ("M", "N", "K")
_RATIO = re.compile(r"([1-9][0-9]{0,8})\s*:\s*([1-9][0-9]{0,8})")
_DEPTHWISE = "DP"  # in the name of a layer of a SCALE-Sim topology


def builtin_names() -> list[str]:
    """Names of the networks whose layer tables come with the package."""
    return sorted(path.stem for path in _TABLES.glob("*.csv"))


def load_workload(source: str | Path) -> Workload:
    """Reads a layer table.

    Args:
        source: a built-in name, or the path of a CSV file: with the columns of COLUMNS in any order, or a SCALE-Sim
            topology of convolutions (inputs padded already; depthwise if the name has DP) or of matrix products
            (M, N, K). The column of SCALE-Sim 3 for sparsity must say N:N, dense, where it is there; names that a
            topology repeats are numbered.

    Raises:
        InputError: no such name or file, or a fault in it; names file, line and column.
    """
    if str(source) in builtin_names():
        path = _TABLES / f"{source}.csv"
        return Workload(str(source), tuple(_layers(_read(path), str(source))))
    path = Path(source)
    return Workload(path.stem, tuple(_layers(_read(path), str(source))))


def _read(path: Path) -> str:
    try:
        return read_text(path, "the layer table", most=_MAX_BYTES)
    except InputError as err:
        if os.path.lexists(path):
            raise
        names = ", ".join(builtin_names())
        message = f"no such file or built-in workload; expected a CSV file or one of {names}"
        raise InputError(message, where=err.where) from None


def _layers(text: str, where: str) -> list[Layer]:
    rows = _rows(text, where)
    _, header = next(rows, (0, []))
    names = [cell.lower() for cell in header]
    read: Callable[[list[str], list[str]], Layer]
    if names[:1] in (["layer name"], ["layer"]):
        read = _matrix if names[1:4] == ["m", "n", "k"] else _conv
    else:
        _check_header(names, where)
        read = _own
    layers: dict[str, Layer] = {}
    repeats: Counter[str] = Counter()
    for line, cells in rows:
        at = f"{where}: line {line}"
        try:
            layer = read(names, cells)
            if layer.name in layers and read is _own:
                _fail("name", f"{layer.name!r} is the name of a layer above; choose another")
            name = layer.name
            while layer.name in layers:  # topologies of SCALE-Sim do not care
                repeats[name] += 1
                layer = replace(layer, name=f"{name[:56]}_{repeats[name] + 1}")
            layers[layer.name] = layer
        except InputError as err:
            message = str(err).removeprefix(f"{err.where}: ")
            raise InputError(message, where=f"{at}, column {err.where}" if err.where else at) from None
        if len(layers) > _MAX_LAYERS:
            raise InputError(f"more than {_MAX_LAYERS} layers; split the table", where=at)
    if not layers:
        raise InputError("the table has no layers below its header", where=where)
    return list(layers.values())


def _fail(column: str, message: str) -> NoReturn:
    raise InputError(message, where=column)


def _rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with their line numbers; cells without the space around them."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any("\n" in cell or "\r" in cell for cell in row):
                raise InputError(
                    "a cell holds a line break; write it on one line", where=f"{where}: line {reader.line_num}"
                )
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as err:
        raise InputError(f"malformed CSV: {err}", where=f"{where}: line {reader.line_num}") from None


def _check_header(names: list[str], where: str) -> None:
    at = f"{where}: header"
    for name in COLUMNS:
        if name not in names:
            raise InputError(f"the column is missing; expected {','.join(COLUMNS)}", where=f"{at}, column {name}")
    for name in names:
        if name not in COLUMNS:
            raise InputError(f"unknown column; expected {','.join(COLUMNS)}", where=f"{at}, column {name[:40]!r}")
        if names.count(name) > 1:
            raise InputError("the column is there twice", where=f"{at}, column {name}")


def _own(names: list[str], cells: list[str]) -> Layer:
    if len(cells) != len(names):
        raise InputError(f"expected {len(names)} cells, received {len(cells)}")
    values: dict[str, Any] = dict(zip(names, cells, strict=True))
    for name in COLUMNS[2:]:
        values[name] = _integer(values[name], name)
    return Layer(**values)


def _integer(cell: str, name: str) -> int:
    if not _INTEGER.fullmatch(cell):
        _fail(name, f"expected an integer, received {cell[:40]!r}")
    return int(cell)


def _topology(cells: list[str], names: tuple[str, ...], most: int) -> list[int]:
    """Integers behind the layer's name and before its sparsity; a row may end in a comma."""
    rest = cells[1:-1] if cells[-1] == "" else cells[1:]
    if rest and (ratio := _RATIO.fullmatch(rest[-1])):
        if int(ratio[1]) != int(ratio[2]):
            _fail("Sparsity", f"the array multiplies by zeros too, received {rest[-1]}; write 1:1 for a dense layer")
        del rest[-1]
    if not len(names) <= len(rest) <= most:
        raise InputError(f"expected the layer's name, then {', '.join(names)}; received {len(rest)} further cells")
    named = (*names, *names[-1:] * (most - len(names)))
    return [_integer(cell, name) for cell, name in zip(rest, named, strict=False)]


def _conv(names: list[str], cells: list[str]) -> Layer:
    """A row of a SCALE-Sim convolution topology; the strides may be given for each direction."""
    h, w, kh, kw, ci, co, *strides = _topology(cells, _CONV_TOPOLOGY, len(_CONV_TOPOLOGY) + 1)
    kind: Any = "dense" if h == w == kh == kw == 1 else "conv"
    if kind == "dense":
        strides = [1]
    groups = ci if _DEPTHWISE in cells[0] else 1
    return Layer(cells[0], kind, 1, h, w, ci, co * groups, kh, kw, strides[0], strides[-1], groups=groups)


def _matrix(names: list[str], cells: list[str]) -> Layer:
    """A row of a SCALE-Sim matrix topology: (M, K) times (K, N)."""
    m, n, k = _topology(cells, _MATRIX_TOPOLOGY, len(_MATRIX_TOPOLOGY))
    return Layer(cells[0], "dense", 1, m, 1, k, n)
