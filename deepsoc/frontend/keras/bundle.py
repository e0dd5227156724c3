"""Bundle: one layer of the accelerator as one Keras layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import (
    Activation,
    Add,
    Conv2D,
    Dense,
    Linear,
    MaxPool2D,
    Pool2D,
    pair,
    refuse_unknown,
)
from deepsoc.frontend.keras.quantizers import Grid, covering_limit, exponent, fixed_point, weight_limit
from deepsoc.graph.fixed import ACC_BITS, MAX_LEFT_SHIFT, MAX_RIGHT_SHIFT
from deepsoc.graph.ir import IntArray
from deepsoc.graph.shapes import MAX_AVG_GAIN
from deepsoc.graph.window import windows

if TYPE_CHECKING:
    from deepsoc.frontend.keras.model import Model

__all__ = ["Bundle", "Integers", "Watch"]

ops = keras.ops
_LARGEST = 2.0**24
_FAR = 16
"""Bits by which one grid of a residual sum may be finer than the other; more is not seen in the result."""
_SUM_BITS = ACC_BITS - 3
"""Bits of each of the terms of a sum behind the accumulator that leave room for the others."""

Watch = Callable[[Grid, Any, float], None]
"""Sees the grid of a result, its values before they are rounded, and the least limit that the hardware allows."""


@dataclass(frozen=True, eq=False)
class Integers:
    """Weights of a Bundle as the hardware gets them: real value = integer * 2**-frac."""

    kernel: IntArray
    bias: IntArray | None
    k_frac: int
    b_frac: int


@dataclass(frozen=True)
class _Setting:
    """What a Model tells a Bundle.

    Attributes:
        owner: the Model.
        bits: number formats; None: floating point.
        last: whether the Bundle ends the network.
        source: the grid that it reads.
        shortcut: the grid of the residual; None without.
    """

    owner: Model
    bits: Bits | None
    last: bool
    source: Callable[[], Grid]
    shortcut: Callable[[], Grid] | None


@keras.saving.register_keras_serializable(package="deepsoc")
class Bundle(keras.layers.Layer):  # type: ignore[misc]
    """A convolution or dense layer and what follows it: batch norm, act, add, pool, upsample, flatten, softmax.

    Called on x, or on [x, shortcut] with `add`. It computes in floating point until a `Model` with `bits` holds it;
    then every value it passes on is an integer times a power of two, exactly as on the accelerator.

    Args:
        core: `Conv2D` or `Dense`.
        act: `ReLU` or `Linear`; None: linear, but none at all before `add` and as the last step of the network.
        add: `Add`, for a residual.
        pool: `MaxPool2D` or `AvgPool2D`.
        upsample: how often each row and column of the result stands there (nearest neighbour): one integer or two.
        depth_to_space: rows and columns that channels move to, in the place of `upsample`: one integer or two. Channels
            as of `tf.nn.depth_to_space`.
        channels: the first and the one behind the last channel of x that it reads; None: all.
        flatten: flattens the result.
        softmax: ends with a softmax; on the last Bundle only.
        batch_norm: normalizes behind the core, folded into its weights.
        **kwargs: name, trainable.

    Raises:
        InputError: a part is of another kind, or a keyword is unknown.
    """

    def __init__(
        self,
        core: Conv2D | Dense,
        *,
        act: Activation | None = None,
        add: Add | None = None,
        pool: Pool2D | None = None,
        upsample: int | tuple[int, int] = 1,
        depth_to_space: int | tuple[int, int] = 1,
        channels: tuple[int, int] | None = None,
        flatten: bool = False,
        softmax: bool = False,
        batch_norm: bool = False,
        **kwargs: Any,
    ) -> None:
        bits = kwargs.pop("bits", None)
        parts = ("act", "add", "pool", "upsample", "depth_to_space", "channels", "flatten", "softmax", "batch_norm")
        refuse_unknown("Bundle", kwargs, parts)
        for name, part, legal, expected in (
            ("core", core, (Conv2D, Dense), "ds.Conv2D(...) or ds.Dense(...)"),
            ("act", act, (Activation, type(None)), "None, ds.ReLU(...) or ds.Linear(...)"),
            ("add", add, (Add, type(None)), "None or ds.Add(...)"),
            ("pool", pool, (Pool2D, type(None)), "None, ds.MaxPool2D(...) or ds.AvgPool2D(...)"),
        ):
            if not isinstance(part, legal):
                raise InputError(
                    f"Invalid {name}. Expected {expected}: a Bundle is core, act, add, pool, upsample, flatten, "
                    f"softmax, in this order. Received: {name}={part!r}",
                    where="Bundle",
                )
        for name, flag in (("flatten", flatten), ("softmax", softmax), ("batch_norm", batch_norm)):
            if not isinstance(flag, bool):
                raise InputError(f"Invalid {name}. Expected True or False. Received: {name}={flag!r}", where="Bundle")
        super().__init__(**{**kwargs, "dtype": "float32"})
        # XLA may fuse and reorder float operations, and with them the values on which integers hang.
        self.supports_jit = False
        self.core, self.act, self.add, self.pool = core, act, add, pool
        self.upsample = pair("Bundle", "upsample", upsample)
        self.depth_to_space = pair("Bundle", "depth_to_space", depth_to_space)
        self.channels = None if channels is None else (int(channels[0]), int(channels[1]))
        self.flatten, self.softmax = flatten, softmax
        self.batch_norm = keras.layers.BatchNormalization(momentum=0.95, name="batch_norm") if batch_norm else None
        # The linear activation that null stands for (docs/architecture.md, section 1), unless the sum stays raw.
        self.tail = Linear(name="tail") if (add.act if add else act) is None else None
        self.saved_bits: Bits | None = Bits(**bits) if bits else None
        self._setting: _Setting | None = None

    # ---- configuration by the Model ---------------------------------------------------------------------------------
    def configure(
        self,
        owner: Model,
        bits: Bits | None,
        *,
        last: bool,
        source: Callable[[], Grid],
        shortcut: Callable[[], Grid] | None,
    ) -> None:
        """Called by Model: the Bundle belongs to it from now on (see `_Setting`)."""
        self.saved_bits = bits
        self._setting = _Setting(owner, bits, last, source, shortcut)

    @property
    def bits(self) -> Bits | None:
        """Number formats, None for floating point."""
        return self._setting.bits if self._setting else None

    @property
    def last(self) -> bool:
        """Whether the Bundle ends a network with bits."""
        return bool(self._setting and self._setting.bits and self._setting.last)

    @property
    def raw(self) -> bool:
        """Whether the 32-bit sum itself leaves the Bundle, as it does at the end of a network."""
        return bool(self.last and self.tail and self.ends_in_sums)

    @property
    def ends_in_sums(self) -> bool:
        """Whether nothing stands behind core, act and add that needs integers of the hardware's width."""
        return self.pool is None and self.upsample == self.depth_to_space == (1, 1)

    # Methods, not properties: Keras saves every layer that it finds in an attribute under the attribute's name.
    def owner(self) -> Model | None:
        """The Model that the Bundle follows: the one that configured it last."""
        return self._setting.owner if self._setting else None

    def grids(self) -> list[Grid]:
        """Grids of the Bundle's results, in the order of computation."""
        acts = [self.act, self.add.act if self.add else None, None if self.raw else self.tail, self.pool]
        return [grid for grid in acts if grid is not None]

    def final_act(self) -> Activation | None:
        """The activation before pool; None where the sum stays raw."""
        return None if self.raw else ((self.add.act if self.add else self.act) or self.tail)

    def out_grid(self) -> Grid:
        """Grid of the result that other Bundles read."""
        return self.grids()[-1]

    # ---- Keras ------------------------------------------------------------------------------------------------------
    def build(self, input_shape: Any) -> None:
        """Creates the weights for an input (n, h, w, c) or (n, c), or a list of two of them with `add`."""
        shapes = input_shape if self.add else [input_shape]
        if self.add and (len(shapes) != 2 or not isinstance(shapes[0], list | tuple)):
            raise InputError(
                f"Invalid input. Expected [x, shortcut] for a Bundle with add. Received shapes: {input_shape}",
                where=self.name,
            )
        rank = 4 if isinstance(self.core, Conv2D) else 2
        if len(shapes[0]) != rank:
            remedy = "flatten it first" if rank == 2 else "do not flatten before a convolution"
            raise InputError(
                f"Invalid input. Expected {rank} dimensions for {type(self.core).__name__}. "
                f"Received shape: {shapes[0]}; {remedy}",
                where=self.name,
            )
        if None in shapes[0][1:]:
            raise InputError(
                f"Invalid input. Expected a known shape, as of keras.Input((28, 28, 1)): hardware is made for one. "
                f"Received shape: {shapes[0]}",
                where=self.name,
            )
        if self.channels is not None:
            first, end = self.channels
            if not 0 <= first < end <= shapes[0][-1]:
                raise InputError(
                    f"Invalid channels. Expected a range in {shapes[0][-1]}. Received: {self.channels}", where=self.name
                )
            shapes = [(*shapes[0][:-1], end - first), *shapes[1:]]
        if rank == 4:
            self._check_window("core", shapes[0], self.core.kernel_size, self.core)
        if not self.core.built:  # a deserialized core is
            self.core.build(shapes[0])
        core_shape = tuple(self.core.compute_output_shape(shapes[0]))
        if self.add and tuple(shapes[1])[1:] != core_shape[1:]:
            raise InputError(
                f"Invalid shortcut. Expected shape {core_shape}. Received: {tuple(shapes[1])}", where=self.name
            )
        if self.pool and rank != 4:
            raise InputError(f"Invalid pool. Expected none after ds.Dense. Received: {self.pool!r}", where=self.name)
        for name in ("upsample", "depth_to_space"):
            if getattr(self, name) != (1, 1) and rank != 4:
                raise InputError(
                    f"Invalid {name}. Expected none after ds.Dense. Received: {getattr(self, name)}", where=self.name
                )
        if self.depth_to_space != (1, 1):
            self._check_depth_to_space(core_shape[-1])
        if self.pool:
            self._check_window("pool", core_shape, self.pool.pool_size, self.pool)
        if self.batch_norm:
            self.batch_norm.build(core_shape)
        self.built = True

    def _check_window(self, part: str, shape: Any, kernel: tuple[int, int], layer: Any) -> None:
        try:
            windows(shape[1:3], kernel, layer.strides, layer.pads)
        except InputError as error:
            raise InputError(f"Invalid {part}: {error}. Received: an input {shape}", where=self.name) from None

    def _check_depth_to_space(self, channels: int) -> None:
        if self.upsample != (1, 1):
            raise InputError("Invalid depth_to_space. Expected none with upsample. Received both", where=self.name)
        if channels % prod(self.depth_to_space):
            raise InputError(
                f"Invalid depth_to_space. Expected places that divide {channels} channels. "
                f"Received: {self.depth_to_space}",
                where=self.name,
            )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The Bundle's result: probabilities with `softmax`, else values on its output grid."""
        x, operand = inputs if self.add else (inputs, None)
        out = self.compute(x, operand, training=training)[1]
        return ops.softmax(out) if self.softmax else out

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and the number formats that a Model gave."""
        config: dict[str, Any] = super().get_config()
        config.pop("dtype")
        for name in ("core", "act", "add", "pool"):
            part = getattr(self, name)
            config[name] = keras.saving.serialize_keras_object(part) if part else None
        for name in ("upsample", "depth_to_space", "channels", "flatten", "softmax"):
            config[name] = getattr(self, name)
        config["batch_norm"] = self.batch_norm is not None
        config["bits"] = asdict(self.saved_bits) if self.saved_bits else None
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Bundle:
        """The Bundle of a configuration."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("core", "act", "add", "pool")}
        return cls(**{**config, **parts})

    # ---- numbers ----------------------------------------------------------------------------------------------------
    def compute(
        self,
        x: Any,
        operand: Any = None,
        *,
        training: bool = False,
        watch: Watch | None = None,
        dtype: str = "float32",
    ) -> tuple[Any, Any]:
        """Runs the Bundle without its softmax.

        Args:
            x: input on the grid of its producer.
            operand: shortcut of a residual add.
            training: uses batch statistics for batch norm.
            watch: is called at every grid, before it rounds; eager only.
            dtype: of sums: float32 is exact to 24 bits, float64 to 53.

        Returns:
            The values behind core, act and add, and those behind pool and flatten.
        """
        x = x if self.channels is None else x[..., slice(*self.channels)]
        v, step = self._sums(ops.cast(x, dtype), training)
        if self.act:
            v, step = self._activate(self.act, v, step, watch)
        if self.add:
            operand, step = self._shortcut(operand, step, watch)
            v = ops.cast(v, dtype) + ops.cast(operand, dtype)
            if self.add.act:
                v, step = self._activate(self.add.act, v, step, watch)
        if self.tail and not self.raw:
            v, step = self._activate(self.tail, v, step, watch)
        core = v
        if self.pool:
            v = self._pool(self.pool, ops.cast(v, dtype), watch)
        if self.upsample != (1, 1):
            v = ops.repeat(ops.repeat(v, self.upsample[0], axis=1), self.upsample[1], axis=2)
        if self.depth_to_space != (1, 1):
            (_, h, w, c), (a, b) = v.shape, self.depth_to_space
            cells = ops.transpose(ops.reshape(v, (-1, h, w, a, b, c // (a * b))), (0, 1, 3, 2, 4, 5))
            v = ops.reshape(cells, (-1, h * a, w * b, c // (a * b)))
        if self.flatten:
            v = ops.reshape(v, (-1, int(np.prod(v.shape[1:]))))
        return core, v

    def check_weights(self) -> None:
        """Refuses weights that are no numbers for hardware.

        Raises:
            InputError: a weight, or what batch norm makes of it, is NaN, infinite or absurdly large.
        """
        for what, values in zip(("kernel", "bias"), self._folded(None), strict=True):
            if values is None:
                continue
            peak = float(ops.max(ops.abs(values)))
            if not peak <= _LARGEST:
                means = f"batch norm (gamma, beta, moving_mean, moving_variance) or its {what}"
                raise InputError(
                    f"Invalid {what}. Expected finite weights up to {_LARGEST:g}. Received: "
                    f"{'NaN or infinity' if not np.isfinite(peak) else format(peak, 'g')} in "
                    f"{means if self.batch_norm else f'its {what}'}; train with a smaller learning rate, or load "
                    "weights that are whole",
                    where=self.name,
                )

    def integers(self) -> Integers:
        """Folded and quantized weights, exactly as inference uses them.

        Raises:
            InputError: no Model with bits holds the Bundle, or its weights are NaN, infinite or absurdly large.
        """
        if self.bits is None:
            raise InputError("floating point weights have no integers; use ds.Model(bits=...)", where=self.name)
        self.check_weights()
        kernel, bias, k_step, b_step = self._quantized(self.bits, *self._folded(None))

        def integers(values: Any, step: Any) -> IntArray:
            return np.asarray(np.rint(ops.convert_to_numpy(values).astype(np.float64) / float(step)), np.int64)

        return Integers(
            integers(kernel, k_step),
            None if bias is None else integers(bias, b_step),
            -exponent(float(k_step)),
            0 if bias is None else -exponent(float(b_step)),
        )

    def _sums(self, x: Any, training: bool) -> tuple[Any, Any]:
        """Sums with their bias, and the step of their grid; None in floating point."""
        norm, step = self.batch_norm, None
        kernel, bias = self._folded(self._batch_statistics(x, norm) if training and norm and norm.trainable else None)
        if self._setting and self._setting.bits:
            kernel, bias, k_step, _ = self._quantized(self._setting.bits, kernel, bias)
            step = self._setting.source().step(self._setting.bits.x) * k_step
        sums = self.core.linear(x, ops.cast(kernel, x.dtype))
        return (sums if bias is None else sums + ops.cast(bias, x.dtype)), step

    def _batch_statistics(self, x: Any, norm: Any) -> tuple[Any, Any]:
        """Mean and variance of every channel of the unquantized sums; updates the moving ones."""
        sums = self.core.linear(x, ops.convert_to_tensor(self.core.kernel))
        if self.core.use_bias:
            sums = sums + self.core.bias
        mean, variance = ops.moments(sums, axes=list(range(len(sums.shape) - 1)))
        for moving, now in ((norm.moving_mean, mean), (norm.moving_variance, variance)):
            moving.assign(moving * norm.momentum + ops.stop_gradient(now) * (1.0 - norm.momentum))
        return mean, variance

    def _folded(self, statistics: tuple[Any, Any] | None) -> tuple[Any, Any]:
        """Kernel and bias with the batch norm in them (statistics None: the moving ones)."""
        kernel = ops.convert_to_tensor(self.core.kernel)
        bias = ops.convert_to_tensor(self.core.bias) if self.core.use_bias else None
        norm = self.batch_norm
        if norm is None:
            return kernel, bias
        mean, variance = statistics or (norm.moving_mean, norm.moving_variance)
        scale = norm.gamma / ops.sqrt(variance + norm.epsilon)
        return kernel * scale, norm.beta + ((0.0 if bias is None else bias) - mean) * scale

    def _quantized(self, bits: Bits, kernel: Any, bias: Any) -> tuple[Any, Any, Any, Any]:
        """Kernel and bias on their grids, and the steps of these."""
        assert self._setting is not None
        x_step = self._setting.source().step(bits.x)
        limit = 0.0 if bias is None else covering_limit(ops.max(ops.abs(ops.stop_gradient(bias))))
        k_step = weight_limit(kernel, bits.k) * 2.0 ** (1 - bits.k)
        k_step = ops.maximum(k_step, self._finest_sum(bits, limit) / x_step)
        kernel = fixed_point(kernel, k_step, bits.k, clip_gradient=False)
        if bias is None:
            return kernel, None, k_step, None
        b_step = ops.maximum(limit * 2.0 ** (1 - bits.b), x_step * k_step)
        return kernel, fixed_point(bias, b_step, bits.b), k_step, b_step

    def _finest_sum(self, bits: Bits, bias_limit: Any) -> Any:
        """Finest step of the sums at which all that meets them fits the 32 bits behind the accumulator.

        It only binds where the weights are next to nothing beside the bias, the shortcut or the result: a dead layer.
        """
        assert self._setting is not None
        steps = [ops.convert_to_tensor(bias_limit * 2.0**-_SUM_BITS)]
        if self._setting.shortcut and self.act is None:
            steps.append(self._setting.shortcut().known_step(bits.x) * 2.0 ** (bits.x - _SUM_BITS))
        act = self.act or self.final_act()
        if act is not None:
            steps.append(act.known_step(bits.x) * 2.0 ** (act.most_shift - MAX_RIGHT_SHIFT))
        return ops.max(ops.stack(steps))

    def _activate(self, act: Activation, v: Any, step: Any, watch: Watch | None) -> tuple[Any, Any]:
        v = act.call(v)
        bits = self.bits
        if bits is None:
            return v, step
        if watch:
            least = float(step) * 2.0**-MAX_LEFT_SHIFT
            if act is self.act and self._setting and self._setting.shortcut:
                least = max(least, float(self._setting.shortcut().known_step(bits.x)) * 2.0**-_FAR)
            watch(act, v, least * 2.0 ** (bits.x - 1))
        return act.snap(v, bits.x), act.step(bits.x)

    def _shortcut(self, operand: Any, step: Any, watch: Watch | None) -> tuple[Any, Any]:
        """The shortcut, for values of `step`, and the step of the sum; calibration keeps both within 32 bits."""
        bits = self.bits
        if bits is None or self._setting is None or self._setting.shortcut is None:
            return operand, step
        grid = self._setting.shortcut()
        if watch:
            taps = int(np.prod(self.core.kernel.shape[:-1]))
            room = _FAR if self.act else max(_SUM_BITS - bits.x - bits.k - (taps - 1).bit_length(), 0)
            least = float(step) * 2.0 ** (bits.x - 1 - room)
            if float(grid.limit) < least:
                watch(grid, operand, least)
                operand = grid.snap(operand, bits.x)
        return operand, ops.minimum(step, grid.step(bits.x))

    def _pool(self, pool: Pool2D, v: Any, watch: Watch | None) -> Any:
        pooled = pool.call(v)
        if self.bits is None:
            return pooled
        last_act = self.final_act()
        if watch and last_act:
            gain = 0 if isinstance(pool, MaxPool2D) else MAX_AVG_GAIN
            watch(pool, pooled, float(last_act.limit) * 2.0**-gain)
        return pool.snap(pooled, self.bits.x)
