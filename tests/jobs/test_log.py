"""Logs: pieces, tails, 100 MB."""

from __future__ import annotations

import json
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.jobs import Job
from tests.jobs.conftest import Runs

_MB = 1 << 20


def _job(folder: Path, log: bytes) -> Job:
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps({"kind": "demo", "title": "", "created": 0, "command": []}))
    (folder / "state.json").write_text('{"status": "done"}')
    (folder / "log.txt").write_bytes(log)
    return Job.load(folder)


def test_pieces_join_to_the_text(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    text = "".join(draw.choice("a\n×⌈𝔸") for _ in range(500))
    job = _job(tmp_path / "job", text.encode())
    pieces: list[str] = []
    offset = 0
    while not pieces or pieces[-1]:
        piece, offset = job.log(offset, draw.randint(4, 40))
        pieces.append(piece)
    assert "".join(pieces) == text
    assert job.log(offset) == ("", offset)
    assert job.log(offset + 10) == ("", offset + 10)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    job = _job(tmp_path / "job", b"one\xff\xfe\ntwo \xe2\x82")
    assert job.log() == ("one\ufffd\ufffd\ntwo \ufffd", 12)
    assert job.log_tail(1) == "two \ufffd"


def test_odd_requests(tmp_path: Path) -> None:
    job = _job(tmp_path / "job", b"1\n2\n3\n")
    assert [job.log_tail(n) for n in (0, 2, 9)] == ["", "2\n3", "1\n2\n3"]
    for offset, limit in ((-1, 10), (0, 3)):
        with pytest.raises(InputError, match="offset"):
            job.log(offset, limit)
    (job.folder / "log.txt").unlink()
    assert (job.log(), job.log_tail()) == (("", 0), "")


def test_100_megabytes(runs: Runs, tmp_path: Path) -> None:
    big = runs(f"yes 'a line of the log' | head -c {100 * _MB} >&2; printf '\\nlast\\n' >&2; exit 1")
    assert big.wait().reason == "exit status 1"
    assert (big.folder / "log.txt").stat().st_size == 100 * _MB + 6
    small = _job(tmp_path / "small", b"a line of the log\n" * (_MB // 18) + b"last\n")
    assert big.log_tail(3).splitlines()[-1] == "last"
    assert len(big.log_tail(1000).splitlines()) == 1000
    text, end = big.log(100 * _MB - 10, 65536)
    assert text.endswith("last\n")
    assert end == 100 * _MB + 6
    assert _seconds(big.log_tail) < 10 * _seconds(small.log_tail)
    assert _seconds(lambda: big.log(50 * _MB)) < 10 * _seconds(lambda: small.log(_MB // 2))
    tracemalloc.start()
    try:
        big.log_tail(100)
        big.log(99 * _MB)
        assert tracemalloc.get_traced_memory()[1] < 3 * _MB
    finally:
        tracemalloc.stop()
    assert big.state.status == "failed"


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(15):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
