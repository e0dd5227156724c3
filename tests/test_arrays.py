"""Arrays of numbers: what a file declares is checked before memory is taken for it."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsoc._arrays import parse_array, read_archive
from deepsoc.errors import InputError

MIB = 1 << 20


def npy(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, values, **options)
    return stream.getvalue()


def archive(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@given(
    st.lists(st.integers(0, 5), max_size=4).map(tuple),
    st.sampled_from(["<f4", ">f8", "i1", "<u2", ">i8", "<f2"]),
    st.booleans(),
    st.sampled_from([(1, 0), (2, 0)]),
)
def test_what_numpy_writes_is_read_as_numpy_reads_it(shape, kind, fortran, version) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind)
    data = npy(np.asarray(values, order="F" if fortran else "C"), version=version)
    found = parse_array(data, "f")
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives(tmp_path: Path, save) -> None:
    path = tmp_path / "w.npz"
    arrays = {"a/kernel": np.ones((2, 3), np.float32), "b": np.array(1), "c": np.zeros((0, 4))}
    save(path, **arrays)
    found = read_archive(path, "the weights")
    assert list(found) == list(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(found[name], values)


def test_compression_bombs_are_refused_unopened(tmp_path: Path) -> None:
    """3 MB that would take 3 GB."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.npy", "w", force_zip64=True) as member:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (200 * MIB // 8,)}
        )
        member.write(header.getvalue())
        for _ in range(200):
            member.write(bytes(MIB))
    assert path.stat().st_size < MIB
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"bytes would unpack to 209,715,3\d\d, more than 100 times as many"):
            read_archive(path, "the weights")
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_a_header_cannot_ask_for_more_than_there_is(tmp_path: Path) -> None:
    data = npy(np.ones(8, np.int8)).replace(b"(8,)", b"(9,)")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    for bad in (data, header.getvalue() + b"\0" * 64, npy(np.ones(8)) + b"\0"):
        tracemalloc.start()
        try:
            for read in (
                lambda bad=bad: parse_array(bad, "f"),
                lambda bad=bad: read_archive(archive(tmp_path / "f", {"a.npy": bad}), "it"),
            ):
                with pytest.raises(InputError, match=r"does not lie in|the file has less or more"):
                    read()
            assert tracemalloc.get_traced_memory()[1] < 4 * MIB
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an .npy file"),
        (b"\x93NUMPY\x03\x00", "expected format 1 or 2"),
        (b"\x93NUMPY\x01\x00\xff", "not an .npy file"),
        (b"\x93NUMPY\x01\x00\x04\x00((((", "not an .npy file"),
        (npy(np.array(["a"])), "expected real numbers, received <U1"),
        (npy(np.array([1j])), "expected real numbers"),
        (npy(np.array([True])), "expected real numbers, received bool"),
        (npy(np.array([object()], dtype=object), allow_pickle=True), "expected real numbers, received object"),
        (npy(np.zeros(3, dtype=[("a", "i4")])), "expected real numbers"),
        (npy(np.zeros(3)).replace(b"(3,)", b"(-3)"), "not an .npy|does not lie"),
    ],
    ids=lambda value: str(value[:24]),
)
def test_what_is_no_array_of_numbers(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_array(data, "f")
    with pytest.raises(InputError):
        read_archive(archive(tmp_path / "f.npz", {"a.npy": data}), "the weights")


def test_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "f.npz"
    good = npy(np.ones(3))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", good)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("a.npy", good)
    with pytest.raises(InputError, match="this array is there twice"):
        read_archive(path, "the weights")
    path.write_bytes(good)
    with pytest.raises(InputError, match="received a single array"):
        read_archive(path, "the weights")
    for data in (b"", b"PK\x05\x06", b"text"):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"not an \.npz archive"):
            read_archive(path, "the weights")
    archive(path, {f"{i}.npy": b"" for i in range((1 << 14) + 1)})
    with pytest.raises(InputError, match="expected at most 16,384 arrays"):
        read_archive(path, "the weights")
