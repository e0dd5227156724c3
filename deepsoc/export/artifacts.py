"""An export folder: checked when it is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from deepsoc._arrays import parse_array
from deepsoc._files import read_bytes
from deepsoc._json import parse_json, pydantic_fault
from deepsoc.errors import InputError
from deepsoc.export.manifest import FORMAT, FileEntry, Manifest
from deepsoc.graph.ir import Graph, IntArray
from deepsoc.graph.store import load_graph
from deepsoc.hw import Hardware

if TYPE_CHECKING:
    from deepsoc.deploy import Deployment
    from deepsoc.impl import Implementation
    from deepsoc.sim import SimResult

__all__ = ["GRAPH", "WORK", "Artifacts", "file_entry"]

_MOST = 1 << 32  # bytes of a file
_MOST_MANIFEST = 1 << 26

GRAPH = "graph.npz"
"""The network's integers, from which the reference is computed for other inputs."""
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
            if file_entry(read_bytes(folder / name, "a file of the export", most=_MOST)) != entry:
                raise InputError("differs from what was exported; export again", where=str(folder / name))
        needed = {"hw.json", "params.svh", "model.h", "weights.bin", "input.bin"}
        needed |= {op.expected for op in manifest.operations}
        if missing := sorted(needed - set(manifest.files)):
            raise InputError(f"does not list {missing[0]}; export again", where=str(folder / "manifest.json"))
        hw = Hardware.load(folder / "hw.json")
        tensors = [manifest.input, manifest.output, *(op.tensor for op in manifest.operations)]
        if (
            manifest.sha256 != manifest.checksum()
            or manifest.files["input.bin"].bytes != prod(manifest.input.shape)
            or manifest.files["weights.bin"].bytes != manifest.weights_bytes
            or manifest.params_hash != hw.params_hash
            or not all(tensor.fits(hw) for tensor in tensors)
        ):
            raise InputError("differs from what was exported; export again", where=str(folder / "manifest.json"))
        return cls(folder, manifest, hw)

    @property
    def files(self) -> list[Path]:
        """All files of the export."""
        return [self.path / "manifest.json", *(self.path / name for name in self.manifest.files)]

    def graph(self) -> Graph:
        """The network in integers.

        Raises:
            InputError: an earlier version exported it, without them.
        """
        if GRAPH not in self.manifest.files:
            raise InputError(f"the export holds no {GRAPH}; export again", where=str(self.path))
        return load_graph(self.path / GRAPH)

    def input(self) -> IntArray:
        """The input integers, in the network's input shape."""
        data = np.frombuffer((self.path / "input.bin").read_bytes(), np.int8)
        return data.astype(np.int64).reshape(self.manifest.input.shape)

    def output(self) -> IntArray:
        """The output integers for that input, in the network's output shape."""
        # Several operations may have written it, each a part: rows of a dense layer, channels of a group, repeated
        # rows. What came before them, of the same bundle, may have had the same place.
        output = self.manifest.output
        image = np.zeros(output.bytes, np.uint8)
        for op in (self.manifest.operations[index] for index in self.manifest.bundles[-1].operations):
            if 0 <= (at := op.tensor.offset - output.offset) < output.bytes:
                values = self.expected(op.index)
                written, theirs = (
                    np.frombuffer(op.tensor.pack(each, self.hw), np.uint8)[: output.bytes - at]
                    for each in (values, np.full_like(values, -1))  # all bits of its elements
                )
                place = image[at : at + len(written)]
                place[:] = place & ~theirs | written
        return output.unpack(image.tobytes(), self.hw)

    def expected(self, index: int) -> IntArray:
        """The integers that operation `index` must write."""
        op = self.manifest.operations[index]
        path = self.path / op.expected
        values = parse_array(read_bytes(path, "a file of the export", most=_MOST), str(path))
        if values.shape != op.tensor.shape or values.dtype != np.int32:
            raise InputError(f"expected int32 of shape {op.tensor.shape}; export again", where=str(path))
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

    def deploy(self, target: str, out: str | Path) -> Deployment:
        """Writes the folder that goes to a board; arguments as of `deepsoc.deploy.deploy`."""
        from deepsoc import _fluent

        return _fluent.deploy(self, target, out)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an export folder.

    Raises:
        InputError: there is none, or it is not one of ours.
    """
    path = folder / "manifest.json"
    try:
        text = read_bytes(path, "manifest.json", most=_MOST_MANIFEST)
    except InputError as err:
        message = str(err).removeprefix(f"{err.where}: ")
        raise InputError(
            f"not an export folder, {message}; give a folder that `deepsoc export` wrote", where=str(folder)
        ) from None
    data = parse_json(text, str(path))
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as err:
        field, message = pydantic_fault(err, data)
        raise InputError(f"{message}; expected a manifest of format {FORMAT}", where=f"{path}: {field}") from None
