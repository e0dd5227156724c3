"""What the C targets share: the runtime, the network's tables, and what else a program must know of the design."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from deepsoc._files import templates
from deepsoc.assets import folder
from deepsoc.export import Artifacts

__all__ = ["data", "design_header", "render", "runtime", "taken"]

_WORDS = 10  # a line


def taken(names: Iterable[str], into: str = "") -> dict[str, bytes]:
    """Files of the folder `c`.

    Args:
        names: patterns below `c`.
        into: folder that they go to, with its `/`.
    """
    root = folder("c")
    paths: list[Path] = sorted(path for name in names for path in root.glob(name) if path.is_file())
    return {f"{into}{path.name}": path.read_bytes() for path in paths}


def runtime(artifacts: Artifacts) -> dict[str, bytes]:
    """The runtime and the header of the network, in `src`."""
    model = (artifacts.path / "model.h").read_bytes()
    return {**taken(["*.[ch]"], "src/"), "src/model.h": model, "src/design.h": design_header(artifacts)}


def design_header(artifacts: Artifacts) -> bytes:
    """`design.h`: sizes that a program's arrays need, and what its images are."""
    m = artifacts.manifest
    height, width, channels = m.input.shape[1:] if len(m.input.shape) == 4 else (1, 1, m.input.shape[1])
    weights = (artifacts.path / "weights.bin").read_bytes()
    values = {
        "batch": m.input.shape[0], "dimensions": len(m.input.shape) - 1,
        "height": height, "width": width, "channels": channels,
        "outputs": prod(m.output.shape[1:]), "arena_bytes": m.arena_bytes, "weights_bytes": len(weights),
        "weights_crc32": zlib.crc32(weights), "base_address": artifacts.hw.base_address,
    }  # fmt: skip
    return render("design.h.j2", {"name": m.name, "values": values})


def data(artifacts: Artifacts) -> bytes:
    """`data.c`: weights, the export's input and the output that it must give, as arrays of words."""
    return render(
        "data.c.j2",
        {
            "arrays": {
                "weights": _Words.of((artifacts.path / "weights.bin").read_bytes()),
                "input": _Words.of((artifacts.path / "input.bin").read_bytes()),
                "expected": _Words.of(artifacts.output().astype("<i4").tobytes()),
            }
        },
    )


def render(template: str, values: Mapping[str, object]) -> bytes:
    """A template of this package, filled in."""
    return templates("deepsoc.deploy").get_template(template).render(values).encode()


@dataclass(frozen=True)
class _Words:
    """Little-endian words as C text; zeros fill the last one."""

    count: int
    text: str

    @classmethod
    def of(cls, content: bytes) -> _Words:
        words = np.frombuffer(content + bytes(-len(content) % 4), "<u4")
        digits = words.astype(">u4").tobytes().hex().upper()
        texts = [f"0x{digits[i : i + 8]}u" for i in range(0, len(digits), 8)]
        lines = (", ".join(texts[i : i + _WORDS]) for i in range(0, len(texts), _WORDS))
        return cls(len(words), "".join(f"    {line},\n" for line in lines))
