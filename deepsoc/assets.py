"""Where the files that are not Python live: rtl, c, fpga, asic, notebooks, scripts."""

from __future__ import annotations

from pathlib import Path

from deepsoc.errors import ToolError

__all__ = ["folder"]

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Returns the folder `name`, from the wheel or, in an editable install, from the checkout.

    Args:
        name: `rtl`, `c`, `fpga`, `asic`, `notebooks` or `scripts`.

    Raises:
        ToolError: the installation lacks it.
    """
    for root in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise ToolError(f"this installation of deepsoc has no folder {name!r}; install it again, or work in a checkout")
