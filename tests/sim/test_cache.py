"""The cache of simulators: built once, whole or not at all, and somewhere else where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepsoc.errors import ToolError
from deepsoc.sim import cache


class Built:
    """Fills entries, and counts how often; `text` of an entry is what it was filled with."""

    def __init__(self) -> None:
        self.places: list[Path] = []

    def __call__(self, place: Path) -> None:
        self.places.append(place)
        (place / "model").mkdir()
        (place / "model" / "lib.a").write_bytes(bytes(range(256)) * 10)
        (place / "main.o").write_text("x")


def content(place: Path) -> tuple[int, str]:
    """What can be read of an entry."""
    return (place / "model" / "lib.a").stat().st_size, (place / "main.o").read_text()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache._temporary.cache_clear()
    yield cache.cache_folder()
    cache._temporary.cache_clear()


def folders(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir() if path.is_dir())


def test_an_entry_is_built_once(home: Path) -> None:
    build = Built()
    for _ in range(2):
        assert cache.use("key", build, lambda place: (place, content(place))) == (home / "key", (2560, "x"))
    assert len(build.places) == 1
    assert build.places[0].parent == home
    assert build.places[0] != home / "key"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ToolError("no"), ValueError])
def test_a_failed_build_leaves_nothing(home: Path, error: BaseException) -> None:
    def build(place: Path) -> None:
        (place / "half").write_text("x")
        raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        cache.use("key", build, content)
    assert folders(home) == []


def test_what_killed_builds_left_is_removed(home: Path) -> None:
    """Of this entry before it is built, of others after."""
    for name in ("key.new", "key.1.new", "other.2.new"):
        (home / name).mkdir()
        (home / name / "half").write_text("x")
    cache.use("key", Built(), content)
    assert folders(home) == ["key"]


def truncate(place: Path) -> None:
    os.truncate(place / "model" / "lib.a", 100)


def flip(place: Path) -> None:
    data = bytearray((place / "model" / "lib.a").read_bytes())
    data[1000] ^= 1
    (place / "model" / "lib.a").write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": truncate,
    "one bit": flip,
    "missing": lambda place: (place / "main.o").unlink(),
    "more": lambda place: (place / "more.o").write_text("x"),
    "no stamp": lambda place: (place / "whole").unlink(),
    "empty stamp": lambda place: (place / "whole").write_text(""),
    "a stamp that is no text": lambda place: (place / "whole").write_bytes(b"\xff\xfe"),
    "a stamp that is a folder": lambda place: (place / "whole").rename(place / "x") and (place / "whole").mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_entry_heals(home: Path, damage: Callable[[Path], None]) -> None:
    build = Built()
    cache.use("key", build, content)
    damage(home / "key")
    for _ in range(2):
        assert cache.use("key", build, content) == (2560, "x")
    assert len(build.places) == 2
    assert not (home / "key" / "more.o").exists()


def test_an_entry_that_cannot_be_used_is_built_once_more(home: Path) -> None:
    build = Built()
    cache.use("key", build, content)
    answers = iter([ToolError("cannot link"), None])

    def work(place: Path) -> str:
        if error := next(answers):
            raise error
        return (place / "main.o").read_text()

    assert cache.use("key", build, work) == "x"
    assert len(build.places) == 2


def test_work_that_fails_with_a_new_entry_fails(home: Path) -> None:
    build = Built()

    def work(place: Path) -> None:
        raise ToolError(f"cannot link {len(build.places)}")

    for count in (1, 2):
        with pytest.raises(ToolError, match=f"cannot link {count}"):
            cache.use("key", build, work)


def test_the_oldest_entries_go_when_the_cache_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i, key in enumerate("abc"):
        cache.use(key, Built(), content)
        os.utime(home / key, (i, i))
        monkeypatch.setattr(cache, "MAX_BYTES", 5 * cache._size(home / key) // 2)
    assert folders(home) == ["b", "c"]


def test_two_processes_build_an_entry_once(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom deepsoc.sim import cache\n"
        f"def build(place):\n    open({str(log)!r}, 'a').write('built\\n'); time.sleep(0.5)\n"
        "cache.use('key', build, lambda place: None)\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert log.read_text() == "built\n"


@pytest.mark.parametrize("name", ["a b", "tab\there", "ü ö"])
def test_a_blank_in_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """make cannot work there: the entry is built elsewhere, and nothing is left of that."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
    build = Built()
    for _ in range(2):
        assert cache.use("key", build, content) == (2560, "x")
    (place,) = build.places
    assert len(str(place).split()) == 1
    assert not place.exists()
    assert folders(cache.cache_folder()) == ["key"]


def elsewhere(build: Built) -> None:
    """Expects that entries are built in a folder of the process, once each, with a warning."""
    with pytest.warns(RuntimeWarning, match="XDG_CACHE_HOME"):
        assert cache.use("key", build, content) == (2560, "x")
    with pytest.warns(RuntimeWarning, match="XDG_CACHE_HOME"):
        assert cache.use("key", build, content) == (2560, "x")
    assert build.places[-1].parent == Path(cache._temporary().name)


def test_a_file_in_place_of_the_cache(home: Path) -> None:
    home.rmdir()
    home.touch()
    build = Built()
    elsewhere(build)
    assert len(build.places) == 1


def test_no_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    monkeypatch.delenv("XDG_CACHE_HOME")
    elsewhere(Built())


def test_a_disk_that_a_program_finds_full(home: Path) -> None:
    """As the compiler says it; a failure of another kind is not hidden."""
    fill = Built()

    def build(place: Path) -> None:
        if place.parent == home:
            raise ToolError("g++ failed with status 1:\nerror writing to /tmp/cc.s: No space left on device")
        fill(place)

    with pytest.warns(RuntimeWarning, match="No space left"):
        assert cache.use("key", build, content) == (2560, "x")
    assert folders(home) == []


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 1 MiB that holds the cache."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
    cache._temporary.cache_clear()
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)
        cache._temporary.cache_clear()


def test_a_full_disk(small_disk: Path) -> None:
    def large(place: Path) -> None:
        (place / "large").write_bytes(bytes(2 << 20))

    with pytest.warns(RuntimeWarning, match="No space left"):
        assert cache.use("large", large, lambda place: (place / "large").stat().st_size) == 2 << 20
    assert folders(cache.cache_folder()) == []
    build = Built()
    assert cache.use("key", build, content) == (2560, "x")
    assert build.places[0].parent == cache.cache_folder()


def test_a_cache_to_read_only(small_disk: Path) -> None:
    """What is there is used; another entry is built elsewhere."""
    build = Built()
    cache.use("there", build, content)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert cache.use("there", build, content) == (2560, "x")
    assert len(build.places) == 1
    elsewhere(build)
    assert len(build.places) == 2
