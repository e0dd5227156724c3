"""Bundle: one layer of the accelerator as one Keras layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Activation, Add, Conv2D, Dense, Linear, MaxPool2D, Pool2D, refuse_unknown
from deepsoc.frontend.keras.quantizers import Grid, covering_limit, exponent, fixed_point, weight_limit
from deepsoc.graph.ir import IntArray
from deepsoc.graph.shapes import MAX_AVG_GAIN

__all__ = ["Bundle", "Integers"]

ops = keras.ops


@dataclass(frozen=True, eq=False)
class Integers:
    """Weights of a Bundle as the hardware gets them: real value = integer * 2**-frac."""

    kernel: IntArray
    bias: IntArray | None
    k_frac: int
    b_frac: int


@dataclass(frozen=True)
class _Setting:
    """What a Model tells a Bundle: number formats, whether it ends the network, and the grid that it reads."""

    bits: Bits
    last: bool
    source: Callable[[], Grid]


@keras.saving.register_keras_serializable(package="deepsoc")
class Bundle(keras.layers.Layer):  # type: ignore[misc]
    """A convolution or dense layer and what follows it: batch norm, act, add, pool, flatten, softmax, in this order.

    Called on x, or on [x, shortcut] with `add`. It computes in floating point until a `Model` with `bits` holds it;
    then every value it passes on is an integer times a power of two, exactly as on the accelerator.

    Args:
        core: `Conv2D` or `Dense`.
        act: `ReLU` or `Linear`; None: linear, but none at all before `add` and as the last step of the network.
        add: `Add`, for a residual.
        pool: `MaxPool2D` or `AvgPool2D`.
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
        flatten: bool = False,
        softmax: bool = False,
        batch_norm: bool = False,
        **kwargs: Any,
    ) -> None:
        bits = kwargs.pop("bits", None)
        refuse_unknown("Bundle", kwargs, ("act", "add", "pool", "flatten", "softmax", "batch_norm"))
        for name, part, legal, expected in (
            ("core", core, (Conv2D, Dense), "ds.Conv2D(...) or ds.Dense(...)"),
            ("act", act, (Activation, type(None)), "None, ds.ReLU(...) or ds.Linear(...)"),
            ("add", add, (Add, type(None)), "None or ds.Add(...)"),
            ("pool", pool, (Pool2D, type(None)), "None, ds.MaxPool2D(...) or ds.AvgPool2D(...)"),
        ):
            if not isinstance(part, legal):
                raise InputError(
                    f"Invalid {name}. Expected {expected}: a Bundle is core, act, add, pool, flatten, softmax, "
                    f"in this order. Received: {name}={part!r}",
                    where="Bundle",
                )
        for name, flag in (("flatten", flatten), ("softmax", softmax), ("batch_norm", batch_norm)):
            if not isinstance(flag, bool):
                raise InputError(f"Invalid {name}. Expected True or False. Received: {name}={flag!r}", where="Bundle")
        super().__init__(**{**kwargs, "dtype": "float32"})
        # XLA may fuse and reorder float operations, and with them the values on which integers hang.
        self.supports_jit = False
        self.core, self.act, self.add, self.pool = core, act, add, pool
        self.flatten, self.softmax = flatten, softmax
        self.batch_norm = keras.layers.BatchNormalization(momentum=0.95, name="batch_norm") if batch_norm else None
        # The linear activation that null stands for (docs/architecture.md, section 1), unless the sum stays raw.
        self.tail = Linear(name="tail") if (add.act if add else act) is None else None
        self.saved_bits: Bits | None = Bits(**bits) if bits else None
        self._setting: _Setting | None = None

    # ---- configuration by the Model ---------------------------------------------------------------------------------
    def configure(self, bits: Bits | None, *, last: bool, source: Callable[[], Grid]) -> None:
        """Called by Model: sets the number formats (None: floating point) and the grid of the input."""
        self.saved_bits = bits
        self._setting = _Setting(bits, last, source) if bits else None

    @property
    def bits(self) -> Bits | None:
        """Number formats, None for floating point."""
        return self._setting.bits if self._setting else None

    @property
    def last(self) -> bool:
        """Whether the Bundle ends a network with bits."""
        return bool(self._setting and self._setting.last)

    @property
    def raw(self) -> bool:
        """Whether the 32-bit sum itself leaves the Bundle, as it does at the end of a network."""
        return bool(self.last and self.tail and self.pool is None)

    # Methods, not properties: Keras saves every layer that it finds in an attribute under the attribute's name.
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
        if not self.core.built:  # a deserialized core is
            self.core.build(shapes[0])
        core_shape = tuple(self.core.compute_output_shape(shapes[0]))
        if self.add and tuple(shapes[1])[1:] != core_shape[1:]:
            raise InputError(
                f"Invalid shortcut. Expected shape {core_shape}. Received: {tuple(shapes[1])}", where=self.name
            )
        if self.pool and rank != 4:
            raise InputError(f"Invalid pool. Expected none after ds.Dense. Received: {self.pool!r}", where=self.name)
        if self.batch_norm:
            self.batch_norm.build(core_shape)
        self.built = True

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
        config.update(flatten=self.flatten, softmax=self.softmax, batch_norm=self.batch_norm is not None)
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
        calibrate: bool = False,
        dtype: str = "float32",
    ) -> tuple[Any, Any]:
        """Runs the Bundle without its softmax.

        Args:
            x: input on the grid of its producer.
            operand: shortcut of a residual add.
            training: uses batch statistics for batch norm.
            calibrate: chooses the binary points on the way; eager only.
            dtype: of sums: float32 is exact to 24 bits, float64 to 53.

        Returns:
            The values behind core, act and add, and those behind pool and flatten.
        """
        v = self._sums(ops.cast(x, dtype), training)
        if self.act:
            v = self._activate(self.act, v, calibrate)
        if self.add:
            v = ops.cast(v, dtype) + ops.cast(operand, dtype)
            if self.add.act:
                v = self._activate(self.add.act, v, calibrate)
        if self.tail and not self.raw:
            v = self._activate(self.tail, v, calibrate)
        core = v
        if self.pool:
            v = self._pool(self.pool, ops.cast(v, dtype), calibrate)
        if self.flatten:
            v = ops.reshape(v, (-1, int(np.prod(v.shape[1:]))))
        return core, v

    def integers(self) -> Integers:
        """Folded and quantized weights, exactly as inference uses them.

        Raises:
            InputError: no Model with bits holds the Bundle.
        """
        if self._setting is None:
            raise InputError("floating point weights have no integers; use ds.Model(bits=...)", where=self.name)
        kernel, bias, k_step, b_step = self._quantized(self._setting, *self._folded(None))

        def integers(values: Any, step: Any) -> IntArray:
            return np.asarray(np.rint(ops.convert_to_numpy(values).astype(np.float64) / float(step)), np.int64)

        return Integers(
            integers(kernel, k_step),
            None if bias is None else integers(bias, b_step),
            -exponent(float(k_step)),
            0 if bias is None else -exponent(float(b_step)),
        )

    def _sums(self, x: Any, training: bool) -> Any:
        norm = self.batch_norm
        kernel, bias = self._folded(self._batch_statistics(x, norm) if training and norm and norm.trainable else None)
        if self._setting:
            kernel, bias, _, _ = self._quantized(self._setting, kernel, bias)
        sums = self.core.linear(x, ops.cast(kernel, x.dtype))
        return sums if bias is None else sums + ops.cast(bias, x.dtype)

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

    def _quantized(self, setting: _Setting, kernel: Any, bias: Any) -> tuple[Any, Any, Any, Any]:
        """Kernel and bias on their grids, and the steps of these."""
        bits = setting.bits
        k_step = weight_limit(kernel, bits.k) * 2.0 ** (1 - bits.k)
        kernel = fixed_point(kernel, k_step, bits.k, clip_gradient=False)
        if bias is None:
            return kernel, None, k_step, None
        sum_step = setting.source().step(bits.x) * k_step
        peak = ops.max(ops.abs(ops.stop_gradient(bias)))
        b_step = ops.maximum(covering_limit(peak) * 2.0 ** (1 - bits.b), sum_step)
        return kernel, fixed_point(bias, b_step, bits.b), k_step, b_step

    def _activate(self, act: Activation, v: Any, calibrate: bool) -> Any:
        v = act.call(v)
        if self._setting is None:
            return v
        if calibrate:
            act.calibrate(v, self._setting.bits.x)
        return act.snap(v, self._setting.bits.x)

    def _pool(self, pool: Pool2D, v: Any, calibrate: bool) -> Any:
        pooled = pool.call(v)
        if self._setting is None:
            return pooled
        last_act = self.final_act()
        if calibrate and last_act:
            before = float(last_act.limit)
            if isinstance(pool, MaxPool2D):
                pool.place(before)
            else:
                pool.calibrate(pooled, self._setting.bits.x)
                pool.place(max(float(pool.limit), before * 2.0**-MAX_AVG_GAIN))
        return pool.snap(pooled, self._setting.bits.x)
