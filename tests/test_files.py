"""Files are read in one place: never what is no file, never more than they may have, never waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deepsoc._files import read_bytes, read_text, read_toml, replacing
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.hw.boards import board
from deepsoc.netspec.spec import load_net, load_weights
from deepsoc.perf.space import Space
from deepsoc.workloads import load_workload

READERS = [load_net, load_weights, load_workload, Hardware.load, Space.load, board]


@pytest.fixture
def special(tmp_path: Path) -> list[Path]:
    """A pipe nobody writes to, a folder, a link to a device that never ends, and a link to itself."""
    names = [tmp_path / f"{name}.toml" for name in ("pipe", "folder", "device", "loop")]
    os.mkfifo(names[0])
    names[1].mkdir()
    names[2].symlink_to("/dev/zero")
    names[3].symlink_to(names[3])
    return names


@pytest.mark.timeout(60)  # a reader that waits for the pipe would wait for ever
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_no_reader_takes_what_is_no_file(special: list[Path], read) -> None:
    for path, says in zip(special, ("is a pipe", "is a folder", "is a device", "cannot read"), strict=True):
        with pytest.raises(InputError, match=says) as caught:
            read(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_no_reader_takes_a_name_that_cannot_be_one(read) -> None:
    for name in ("a\0b.toml", "x" * 5000 + ".toml", "/dev/null/x.toml", "missing.toml"):
        with pytest.raises(InputError) as caught:
            read(Path(name))
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_large_files_are_refused_unread(tmp_path: Path, read) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="1,099,511,627,776 bytes, expected at most"):
        read(path)


def test_the_limit_is_the_last_size_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    assert read_bytes(path, "the file", most=8) == b"12345678"
    with pytest.raises(InputError, match="cannot read the file: 8 bytes, expected at most 7"):
        read_bytes(path, "the file", most=7)
    # Files of /proc tell no size.
    with pytest.raises(InputError, match="bytes, expected at most 9"):
        read_bytes("/proc/self/status", "the file", most=9)


def test_text_and_toml(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("\ufeffa = 1".encode())
    assert read_toml(path, "the file") == {"a": 1}
    path.write_bytes(b"a = \xff")
    with pytest.raises(InputError, match="not UTF-8, invalid start byte at byte 4"):
        read_text(path, "the file")
    for text in ("a = ", "a = 1\na = 2", "a = " + "[" * 5000):
        path.write_text(text)
        with pytest.raises(InputError, match="not TOML"):
            read_toml(path, "the file")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    with replacing(path) as fresh:
        fresh.write_text("one")
    with pytest.raises(FileNotFoundError), replacing(path) as fresh:
        fresh.with_name("absent").rename(fresh)
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a regular file"), replacing(pipe):
        pass
    assert pipe.is_fifo()
