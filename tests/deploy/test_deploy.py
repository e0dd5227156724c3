"""Deployment folders: complete, replaced safely, made of whole exports alone."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from deepsoc import _files
from deepsoc.deploy import TARGETS, deploy
from deepsoc.errors import InputError
from deepsoc.export import Artifacts, export
from deepsoc.graph.executor import execute
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from tests.cli.conftest import HW, NET


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return export(parse_net(NET).to_graph(seed=1), Hardware(**HW), tmp_path_factory.mktemp("deploy") / "export")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def words_of(text: str, name: str) -> bytes:
    body = re.search(rf"design_{name}\[\d+\] = \{{(.*?)\}};", text, re.S)
    assert body
    return np.array([int(word, 16) for word in re.findall(r"0x([0-9A-F]{8})u", body[1])], "<u4").tobytes()


@pytest.mark.parametrize("target", TARGETS)
def test_a_folder_is_complete(target: str, artifacts: Artifacts, tmp_path: Path) -> None:
    done = artifacts.deploy(target, tmp_path / "a" / "board")
    found = contents(done.folder)
    assert done.folder == tmp_path / "a" / "board"
    assert sorted(found) == list(done.files)
    assert json.loads(found["deploy.json"])["target"] == done.target == target
    assert artifacts.manifest.name in found["README.md"].decode()
    assert contents(deploy(artifacts.path, target, tmp_path / "again").folder) == found
    included = {name for text in found.values() for name in re.findall(rb'#include "(\w+\.h)"', text)}
    board_package = {b"xil_cache.h", b"xil_io.h", b"xil_printf.h", b"xparameters.h", b"xtime_l.h"}
    assert included - {name.rpartition("/")[2].encode() for name in found} <= board_package


def test_the_header_says_what_the_network_is(artifacts: Artifacts, tmp_path: Path) -> None:
    text = (deploy(artifacts.path, "baremetal", tmp_path / "board").folder / "src" / "design.h").read_text()
    values = {name: int(value, 0) for name, value in re.findall(r"#define DESIGN_(\w+) (\w+?)u?(?: +/.*)?\n", text)}
    weights = (artifacts.path / "weights.bin").read_bytes()
    assert values == {
        "BATCH": 1, "DIMENSIONS": 3, "HEIGHT": 8, "WIDTH": 8, "CHANNELS": 2, "OUTPUTS": 5,
        "ARENA_BYTES": artifacts.manifest.arena_bytes,
        "WEIGHTS_BYTES": len(weights), "WEIGHTS_CRC32": zlib.crc32(weights), "BASE_ADDRESS": artifacts.hw.base_address,
    }  # fmt: skip


def test_the_arrays_hold_the_data(artifacts: Artifacts, tmp_path: Path) -> None:
    text = (deploy(artifacts.path, "vitis", tmp_path / "board").folder / "src" / "data.c").read_text()
    for name, content in (
        ("weights", (artifacts.path / "weights.bin").read_bytes()),
        ("input", artifacts.input().astype(np.int8).tobytes()),
        ("expected", artifacts.expected(len(artifacts.manifest.operations) - 1).astype("<i4").tobytes()),
    ):
        assert words_of(text, name)[: len(content)] == content


def test_an_output_in_blocks_of_rows_is_put_together(tmp_path: Path) -> None:
    """A dense layer with more rows than the array, and more features than its memory of weights."""
    dense = {"name": "dense", "input": "input", "core": {"type": "dense", "units": 3}}
    spec = {"input": {"shape": [40], "batch": 7}, "bits": {"x": 8, "k": 8, "b": 16}, "bundles": [dense]}
    net = parse_net({"format": "deepsoc-net/1", "name": "rows", **spec}).to_graph(seed=2)
    made = export(net, Hardware(rows=2, cols=8, x_bits=8, k_bits=8, weights_ram_depth=16), tmp_path / "export")
    np.testing.assert_array_equal(made.output(), execute(net, made.input())["dense"].out)
    assert len(made.manifest.operations) > 1


def test_an_earlier_deployment_is_replaced(artifacts: Artifacts, tmp_path: Path) -> None:
    place = deploy(artifacts.path, "baremetal", tmp_path / "board").folder
    (place / "old").write_text("from before")
    (place / "src" / "main.c").write_text("changed")
    done = deploy(artifacts.path, "vitis", place)
    assert sorted(contents(place)) == list(done.files)
    assert [path.name for path in tmp_path.iterdir()] == ["board"]


@pytest.mark.parametrize("kind", ["folder", "file", "mark", "export", "its parent"])
def test_nothing_else_is_replaced(kind: str, artifacts: Artifacts, tmp_path: Path) -> None:
    out = tmp_path / "precious"
    if kind == "file":
        out.write_text("mine")
    elif kind in ("folder", "mark"):
        out.mkdir()
        (out / {"folder": "thesis.tex", "mark": "deploy.json"}[kind]).write_text('{"format": ["another"]}')
    else:
        out = artifacts.path if kind == "export" else artifacts.path.parent
    before = contents(artifacts.path.parent), contents(tmp_path)
    with pytest.raises(InputError, match=r"not an earlier deployment|export itself"):
        deploy(artifacts.path, "baremetal", out)
    assert (contents(artifacts.path.parent), contents(tmp_path)) == before


def test_a_failure_leaves_nothing(artifacts: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "main.c":
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(_files.Path, "write_bytes", full)
    with pytest.raises(InputError, match="cannot write the deployment: No space left"):
        deploy(artifacts.path, "baremetal", tmp_path / "board")
    assert list(tmp_path.iterdir()) == []
