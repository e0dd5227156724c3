"""`deepsoc deploy`: its JSON, its list, and every wrong use of it."""

from __future__ import annotations

import json

import pytest

from deepsoc.deploy import TARGETS
from tests.cli.conftest import NET, Cli, changed


@pytest.fixture
def exported(cli: Cli) -> Cli:
    assert cli("export", "net.json", "--hw", "hw.json", "--out", "out", "--random-weights").status == 0
    return cli


def test_the_command(exported: Cli) -> None:
    outcome = exported("deploy", "out", "--target", "baremetal", "--out", "my board", "--json")
    assert outcome.status == 0, outcome.stderr
    answer = json.loads(outcome.stdout)
    assert answer["target"] == "baremetal"
    place = exported.folder / "my board"
    assert answer["files"] == sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    outcome = exported("deploy", "out", "--target", "vitis", "--out", "my board")
    assert (outcome.status, "src/board_xilinx.c" in outcome.stdout) == (0, True)


def test_the_help_names_every_target(cli: Cli) -> None:
    text = " ".join(cli("deploy", "--help").stdout.split())
    assert all(name in text for name in TARGETS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "DIR"),
        (("out",), "--target"),
        (("out", "--target", "baremetal"), "--out"),
        (("out", "--target", "toaster", "--out", "x"), f"expected one of {', '.join(TARGETS)}, received 'toaster'"),
        (("nowhere", "--target", "vitis", "--out", "x"), "nowhere: not an export folder"),
        ((".", "--target", "vitis", "--out", "x"), "not an export folder"),
        (("out", "--target", "vitis", "--out", "x;rm -r y"), "character ';'"),
        (("out", "--target", "vitis", "--out", "a$(b)"), "character '$'"),
        (("out", "--target", "vitis", "--out", "net.json"), "is not a directory"),
        (("out", "--target", "vitis", "--out", "."), "the export itself lies there"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_wrong_use(exported: Cli, arguments: tuple[str, ...], says: str) -> None:
    exported.refused("deploy", *arguments, says=says)


@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_a_damaged_export_is_refused(damage: str, exported: Cli) -> None:
    weights = exported.folder / "out" / "weights.bin"
    if damage == "missing":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:-1])
    exported.refused("deploy", "out", "--target", "baremetal", "--out", "x", says="weights.bin")


def test_a_name_of_a_network_cannot_leave_the_sources(exported: Cli) -> None:
    bad = changed(NET, "name", 'x"); system("rm')
    (exported.folder / "net.json").write_text(json.dumps(bad))
    exported.refused("export", "net.json", "--hw", "hw.json", "--out", "bad", "--random-weights", says="name")
