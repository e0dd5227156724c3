"""The design that all tabs of the Studio share: a network, a hardware, and what was kept; a folder on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import traitlets

from deepsoc._files import read_bytes, replacing
from deepsoc._json import parse_json, shorten
from deepsoc.errors import InputError
from deepsoc.hw import Hardware

__all__ = ["FORMAT", "ConflictError", "Design", "described"]

FORMAT = "deepsoc-design/1"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_START: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "network",
    "input": {"shape": [28, 28, 1], "batch": 1},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [],
}


class ConflictError(InputError):
    """What would be overwritten is not what was read."""


class Design(traitlets.HasTraits):
    """A network and the hardware for it, in the folder `<root>/<name>`.

    The folder holds `design.json`, `net.json`, `hw.json`, and later `export/`. Every change of a trait is written
    at once, whole or not at all; but never over what another Studio or program has written meanwhile: that is an error,
    or calls `on_conflict`, where one is set.

    Args:
        name: of the design and its folder; letters, digits, `_` and `-`.
        root: folder of designs.

    Raises:
        InputError: the name cannot be one, or the folder holds something that is not a design.
    """

    net = traitlets.Dict(help="The network as in net.json.")
    hw = traitlets.Instance(Hardware, help="The hardware.")
    kept = traitlets.Dict(help="Points of sweeps that were kept: name to row.")

    refused = traitlets.Dict(help="By parameter why the hardware in the fields is not that of the design; not stored.")

    def __init__(self, name: str = "design", root: str | Path = "designs") -> None:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"expected letters, digits, _ and - (64 at most, a letter or _ first), received {name!r}", where="name"
            )
        self.name = name
        self.folder = Path(root) / name
        self.on_conflict: Callable[[], None] | None = None
        self._seen: bytes | None = None  # what was read or written last
        self._reading = False
        super().__init__(**self._read())
        self.observe(self._write, names=["net", "hw", "kept"])

    def is_changed_elsewhere(self) -> bool:
        """Whether the file is another than the one that was read or written here last."""
        now = self._on_disk()
        return now is not None and now != self._seen

    def reload(self) -> None:
        """Takes what is on disk.

        Raises:
            InputError: that is no design.
        """
        values = self._read()
        self._reading = True
        try:
            for name, value in values.items():
                setattr(self, name, value)
        finally:
            self._reading = False

    def save(self, *, force: bool = False) -> Path:
        """Writes the design; `net.json` and `hw.json` beside it are what the command line takes.

        Args:
            force: also over what somebody else has written meanwhile.

        Returns:
            The folder.

        Raises:
            ConflictError: somebody else has.
        """
        hw = self.hw.model_dump(exclude_unset=True, exclude_none=True)  # the rest becomes what the network needs
        text = json.dumps({"format": FORMAT, "net": self.net, "hw": hw, "kept": self.kept}, indent=1) + "\n"
        if not force and self.is_changed_elsewhere() and self._on_disk() != text.encode():
            raise ConflictError(
                "another Studio or program has changed the design since; reload() it, or save(force=True) over it",
                where=str(self._file),
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self._file, text)
        self._seen = text.encode()
        _replace(self.folder / "net.json", json.dumps(self.net, indent=1) + "\n")
        _replace(self.folder / "hw.json", json.dumps(hw, indent=1) + "\n")
        return self.folder

    @property
    def _file(self) -> Path:
        return self.folder / "design.json"

    def _on_disk(self) -> bytes | None:
        return read_bytes(self._file, "the design") if self._file.exists() else None

    def _read(self) -> dict[str, Any]:
        """The traits, of the file or of a new design."""
        text = self._on_disk()
        stored = {} if text is None else self._stored(text)
        values = {
            "net": stored.get("net", _START | {"name": self.name.replace("-", "_")}),
            "hw": Hardware(**stored.get("hw", {"rows": 8, "cols": 24})),
            "kept": stored.get("kept", {}),
        }
        self._seen = text
        return values

    def _stored(self, text: bytes) -> dict[str, Any]:
        data = parse_json(text, str(self._file))
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise InputError(f"expected a design of format {FORMAT!r}", where=str(self._file))
        for key in ("net", "hw", "kept"):
            if not isinstance(data.get(key, {}), dict):
                raise InputError(f"expected an object, received {shorten(data[key])}", where=f"{self._file}: $.{key}")
        return data

    def _write(self, _: Any) -> None:
        if self._reading:
            return
        try:
            self.save()
        except ConflictError:
            if self.on_conflict is None:
                raise
            self.on_conflict()


def _replace(file: Path, text: str) -> None:
    with replacing(file) as fresh:
        fresh.write_text(text, encoding="utf-8")


def described(net: Mapping[str, Any], rows: int, cols: int) -> str:
    """A network and its array in a line: `2 bundles on 8 × 24`."""
    count = len(net.get("bundles", []))
    return f"{count} bundle{'s' * (count != 1)} on {rows} × {cols}"
