"""What a notebook shows of an implementation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsoc.impl.result import Implementation

__all__ = ["page"]

_COLUMNS = {"lut": "LUT", "lutram": "of them RAM", "ff": "FF", "dsp": "DSP", "bram36": "BRAM36"}
_MOST = 12  # modules in a row of their own


def page(result: Implementation) -> str:
    """Flow, clock rate, longest path, and a table of the modules by size."""
    board = f" for {result.board}" if result.board else ""
    text = [f"<p><strong>{escape(result.flow)}</strong>: {escape(result.part_family)}{escape(board)}"]
    rate = "clock rate" if result.fmax_mhz is None else f"<strong>{result.fmax_mhz:g} MHz</strong>"
    text.append(f"<br>{rate}, {escape(result.fmax_basis)}")
    if result.slack_ns is not None:
        text.append(f"<br>slack {result.slack_ns:g} ns at {result.hw.frequency_mhz:g} MHz")
    for path in result.paths[:1]:
        through = ", ".join(name or "top" for name in path.modules)
        text.append(
            f"<br>longest path {path.delay_ns:g} ns, {path.logic_ns:g} ns of it logic, through {escape(through)}"
        )
    text.append("</p>")
    if result.resources is not None:
        text.append(_table(result))
    return "".join(text)


def _table(result: Implementation) -> str:
    sums: dict[str, list[float]] = {}
    for row in result.by_module:
        own = sums.setdefault(row.module, [0.0] * (len(_COLUMNS) + 1))
        for i, value in enumerate((1, *(getattr(row, name) for name in _COLUMNS))):
            own[i] += value
    names = sorted(sums, key=lambda name: (-sums[name][1] - sums[name][3], name))
    rest = [sums[name] for name in names[_MOST:]]
    lines = [(name, sums[name]) for name in names[:_MOST]]
    if rest:
        lines.append((f"{len(rest)} others", [sum(column) for column in zip(*rest, strict=True)]))
    lines.append(("all", [len(result.by_module), *(getattr(result.resources, name) for name in _COLUMNS)]))
    head = "".join(f"<th>{name}</th>" for name in ("module", "instances", *_COLUMNS.values()))
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{value:,g}</td>' for value in values)}</tr>"
        for name, values in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
