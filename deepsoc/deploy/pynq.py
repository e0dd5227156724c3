"""The target `pynq`: a folder for a PYNQ board, which has NumPy and PYNQ and needs nothing else."""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

import deepsoc
from deepsoc._files import read_bytes
from deepsoc.deploy.sources import render
from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.export.artifacts import WORK
from deepsoc.impl.result import REPORT, Implementation

__all__ = ["files", "package"]

_PACKAGE = ("__init__.py", "errors.py", "_arrays.py", "_files.py", "_registry.py", "_tensors.py", "runtime/*.py")
"""What the driver imports."""
_DESIGN = ("manifest.json", "hw.json", "params.svh", "weights.bin", "descriptors.bin")
_MOST = 1 << 30  # bytes of a bitstream


def files(artifacts: Artifacts) -> dict[str, bytes]:
    """Driver, design, the export's inputs with the outputs that they must give, a notebook, and bitstream and `.hwh`.

    Raises:
        InputError: more than one FPGA flow made a bitstream, or one is not of this hardware.
    """
    bitstream = _bitstream(artifacts)
    return {
        **package(),
        **{f"design/{name}": (artifacts.path / name).read_bytes() for name in _DESIGN},
        **bitstream,
        "images.npy": _npy(artifacts.input().astype(np.int8)),
        "expected.npy": _npy(artifacts.output().astype(np.int32)),
        "run.ipynb": (Path(__file__).parent / "templates/pynq.ipynb").read_bytes(),
        "README.md": render("pynq.md.j2", {"manifest": artifacts.manifest, "hw": artifacts.hw, "bit": bool(bitstream)}),
    }


def package() -> dict[str, bytes]:
    """The modules of this package that the driver needs, in a folder of their own, by path."""
    root = Path(deepsoc.__file__).parent
    return {
        f"lib/deepsoc/{path.relative_to(root)}": path.read_bytes()
        for pattern in _PACKAGE
        for path in sorted(root.glob(pattern))
    }


def _bitstream(artifacts: Artifacts) -> dict[str, bytes]:
    """`design.bit` and `design.hwh`, if the report of a flow names both."""
    made: dict[Path, list[str]] = {}
    for report in sorted((artifacts.path / WORK).glob(f"*/{REPORT}")):
        result = Implementation.load(report.parent)
        names = [name for name in result.artifacts if PurePosixPath(name).suffix in (".bit", ".hwh")]
        if sorted(PurePosixPath(name).suffix for name in names) == [".bit", ".hwh"]:
            if result.hw.params_hash != artifacts.hw.params_hash:
                raise InputError("is of another hardware; run the flow again", where=str(report))
            made[report.parent] = names
    if len(made) > 1:
        flows = ", ".join(folder.name for folder in made)
        raise InputError(f"{len(made)} flows made a bitstream: {flows}; remove the others", where=str(artifacts.path))
    found = {}
    for folder, names in made.items():
        for name in names:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise InputError(f"{name!r} lies outside the folder; run the flow again", where=str(folder / REPORT))
            found[f"design{PurePosixPath(name).suffix}"] = read_bytes(folder / name, "the bitstream", most=_MOST)
    return found


def _npy(array: npt.NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
