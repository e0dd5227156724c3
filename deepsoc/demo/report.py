"""The demo's report: Markdown, and one HTML page that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from deepsoc._files import templates
from deepsoc.viz import bundles as plots

if TYPE_CHECKING:
    from deepsoc.hw import Hardware

__all__ = ["write_report"]


def write_report(data: dict[str, Any], hw: Hardware, folder: Path) -> list[Path]:
    """Writes `report.md` and `report.html`.

    Args:
        data: figures, as `run_demo` returns them.
        hw: the accelerator.
        folder: where.

    Returns:
        The files.
    """
    table = pd.DataFrame(data["bundles"]).set_index("name")
    figures = {
        "Utilization": plots.utilization(table).svg("utilization"),
        "Clocks": plots.clocks(table).svg("clocks"),
        "Memory traffic": plots.traffic(table).svg("traffic"),
    }
    files = []
    for name, escape in (("report.md", False), ("report.html", True)):
        env = templates("deepsoc.demo", autoescape=escape)
        text = env.get_template(f"{name}.j2").render(data=data, hw=hw, figures=figures, ports=plots.PORTS)
        (folder / name).write_text(text, encoding="utf-8")
        files.append(folder / name)
    return files
