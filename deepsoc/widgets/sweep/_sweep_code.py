"""The Python that does the same as the SweepExplorer: what its cell holds."""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepsoc.widgets.hardware._target import Target
from deepsoc.workloads import Workload

__all__ = ["sweep_code"]


def sweep_code(
    networks: Sequence[Any],
    space: Mapping[str, Any],
    objectives: Mapping[str, str],
    limits: Sequence[str],
    target: Target,
) -> str:
    """Python for a notebook's cell.

    Args:
        networks: what the explorer was given; objects that have no short form become variables by their names.
        space: of the sweep.
        objectives: of the front.
        limits: without those of the budget.
        target: what is built on.
    """
    imports, setup, names = ["import deepsoc as ds", *target.imports], list[str](), list[str]()
    for network in networks:
        if isinstance(network, str | Path):
            names.append(repr(str(network)))
            continue
        name = _variable(network)
        names.append(name)
        if isinstance(network, Mapping):
            imports.append("from deepsoc.netspec.spec import parse_net")
            setup.append(f"{name} = parse_net({_literal(dict(network))})")
        else:
            setup.append(f"# {name}: the {type(network).__name__} of that name")
    every = [*limits, *(f"{name} <= {value:.15g}" for name, value in target.budget.items())]
    options = [
        ("limits", _literal(every) if every else ""),
        ("memory", target.memory_code),
        ("resources", target.model_code),
    ]
    call = "".join(f", {name}={text}" for name, text in options if text)
    many = len(networks) > 1
    lines = [
        *dict.fromkeys(imports),
        *(["from deepsoc.perf.sweep import over_networks"] if many else []),
        "",
        *setup,
        f"space = {_literal(dict(space))}",
        f"table = ds.sweep([{', '.join(names)}], space{call})",
        f"front = ds.pareto({'over_networks(table)' if many else 'table'}, {_literal(dict(objectives))})",
        "front",
    ]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=110, sort_dicts=False, compact=True)


def _variable(network: Any) -> str:
    name = network.get("name") if isinstance(network, Mapping) else getattr(network, "name", None)
    word = "".join(c if c.isalnum() and c.isascii() else "_" for c in str(name or "network"))
    return f"net_{word}" if not isinstance(network, Workload) else f"workload_{word}"
