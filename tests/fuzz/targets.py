"""The inputs of the product: how each is made, damaged, read in this process, and given to the command."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepsoc.errors import InputError
from deepsoc.export import Artifacts, export
from deepsoc.export.manifest import Manifest
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board, boards
from deepsoc.hw.nodes import node, nodes
from deepsoc.jupyter.listing import designs
from deepsoc.mapping import plan, resolve
from deepsoc.netspec.lower import layer_shapes
from deepsoc.netspec.spec import NetSpec, load_net, load_weights, parse_net
from deepsoc.perf import estimate
from deepsoc.perf.resources import FpgaResources
from deepsoc.perf.silicon import Silicon
from deepsoc.perf.space import PARAMETERS, Space
from deepsoc.perf.sweep import sweep
from deepsoc.runtime.design import Design as DriverDesign
from deepsoc.sim.inputs import read_images
from deepsoc.widgets.studio.design import Design
from deepsoc.workloads import load_workload
from tests.cli.conftest import HW, NET
from tests.fuzz.mutators import mutate_archive, mutate_bytes, mutate_json, mutate_table, mutate_toml
from tests.strategies import random_net, renumbered

__all__ = ["TARGETS", "Target", "prepare"]

SPACE = {"rows": {"min": 2, "max": 8, "step": 2}, "cols": [12, 24, 96], "frequency_mhz": 200.5, "x_bits": 4}
TABLES = (
    Path(load_workload.__code__.co_filename).with_name("tables").joinpath("kws_cnn.csv").read_text(),
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides, Sparsity,\n"
    "Conv1, 27, 27, 11, 11, 3, 96, 4, 1:1,\nConv2_DP, 9, 8, 3, 2, 5, 7, 2, 1:1,\nFC, 1, 1, 1, 1, 92, 40, 1, 1:1,\n",
    "Layer,M,N,K,\nqk,128,64,32,\nv,7,9,100,\n",
)
_MOST_PRODUCTS = 2e7
"""Of a network that is run; what a user asks for beyond is slow, but no fault."""
_MOST_POINTS = 2000


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        name: of the kind.
        damage: writes a damaged input into a folder that `prepare` has filled.
        read: reads it as far as the product would; DeepSocError is an answer.
        commands: arguments of the command that take it; some inputs are no use for the command: they ask for more work
            than a test has time for.
    """

    name: str
    damage: Callable[[Path, random.Random], None]
    read: Callable[[Path], None]
    commands: Callable[[Path], list[list[str]]]


def prepare(folder: Path) -> None:
    """Fills a folder with one whole input of every kind."""
    (folder / "net.json").write_text(json.dumps(NET))
    (folder / "hw.json").write_text(json.dumps(HW))
    (folder / "space.json").write_text(json.dumps(SPACE))
    np.savez(folder / "weights.npz", **_weights())
    spec = parse_net(NET)
    export(spec.to_graph(), Hardware(**HW), folder / "out", net=spec.dump())
    np.save(folder / "images.npy", np.zeros((3, 8, 8, 2)))
    (folder / "table.csv").write_text(TABLES[0])
    (folder / "board.toml").write_text(_data_file("boards", "pynq-z2"))
    (folder / "node.toml").write_text(_data_file("nodes", next(iter(nodes()))))
    sweep(["kws_cnn"], SPACE, out=folder / "f.parquet")
    Design("d", folder / "designs").save()


def _weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = {
        "b1/kernel": (3, 3, 2, 4), "b1/bias": (4,), "b2/kernel": (3, 3, 4, 4), "b2/bias": (4,), "out/kernel": (64, 5),
        "out/bias": (5,),
    }  # fmt: skip
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _is_small(spec: NetSpec) -> bool:
    """Whether running the network takes no time to speak of."""
    tensors: dict[str, Any] = {"input": (spec.input.batch, *spec.input.shape)}
    total = prod(tensors["input"])
    for bundle in spec.bundles:
        kernel, core, tensors[bundle.name] = layer_shapes(bundle, tensors, "")
        window = prod(bundle.pool.size) * prod(core) if bundle.pool else 0
        total += prod(core) * prod(kernel[:-1]) + prod(kernel) + window
        # Each input is run 4,096 elements at least, and each result may be larger than the input.
    return total * max(1, 4096 / prod(spec.input.shape)) < _MOST_PRODUCTS


