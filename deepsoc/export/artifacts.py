"""An export folder: checked when it is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from deepsoc.errors import InputError
from deepsoc.export.manifest import FORMAT, FileEntry, Manifest
from deepsoc.graph.ir import IntArray
from deepsoc.hw import Hardware

if TYPE_CHECKING:
    from deepsoc.impl import Implementation
    from deepsoc.sim import SimResult

__all__ = ["WORK", "Artifacts", "file_entry"]

WORK = "impl"
"""Folder of an export in which implementation flows work; a later export into the same folder keeps it."""


def file_entry(data: bytes) -> FileEntry:
    """Size and hash of a file's content."""
    return FileEntry(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Artifacts:
    """A complete export.

    Attributes:
        path: the folder.
        manifest: what it holds.
        hw: the accelerator, every maximum known.
    """

    path: Path
    manifest: Manifest
    hw: Hardware

    @classmethod
    def load(cls, path: str | Path) -> Artifacts:
        """Opens an export folder.

        Raises:
            InputError: not an export, or a file is missing or changed; names the file.
        """
        folder = Path(path)
        manifest = read_manifest(folder)
        for name, entry in manifest.files.items():
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise InputError(f"{name!r} lies outside the folder; export again", where=str(folder / "manifest.json"))
            try:
                data = (folder / name).read_bytes()
            except OSError as err:
                raise InputError(f"cannot read it: {err.strerror}; export again", where=str(folder / name)) from None
            if file_entry(data) != entry:
                raise InputError("differs from what was exported; export again", where=str(folder / name))
        needed = {"hw.json", "params.svh", "model.h", "weights.bin", "input.bin"}
        needed |= {op.expected for op in manifest.operations}
        if missing := sorted(needed - set(manifest.files)):
            raise InputError(f"does not list {missing[0]}; export again", where=str(folder / "manifest.json"))
        return cls(folder, manifest, Hardware.load(folder / "hw.json"))

    @property
    def files(self) -> list[Path]:
        """All files of the export."""
        return [self.path / "manifest.json", *(self.path / name for name in self.manifest.files)]

    def input(self) -> IntArray:
        """The input integers, in the network's input shape."""
        data = np.frombuffer((self.path / "input.bin").read_bytes(), np.int8)
        return data.astype(np.int64).reshape(self.manifest.input.shape)

    def expected(self, index: int) -> IntArray:
        """The integers that operation `index` must write."""
        values: IntArray = np.load(self.path / self.manifest.operations[index].expected, allow_pickle=False)
        return values.astype(np.int64)

    def simulate(self, **options: Any) -> SimResult:
        """Runs the network on the RTL with the firmware; `options` as of `deepsoc.sim.simulate`.

        Raises:
            MismatchError: a result differs from the reference; names the first element.
        """
        from deepsoc import _fluent

        return _fluent.simulate(self, **options)

    def implement(self, flow: str, **options: Any) -> Implementation:
        """Runs an FPGA or ASIC flow; `options` as of `deepsoc.impl.implement`."""
        from deepsoc import _fluent

        return _fluent.implement(self, flow, **options)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an export folder.

    Raises:
        InputError: there is none, or it is not one of ours.
    """
    path = folder / "manifest.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as err:
        raise InputError(
            f"not an export folder, manifest.json cannot be read ({err.strerror}); "
            "give a folder that `deepsoc export` wrote",
            where=str(folder),
        ) from None
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"not a manifest of format {FORMAT}: {field}: {first['msg']}", where=str(path)) from None
