"""One small design on the simulated accelerator, built once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from deepsoc.export import Artifacts, export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.runtime.simulation import SimulatedDevice, memory_for
from deepsoc.sim.build import build_device
from tests.sim.test_simulate import HW, NET

Open = Callable[..., SimulatedDevice]


@pytest.fixture(scope="session")
def design(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return export(parse_net(NET).to_graph(seed=3), HW, tmp_path_factory.mktemp("runtime") / "design", seed=4)


@pytest.fixture(scope="session")
def library(design: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(design.path, tmp_path_factory.mktemp("device"))


@pytest.fixture
def opened(design: Artifacts, library: Path) -> Iterator[Open]:
    """Opens devices of the design, and closes them."""
    made: list[SimulatedDevice] = []

    def opened(**options: object) -> SimulatedDevice:
        size = memory_for(design.manifest.arena_bytes)
        made.append(SimulatedDevice(library, memory_bytes=size, max_burst=design.hw.axi_max_burst, **options))
        return made[-1]

    yield opened
    for device in made:
        device.close()


def images(count: int, seed: int) -> np.ndarray:
    """Integers of the design's input."""
    return np.random.default_rng(seed).integers(-128, 128, (count, *NET["input"]["shape"]))


def other(**changes: int) -> Hardware:
    """The design's hardware with other parameters."""
    return HW.model_copy(update=changes)
