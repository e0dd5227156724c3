"""A design folder as the driver reads it: with the standard library and NumPy alone, as boards have no more."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deepsoc._tensors import Integers, SlotForm, TileForm, to_integers
from deepsoc.errors import InputError
from deepsoc.runtime.device import Bytes

__all__ = ["Design", "Tensor"]

_FORMAT = "deepsoc-export/1"


@dataclass(frozen=True)
class Tensor:
    """The network's input or output.

    Attributes:
        offset: in the arena, bytes.
        form: how it lies there.
        frac: real value = (integer - zero) * scale * 2^-frac.
        bits: of a value.
        shape: the batch first.
        scale: see `frac`.
        zero: the integer of the real value 0.
    """

    offset: int
    form: TileForm | SlotForm
    frac: int
    bits: int
    shape: tuple[int, ...]
    scale: float = 1.0
    zero: int = 0

    @classmethod
    def of(cls, entry: dict[str, Any], rows: int) -> Tensor:
        """From an entry of manifest.json."""
        shape = (entry["n"], entry["h"], entry["w"], entry["c"])
        form: TileForm | SlotForm
        if entry["form"]:
            form = SlotForm(rows, *shape, entry["slot_bytes"], entry["ch_per_t"])
        else:
            form = TileForm(rows, entry["bits"], *shape, entry["pitch"])
        return cls(
            entry["offset"], form, entry["frac"], entry["bits"], tuple(entry["shape"]), entry.get("scale", 1.0),
            entry.get("zero", 0),
        )  # fmt: skip

    def integers(self, images: npt.ArrayLike, where: str = "images") -> tuple[Integers, bool]:
        """`to_integers` of images, in the type of this tensor."""
        return to_integers(
            images, self.shape[1:], bits=self.bits, frac=self.frac, scale=self.scale, zero=self.zero, where=where
        )

    def real(self, values: Integers) -> npt.NDArray[np.float64]:
        """Real values of integers of this tensor."""
        centred = (values - self.zero).astype(np.float64) * self.scale
        return np.asarray(np.ldexp(centred, -self.frac), np.float64)


@dataclass(frozen=True)
class Design:
    """What `deepsoc export` wrote of one network and its accelerator.

    Attributes:
        folder: of the files.
        hw: the parameters of hw.json.
        net_id: identity that every descriptor carries.
        map_version: of the register map.
        params_hash: identity of the hardware.
        arena_bytes: memory that one run needs.
        desc_offset, weights_offset: of table and weights in the arena.
        weights, table: contents of weights.bin and descriptors.bin.
        operations: their names, in order.
        softmax: the CPU applies it to the real outputs, over the last axis.
    """

    folder: Path
    hw: dict[str, Any]
    net_id: int
    map_version: int
    params_hash: int
    arena_bytes: int
    desc_offset: int
    weights_offset: int
    weights: bytes
    table: npt.NDArray[np.uint32]
    operations: tuple[str, ...]
    softmax: bool
    input: Tensor
    output: Tensor

    @property
    def batch(self) -> int:
        """Images that one run takes."""
        return self.input.shape[0]

    @classmethod
    def load(cls, folder: str | Path) -> Design:
        """Reads a design folder; weights, table and parameters must be those that were exported.

        Raises:
            InputError: not a design, or a file is missing or damaged; names it.
        """
        place = Path(folder)
        try:
            manifest = json.loads((place / "manifest.json").read_bytes())
            if manifest["format"] != _FORMAT:
                raise InputError(f"expected {_FORMAT}, received {manifest['format']!r}", where=str(place))
            _check_sum(manifest, place)
            files = {
                name: _checked(place, name, manifest["files"]) for name in ("hw.json", "weights.bin", "descriptors.bin")
            }
            hw = json.loads(files["hw.json"])
            return cls(
                folder=place, hw=hw, net_id=manifest["net_id"], map_version=manifest["map_version"],
                params_hash=manifest["params_hash"],
                arena_bytes=manifest["arena_bytes"], desc_offset=manifest["desc_offset"],
                weights_offset=manifest["weights_offset"], weights=files["weights.bin"],
                table=np.frombuffer(files["descriptors.bin"], "<u4"),
                operations=tuple(op["name"] for op in manifest["operations"]), softmax=manifest["softmax"],
                input=Tensor.of(manifest["input"], hw["rows"]), output=Tensor.of(manifest["output"], hw["rows"]),
            )  # fmt: skip
        except OSError as err:
            raise InputError(
                f"cannot read {Path(err.filename or 'manifest.json').name}: {err.strerror}; give a folder that "
                "`deepsoc export` wrote",
                where=str(place),
            ) from None
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as err:
            raise InputError(
                f"not a design of this version ({type(err).__name__}: {err}); export again", where=str(place)
            ) from None

    def arena(self, memory: Bytes) -> None:
        """Writes what does not change from run to run: the table of operations and the weights."""
        table = self.table.view(np.uint8)
        memory[self.desc_offset : self.desc_offset + table.size] = table
        weights = np.frombuffer(self.weights, np.uint8)
        memory[self.weights_offset : self.weights_offset + weights.size] = weights


def _check_sum(manifest: dict[str, Any], folder: Path) -> None:
    """The manifest carries the hash of the rest of itself."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    text = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    if hashlib.sha256(text.encode()).hexdigest() != manifest["sha256"]:
        raise InputError("differs from what was exported; export or copy it again", where=str(folder / "manifest.json"))


def _checked(folder: Path, name: str, files: dict[str, Any]) -> bytes:
    if name not in files:
        raise InputError(f"manifest.json does not list {name}; export again", where=str(folder))
    data = (folder / name).read_bytes()
    if len(data) != files[name]["bytes"] or hashlib.sha256(data).hexdigest() != files[name]["sha256"]:
        raise InputError("differs from what was exported; export or copy it again", where=str(folder / name))
    return data
