"""The design that all tabs of the Studio share: a network, a hardware, and what was kept; a folder on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import traitlets

from deepsoc._json import read_json
from deepsoc.errors import InputError
from deepsoc.hw import Hardware

__all__ = ["FORMAT", "Design"]

FORMAT = "deepsoc-design/1"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_START: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "network",
    "input": {"shape": [28, 28, 1], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [],
}


class Design(traitlets.HasTraits):
    """A network and the hardware for it, in the folder `<root>/<name>`.

    The folder holds `design.json`, `net.json`, `hw.json`, and later `export/`. Every change of a trait is written
    at once, whole or not at all.

    Args:
        name: of the design and its folder; letters, digits, `_` and `-`.
        root: folder of designs.

    Raises:
        InputError: the name cannot be one, or the folder holds something that is not a design.
    """

    net = traitlets.Dict(help="The network as in net.json.")
    hw = traitlets.Instance(Hardware, help="The hardware.")
    kept = traitlets.Dict(help="Points of sweeps that were kept: name to row.")

    def __init__(self, name: str = "design", root: str | Path = "designs") -> None:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"expected letters, digits, _ and - (64 at most, a letter or _ first), received {name!r}", where="name"
            )
        self.name = name
        self.folder = Path(root) / name
        stored = self._stored()
        super().__init__(
            net=stored.get("net", _START | {"name": name.replace("-", "_")}),
            hw=Hardware(**stored.get("hw", {"rows": 8, "cols": 24})),
            kept=stored.get("kept", {}),
        )
        self.observe(lambda _: self.save(), names=["net", "hw", "kept"])

    def _stored(self) -> dict[str, Any]:
        file = self.folder / "design.json"
        if not file.exists():
            return {}
        data = read_json(file, "the design")
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise InputError(f"expected a design of format {FORMAT!r}", where=str(file))
        return data

    def save(self) -> Path:
        """Writes the design; `net.json` and `hw.json` beside it are what the command line takes.

        Returns:
            The folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        hw = self.hw.model_dump(exclude_unset=True, exclude_none=True)  # the rest becomes what the network needs
        data = {"format": FORMAT, "net": self.net, "hw": hw, "kept": self.kept}
        self._write("design.json", json.dumps(data, indent=1) + "\n")
        self._write("net.json", json.dumps(self.net, indent=1) + "\n")
        self._write("hw.json", json.dumps(hw, indent=1) + "\n")
        return self.folder

    def _write(self, name: str, text: str) -> None:
        fresh = self.folder / f".{name}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.folder / name)