def _write(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


# Networks


def _damage_net(folder: Path, rng: random.Random) -> None:
    net = NET if rng.random() < 0.5 else random_net(rng, max_size=8, max_channels=8)
    if rng.random() < 0.3:
        net = renumbered(net, rng)
    _write(folder, "net.json", mutate_json(net, rng))


def _read_net(folder: Path) -> None:
    spec = load_net(folder / "net.json")
    assert parse_net(spec.dump()) == spec
    if _is_small(spec):
        graph = spec.to_graph()
        plan(graph, Hardware(rows=8, cols=24))
        estimate(graph, Hardware(rows=8, cols=24))


def _net_commands(folder: Path) -> list[list[str]]:
    try:
        if not _is_small(load_net(folder / "net.json")):
            return []
    except InputError:
        pass
    return [
        ["estimate", "net.json", "--hw", "hw.json", "--json"],
        ["export", "net.json", "--hw", "hw.json", "--random-weights", "--out", "new"],
        ["sweep", "net.json", "--space", "space.json"],
        ["fit", "net.json", "--board", "pynq-z2"],
    ]


# Hardware


def _damage_hw(folder: Path, rng: random.Random) -> None:
    hw = HW if rng.random() < 0.5 else resolve(Hardware(**HW), [parse_net(NET).to_graph()]).model_dump()
    _write(folder, "hw.json", mutate_json(hw, rng))


def _read_hw(folder: Path) -> None:
    hw = Hardware.load(folder / "hw.json")
    estimate("kws_cnn", hw)
    plan(parse_net(NET).to_graph(), hw)


def _hw_commands(folder: Path) -> list[list[str]]:
    return [
        ["estimate", "kws_cnn", "--hw", "hw.json", "--json"],
        ["estimate", "net.json", "--hw", "hw.json"],
        ["export", "net.json", "--hw", "hw.json", "--random-weights", "--out", "new", "--json"],
    ]


# Weights


def _damage_weights(folder: Path, rng: random.Random) -> None:
    _write(folder, "weights.npz", mutate_archive(_weights(), rng))


def _read_weights(folder: Path) -> None:
    parse_net(NET).to_graph(load_weights(folder / "weights.npz"))


def _weights_commands(folder: Path) -> list[list[str]]:
    return [["export", "net.json", "--hw", "hw.json", "--weights", "weights.npz", "--out", "new"]]


# Layer tables and spaces


def _damage_table(folder: Path, rng: random.Random) -> None:
    _write(folder, "table.csv", mutate_table(rng.choice(TABLES), rng))


def _read_table(folder: Path) -> None:
    estimate(load_workload(folder / "table.csv"), Hardware(rows=8, cols=24))
    sweep([str(folder / "table.csv")], {"rows": [4, 8], "cols": 48})


def _table_commands(folder: Path) -> list[list[str]]:
    return [
        ["estimate", "table.csv", "--hw", "hw.json"],
        ["estimate", "table.csv", "--hw", "hw.json", "--batch", "3", "--json"],
        ["sweep", "table.csv", "kws_cnn", "--space", "space.json", "--out", "new.parquet"],
    ]


def _damage_space(folder: Path, rng: random.Random) -> None:
    _write(folder, "space.json", mutate_json(SPACE, rng))


def _read_space(folder: Path) -> None:
    space = Space.load(folder / "space.json")
    if space.size <= _MOST_POINTS:
        sweep(["kws_cnn"], space)


def _space_commands(folder: Path) -> list[list[str]]:
    try:
        if Space.load(folder / "space.json").size > _MOST_POINTS:
            return []
    except InputError:
        pass
    return [["sweep", "kws_cnn", "--space", "space.json"], ["sweep", "net.json", "--space", "space.json", "--json"]]


# Exports


def _damage_manifest(folder: Path, rng: random.Random) -> None:
    """A member of the manifest is another; sometimes signed, so that the checks behind the checksum are reached."""
    path = folder / "out" / "manifest.json"
    path.write_bytes(mutate_json(json.loads(path.read_text()), rng))
    if rng.random() < 0.5:
        with suppress(ValueError):
            path.write_text(Manifest.model_validate_json(path.read_bytes()).signed().model_dump_json())


def _damage_export(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(path for path in (folder / "out").rglob("*") if path.is_file()))
    path.write_bytes(mutate_bytes(path.read_bytes(), rng))


def _read_export(folder: Path) -> None:
    with suppress(InputError):
        DriverDesign.load(folder / "out")
    artifacts = Artifacts.load(folder / "out")
    artifacts.input()
    for i, op in enumerate(artifacts.manifest.operations):
        values = artifacts.expected(i)
        assert values.shape == op.tensor.unpack(bytes(op.y_bytes), artifacts.hw).shape


def _export_commands(folder: Path) -> list[list[str]]:
    try:
        Artifacts.load(folder / "out")
    except InputError:
        return [["simulate", "out"], ["implement", "out", "--flow", "yosys-xc7"]]
    return []  # it is whole: it would be simulated


# Images


def _damage_images(folder: Path, rng: random.Random) -> None:
    kind = rng.choice((np.int8, np.float32, np.float64, np.uint16))
    images = np.random.default_rng(rng.getrandbits(32)).normal(size=(3, 8, 8, 2)).astype(kind)
    stream = io.BytesIO()
    np.save(stream, images)
    _write(folder, "images.npy", mutate_bytes(stream.getvalue(), rng))


def _read_images(folder: Path) -> None:
    values = read_images(folder / "images.npy", Artifacts.load(folder / "out"))
    assert values.shape[1:] == (8, 8, 2)
    assert values.min() >= -128
    assert values.max() <= 127


def _images_commands(folder: Path) -> list[list[str]]:
    try:
        _read_images(folder)
    except InputError:
        return [["simulate", "out", "--input", "images.npy", "--output", "new.npy"]]
    return []  # they are whole: they would be simulated


# Files of sweeps, designs


def _damage_sweep(folder: Path, rng: random.Random) -> None:
    path = folder / "f.parquet"
    path.write_bytes(mutate_bytes(path.read_bytes(), rng))


def _read_sweep(folder: Path) -> None:
    pd.testing.assert_frame_equal(sweep(["kws_cnn"], SPACE, out=folder / "f.parquet"), sweep(["kws_cnn"], SPACE))


def _sweep_commands(folder: Path) -> list[list[str]]:
    return [["sweep", "kws_cnn", "--space", "space.json", "--out", "f.parquet", "--json"]]


def _damage_design(folder: Path, rng: random.Random) -> None:
    path = folder / "designs" / "d" / "design.json"
    path.write_bytes(mutate_json(json.loads(path.read_text()), rng))


def _read_design(folder: Path) -> None:
    json.dumps(designs(folder), allow_nan=False)
    Design("d", folder / "designs")


# Boards and nodes


def _damage_board(folder: Path, rng: random.Random) -> None:
    _write(folder, "board.toml", mutate_toml(_data_file("boards", rng.choice(list(boards()))), rng))


def _read_board(folder: Path) -> None:
    found = board(folder / "board.toml")
    found.budget()
    FpgaResources(found.family)


def _board_commands(folder: Path) -> list[list[str]]:
    return [["fit", "kws_cnn", "--board", "board.toml"]]


def _damage_node(folder: Path, rng: random.Random) -> None:
    _write(folder, "node.toml", mutate_toml(_data_file("nodes", rng.choice(list(nodes()))), rng))


def _read_node(folder: Path) -> None:
    found = node(folder / "node.toml")
    assert found.frequency_mhz > 0
    hw = resolve(Hardware(**HW), [parse_net(NET).to_graph()])
    Silicon(found)(pd.DataFrame({name: [getattr(hw, name)] for name in PARAMETERS}))


def _node_commands(folder: Path) -> list[list[str]]:
    return [["fit", "kws_cnn", "--area-mm2", "2", "--node", "node.toml", "--json"]]


def _data_file(folder: str, name: str) -> str:
    found = list((Path(board.__code__.co_filename).parent / folder).glob("*.toml"))
    by_name = {path.read_text().partition('name = "')[2].partition('"')[0]: path for path in found}
    return by_name[name].read_text()


def _none(folder: Path) -> list[list[str]]:
    return []


TARGETS = (
    Target("net", _damage_net, _read_net, _net_commands),
    Target("hw", _damage_hw, _read_hw, _hw_commands),
    Target("weights", _damage_weights, _read_weights, _weights_commands),
    Target("table", _damage_table, _read_table, _table_commands),
    Target("space", _damage_space, _read_space, _space_commands),
    Target("manifest", _damage_manifest, _read_export, _export_commands),
    Target("export", _damage_export, _read_export, _export_commands),
    Target("images", _damage_images, _read_images, _images_commands),
    Target("sweep", _damage_sweep, _read_sweep, _sweep_commands),
    Target("design", _damage_design, _read_design, _none),
    Target("board", _damage_board, _read_board, _board_commands),
    Target("node", _damage_node, _read_node, _node_commands),
)
