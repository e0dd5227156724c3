"""The parts of a Bundle: cores, activations, residual add, pools; and what stands between Bundles.

All but `Flatten` and `Concatenate` are only used inside a `Bundle`, which quantizes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras, qkeras
from deepsoc.frontend.keras.quantizers import Grid, convolve
from deepsoc.graph.shapes import MAX_SLOPE_LOG2
from deepsoc.graph.window import Padding, windows

__all__ = [
    "Activation",
    "Add",
    "AvgPool2D",
    "Concatenate",
    "Conv2D",
    "Dense",
    "Flatten",
    "Linear",
    "MaxPool2D",
    "Pool2D",
    "ReLU",
    "concatenate",
    "flatten",
]

ops = keras.ops
_register = keras.saving.register_keras_serializable(package="deepsoc")
_KERAS_KEYWORDS = ("name", "trainable", "dtype")
_CORE_KEYWORDS = ("use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer")

_SLOPE = "The slope for negative values is slope=: 0 or 2**-n."
_RELU_KEYWORDS = {
    ("ReLU", "alpha"): _SLOPE,
    ("ReLU", "negative_slope"): _SLOPE,
    ("ReLU", "max_value"): "Values saturate just below 2**int_bits: for ReLU6 take int_bits=3, or 2 to stay below 4.",
    ("ReLU", "threshold"): "The threshold is 0; use the bias.",
}
_REMEDIES = {
    "activation": "Give the Bundle act=ds.ReLU(...).",
    "data_format": "Channels are last.",
    "dilation_rate": "Dilation is not there yet; a larger kernel with zeros computes the same.",
    "depth_multiplier": "Give a depthwise layer as many groups as its input has channels.",
    "activity_regularizer": "Put keras.layers.ActivityRegularization behind the Bundle.",
}


def refuse_unknown(owner: str, kwargs: dict[str, Any], allowed: tuple[str, ...]) -> None:
    """Raises InputError for keywords that the layer does not have, with the remedy for those of Keras and QKeras."""
    unknown = sorted(set(kwargs) - {*allowed, *_KERAS_KEYWORDS})
    if not unknown:
        return
    remedies = {_remedy(owner, key): None for key in unknown}
    raise InputError(
        f"Unknown keyword(s). Expected some of {sorted({*allowed, *_KERAS_KEYWORDS})}. Received: {unknown}."
        + "".join(f" {remedy}" for remedy in remedies if remedy),
        where=owner,
    )


def _remedy(owner: str, keyword: str) -> str:
    if (owner, keyword) in _RELU_KEYWORDS:
        return _RELU_KEYWORDS[owner, keyword]
    if "quantizer" in keyword or "alpha" in keyword:
        return "Scales are powers of two and biases and weights have the bits of ds.Model(bits=ds.Bits(...))."
    return _REMEDIES.get(keyword, "")


def pair(owner: str, name: str, value: Any) -> tuple[int, int]:
    """Two positive integers, vertical and horizontal, of one or two; refuses all else by the name of the argument."""
    sizes = (value, value) if isinstance(value, int) else value
    if isinstance(sizes, list | tuple) and len(sizes) == 2 and all(isinstance(v, int) and v > 0 for v in sizes):
        return int(sizes[0]), int(sizes[1])
    raise InputError(
        f"Invalid {name}. Expected a positive integer or two (vertical, horizontal). Received: {name}={value!r}",
        where=owner,
    )


def _padding(owner: str, padding: Any) -> Padding:
    if padding in ("same", "valid"):
        return padding  # type: ignore[no-any-return]
    sides = tuple(tuple(side) if isinstance(side, list | tuple) else (side,) for side in padding or ())
    if len(sides) != 2 or any(len(side) != 2 or any(type(n) is not int or n < 0 for n in side) for side in sides):
        raise InputError(
            "Invalid padding. Expected 'same', 'valid' or ((top, bottom), (left, right)). "
            f"Received: padding={padding!r}",
            where=owner,
        )
    return sides


def _padded(x: Any, padding: Padding, value: float = 0.0) -> tuple[Any, str]:
    """What a window slides over, and the padding that is left to be done there."""
    if isinstance(padding, str):
        return x, padding
    return ops.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value), "valid"


def _count(owner: str, name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"Invalid {name}. Expected a positive integer. Received: {name}={value!r}", where=owner)
    return value


@_register
class Conv2D(qkeras.QConv2D):  # type: ignore[misc]
    """2-D convolution, the core of a Bundle.

    Args:
        filters: output channels.
        kernel_size: rows and columns of the kernel: one integer or two.
        strides: vertical and horizontal: one integer or two.
        padding: `same`, `valid` or ((top, bottom), (left, right)), each less than the kernel.
        groups: equal parts of the input channels and of the filters, each of which sees nothing of the others.
        use_bias: adds a bias of every output channel.
        **kwargs: kernel_initializer, bias_initializer, kernel_regularizer, name, trainable.

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = 1,
        padding: Padding = "valid",
        groups: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        refuse_unknown("Conv2D", kwargs, _CORE_KEYWORDS)
        pads = _padding("Conv2D", padding)
        super().__init__(
            filters=_count("Conv2D", "filters", filters),
            kernel_size=pair("Conv2D", "kernel_size", kernel_size),
            strides=pair("Conv2D", "strides", strides),
            padding=pads if isinstance(pads, str) else "valid",
            groups=_count("Conv2D", "groups", groups),
            use_bias=use_bias,
            **kwargs,
        )
        self.pads = pads  # `padding` is what Keras knows of it

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the result, (n, ho, wo, co)."""
        n, *sizes, _ = input_shape
        rows, cols = windows(sizes, self.kernel_size, self.strides, self.pads)
        return n, rows.out, cols.out, self.filters

    def linear(self, x: Any, kernel: Any) -> Any:
        """Sums of products: (n, h, w, ci) and (kh, kw, ci / groups, co) to (n, ho, wo, co)."""
        x, padding = _padded(x, self.pads)
        return convolve(x, kernel, self.strides, padding)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        keys = ("filters", "kernel_size", "strides", "groups", *_CORE_KEYWORDS, *_KERAS_KEYWORDS)
        config = super().get_config()
        return {**{key: config[key] for key in keys}, "padding": self.pads}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Conv2D:
        """The layer of a configuration."""
        return cls(**config)


@_register
class Dense(qkeras.QDense):  # type: ignore[misc]
    """Matrix product, the core of a Bundle.

    Args:
        units: output channels.
        use_bias: adds a bias of every output channel.
        **kwargs: kernel_initializer, bias_initializer, kernel_regularizer, name, trainable.

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def __init__(self, units: int, use_bias: bool = True, **kwargs: Any) -> None:
        refuse_unknown("Dense", kwargs, _CORE_KEYWORDS)
        super().__init__(units=_count("Dense", "units", units), use_bias=use_bias, **kwargs)

    def linear(self, x: Any, kernel: Any) -> Any:
        """Sums of products: (n, ci) and (ci, co) to (n, co)."""
        return ops.matmul(x, kernel)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        config = super().get_config()
        return {key: config[key] for key in ("units", *_CORE_KEYWORDS, *_KERAS_KEYWORDS)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Dense:
        """The layer of a configuration."""
        return cls(**config)


class Activation(Grid):
    """A nonlinearity with the grid of its results; a function of the real value alone."""

    @property
    def most_shift(self) -> int:
        """Bits by which it shifts values to the right before they are rounded to its grid."""
        return 0

    def call(self, x: Any) -> Any:
        """The nonlinearity, without quantization."""
        raise NotImplementedError


@_register
class Linear(Activation):
    """Requantization alone.

    Args:
        int_bits: integer bits of the result; None: chosen from data.
    """

    def __init__(self, int_bits: int | None = None, **kwargs: Any) -> None:
        refuse_unknown("Linear", kwargs, ())
        super().__init__(int_bits, **kwargs)

    def call(self, x: Any) -> Any:
        """Returns x."""
        return x


@_register
class ReLU(Activation):
    """Rectified linear unit, leaky where the slope is not 0.

    Args:
        slope: slope for negative values: 0 or a power of two, 2**-7 … 1.
        int_bits: integer bits of the result; None: chosen from data.

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def __init__(self, slope: float = 0.0, int_bits: int | None = None, **kwargs: Any) -> None:
        refuse_unknown("ReLU", kwargs, ())
        legal = isinstance(slope, int | float) and (slope == 0 or slope in [2.0**-n for n in range(MAX_SLOPE_LOG2 + 1)])
        if not legal:
            raise InputError(
                f"Invalid slope. Expected 0 or 2**-n with n = 0 … {MAX_SLOPE_LOG2}. Received: slope={slope!r}",
                where="ReLU",
            )
        super().__init__(int_bits, **kwargs)
        self.slope = float(slope)

    @property
    def slope_log2(self) -> int | None:
        """The n of the slope 2**-n; None for slope 0."""
        return -round(math.log2(self.slope)) if self.slope else None

    @property
    def most_shift(self) -> int:
        """Those of the slope."""
        return self.slope_log2 or 0

    def call(self, x: Any) -> Any:
        """Returns x where it is positive, slope * x elsewhere."""
        return ops.leaky_relu(x, self.slope) if self.slope else ops.relu(x)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), "slope": self.slope}


@_register
class Add(keras.layers.Layer):  # type: ignore[misc]
    """Residual add, then an activation; the Bundle is called on [x, shortcut].

    Args:
        act: activation of the sum; None: linear (or the raw sum at the end of the network).

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def __init__(self, act: Activation | None = None, **kwargs: Any) -> None:
        refuse_unknown("Add", kwargs, ())
        super().__init__(**kwargs)
        if act is not None and not isinstance(act, Activation):
            raise InputError(
                f"Invalid act. Expected None, ds.ReLU(...) or ds.Linear(...). Received: act={act!r}", where="Add"
            )
        self.act = act
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Returns the sum of the two inputs."""
        return inputs[0] + inputs[1]

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        act = keras.saving.serialize_keras_object(self.act) if self.act else None
        return {**super().get_config(), "act": act}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Add:
        """The layer of a configuration."""
        return cls(**{**config, "act": keras.saving.deserialize_keras_object(config["act"])})


class Pool2D(Grid):
    """Pooling with its own requantization."""

    def __init__(
        self,
        pool_size: int | tuple[int, int] = 2,
        strides: int | tuple[int, int] | None = None,
        padding: Padding = "valid",
        int_bits: int | None = None,
        **kwargs: Any,
    ) -> None:
        owner = type(self).__name__
        refuse_unknown(owner, kwargs, ())
        super().__init__(int_bits, **kwargs)
        self.pool_size = pair(owner, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair(owner, "strides", strides)
        self.pads = _padding(owner, padding)

    def call(self, x: Any) -> Any:
        """Pools (n, h, w, c), without quantization."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        own = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.pads}
        return {**super().get_config(), **own}


@_register
class MaxPool2D(Pool2D):
    """Maximum of every window.

    Args:
        pool_size: rows and columns of the window: one integer or two.
        strides: vertical and horizontal; None: the window's size.
        padding: `same`, `valid` or ((top, bottom), (left, right)); padding never wins.
        int_bits: integer bits of the result; None: those of what is pooled.

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def call(self, x: Any) -> Any:
        """Maximum of every window of (n, h, w, c)."""
        x, padding = _padded(x, self.pads, -math.inf)
        return ops.max_pool(x, self.pool_size, self.strides, padding)


@_register
class AvgPool2D(Pool2D):
    """Average of every window.

    Args:
        pool_size: rows and columns of the window: one integer or two.
        strides: vertical and horizontal; None: the window's size.
        padding: `same`, `valid` or ((top, bottom), (left, right)); padding does not count.
        int_bits: integer bits of the result; None: chosen from data.

    Raises:
        InputError: an argument is illegal or unknown.
    """

    def call(self, x: Any) -> Any:
        """Average of every window of (n, h, w, c): an exact sum, then a division.

        A graph optimizer may replace the division by a product with the reciprocal, which is off by a unit in the last
        place. In float64 that error vanishes with the cast: ties of the requantization behind it stay ties. A quotient
        that is no tie is farther from one than float32 resolves, for windows of up to 8192 elements.
        """
        h, w, c = x.shape[1:]
        planes = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, h, w, 1))
        ones = ops.ones((*self.pool_size, 1, 1), dtype=x.dtype)
        planes, padding = _padded(planes, self.pads)
        sums = convolve(planes, ones, self.strides, padding)
        sums = ops.transpose(ops.reshape(sums, (-1, c, *sums.shape[1:3])), (0, 2, 3, 1))
        return ops.cast(ops.cast(sums, "float64") / self._counts(h, w), "float32")

    def _counts(self, h: int, w: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        rows, cols = windows((h, w), self.pool_size, self.strides, self.pads)
        down, across = (
            np.array([stop - start for start, stop in map(side.span, range(side.out))], np.float64)
            for side in (rows, cols)
        )
        return np.asarray(down[:, None] * across)[None, :, :, None]


@_register
class Flatten(keras.layers.Layer):  # type: ignore[misc]
    """Relabels (n, h, w, c) as (n, h * w * c); stands between two Bundles and costs nothing."""

    def __init__(self, **kwargs: Any) -> None:
        refuse_unknown("Flatten", kwargs, ())
        super().__init__(**kwargs)

    def call(self, x: Any) -> Any:
        """Returns the flattened tensor."""
        if None in x.shape[1:]:
            raise InputError(
                f"Invalid input. Expected a known shape, as of keras.Input((28, 28, 1)): hardware is made for one. "
                f"Received shape: {tuple(x.shape)}",
                where=self.name,
            )
        return ops.reshape(x, (-1, math.prod(x.shape[1:])))


@_register
class Concatenate(keras.layers.Layer):  # type: ignore[misc]
    """Tensors side by side, on the channels; stands before a Bundle and costs nothing.

    The tensors get one binary point: that of the widest range.
    """

    def __init__(self, **kwargs: Any) -> None:
        refuse_unknown("Concatenate", kwargs, ())
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        """Returns the tensors side by side."""
        shapes = [tuple(x.shape) for x in inputs] if isinstance(inputs, list | tuple) else []
        if len(shapes) < 2 or any(shape[1:-1] != shapes[0][1:-1] for shape in shapes):
            raise InputError(
                "Invalid input. Expected a list of tensors that differ in their channels alone. "
                f"Received shapes: {shapes}",
                where=self.name,
            )
        return ops.concatenate(inputs, axis=-1)


def concatenate(tensors: Sequence[Any]) -> Any:
    """The tensors (n, h, w, c), or (n, c), side by side: as many channels as all of them have."""
    return Concatenate()(list(tensors))


def flatten(x: Any) -> Any:
    """The flattened tensor (n, h * w * c) of (n, h, w, c)."""
    return Flatten()(x)
