"""Networks to start from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["TEMPLATES"]

Bundle = dict[str, Any]
_RELU = {"type": "relu", "slope": 0}


def _net(name: str, shape: Sequence[int], bundles: list[Bundle]) -> dict[str, Any]:
    return {
        "format": "deepsoc-net/1",
        "name": name,
        "input": {"shape": list(shape), "batch": 1},
        "bits": {"x": 4, "k": 4, "b": 16},
        "bundles": bundles,
    }


def _conv(name: str, source: str, filters: int, kernel: int | tuple[int, int], stride: int = 1, **parts: Any) -> Bundle:
    size = [kernel, kernel] if isinstance(kernel, int) else list(kernel)
    core = {"type": "conv2d", "filters": filters, "kernel": size, "strides": [stride, stride], "padding": "same"}
    return {"name": name, "input": source, "core": core | {"use_bias": True}, "act": dict(_RELU)} | parts


def _dense(name: str, source: str, units: int, **parts: Any) -> Bundle:
    core = {"type": "dense", "units": units, "use_bias": True}
    return {"name": name, "input": source, "core": core, "act": None} | parts


def _pool(kind: str, h: int, w: int | None = None) -> dict[str, Any]:
    size = [h, w or h]
    return {"type": kind, "size": size, "strides": size[:], "padding": "valid"}


def _empty() -> dict[str, Any]:
    return _net("network", (28, 28, 1), [])


def _lenet() -> dict[str, Any]:
    return _net("lenet", (28, 28, 1), [
        _conv("conv1", "input", 6, 5, pool=_pool("max", 2)),
        _conv("conv2", "conv1", 16, 5, pool=_pool("max", 2), flatten=True),
        _dense("dense1", "conv2", 120, act=dict(_RELU)),
        _dense("dense2", "dense1", 84, act=dict(_RELU)),
        _dense("classes", "dense2", 10, softmax=True),
    ])  # fmt: skip


def _resnet() -> dict[str, Any]:
    """Three stages of one residual block; where a stage halves the image, a 1 × 1 bundle brings the shortcut along."""
    bundles, above = [_conv("stem", "input", 16, 3)], "stem"
    for stage, filters in enumerate((16, 32, 64), start=1):
        stride, shortcut = (1, above) if stage == 1 else (2, f"s{stage}_short")
        if stride == 2:
            bundles.append(_conv(shortcut, above, filters, 1, stride, act=None))
        first, above = f"s{stage}_a", f"s{stage}_b"
        bundles.append(_conv(first, shortcut if stride == 1 else bundles[-2]["name"], filters, 3, stride))
        bundles.append(_conv(above, first, filters, 3, act=None, add={"with": shortcut, "act": dict(_RELU)}))
    bundles[-1] |= {"pool": _pool("avg", 8), "flatten": True}
    return _net("small_resnet", (32, 32, 3), [*bundles, _dense("classes", above, 10, softmax=True)])


def _keywords() -> dict[str, Any]:
    """49 windows of 10 cepstral coefficients to 12 words."""
    return _net("keywords", (49, 10, 1), [
        _conv("conv1", "input", 64, (10, 4), 2),
        *(_conv(f"conv{n}", f"conv{n - 1}", 64, 3) for n in (2, 3)),
        _conv("conv4", "conv3", 64, 3, pool=_pool("avg", 5), flatten=True),
        _dense("words", "conv4", 12, softmax=True),
    ])  # fmt: skip


TEMPLATES: dict[str, Callable[[], dict[str, Any]]] = {
    "empty": _empty,
    "LeNet-like": _lenet,
    "small ResNet": _resnet,
    "keyword spotting": _keywords,
}
"""Makers of networks, by the name that the user chooses."""
