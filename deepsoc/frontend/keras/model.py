"""Model: a network of Bundles that trains with stock Keras calls and leaves as integers."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import Flatten
from deepsoc.frontend.keras.quantizers import Grid
from deepsoc.graph.ir import Graph
from deepsoc.graph.shapes import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deepsoc.export import Artifacts
    from deepsoc.hw import Hardware

__all__ = ["Link", "Model"]

ops = keras.ops
_CALIBRATION_SAMPLES = 256


class Link:
    """Where a Bundle of a Model gets its tensors: names of Bundles, or `input`; and whether its result is flattened."""

    def __init__(self, bundle: Bundle, source: str, shortcut: str | None, flat_source: bool) -> None:
        self.bundle, self.source, self.shortcut, self.flat_source = bundle, source, shortcut, flat_source
        self.flatten = bundle.flatten


@keras.saving.register_keras_serializable(package="deepsoc")
class Model(keras.Model):  # type: ignore[misc]
    """A network from one `keras.Input` through Bundles (and `flatten`) to one output.

    Without `bits` it is an ordinary floating point network. With `bits` every value that leaves a Bundle, and the
    input, is quantized; training then is quantization-aware. A Bundle follows the Model that was made of it last.

    Args:
        inputs: the `keras.Input`.
        outputs: result of the last Bundle.
        name: name of the network.
        bits: number formats; None: those the Bundles have already, or floating point.
        **kwargs: trainable.

    Raises:
        InputError: the network holds something that the accelerator has no form for.
    """

    def __init__(
        self, inputs: Any, outputs: Any, name: str | None = None, *, bits: Bits | None = None, **kwargs: Any
    ) -> None:
        unknown = sorted(set(kwargs) - {"trainable"})
        if unknown:
            raise InputError(f"Unknown keyword(s). Expected bits, name, trainable. Received: {unknown}", where="Model")
        super().__init__(inputs, outputs, name=name, **kwargs)
        self.links = tuple(_links(self))
        saved = {link.bundle.saved_bits for link in self.links}
        if bits is None:
            if len(saved) > 1:
                raise InputError(
                    f"Bundles of different bits. Expected one format for the network: pass bits=ds.Bits(...). "
                    f"Received: {saved}",
                    where="Model",
                )
            bits = saved.pop()
        self.input_grid = Grid(name="input_grid")
        self.set_bits(bits)

    # ---- number formats ---------------------------------------------------------------------------------------------
    def set_bits(self, bits: Bits | None) -> None:
        """Sets the number formats, in place; compile again before further training.

        Args:
            bits: number formats; None: floating point.
        """
        if bits is not None and not isinstance(bits, Bits):
            raise InputError(f"Invalid bits. Expected ds.Bits(...) or None. Received: {bits!r}", where="Model")
        self.bits = bits
        if bits and bits.input_int_bits != self.input_grid.int_bits:
            self.input_grid.int_bits = bits.input_int_bits
            self.input_grid.limit.assign(0.0 if bits.input_int_bits is None else 2.0**bits.input_int_bits)
        for link in self.links:
            link.bundle.configure(bits, last=link is self.links[-1], source=partial(self._grid_of, link.source))
        self.train_function = self.test_function = self.predict_function = None

    def _grid_of(self, name: str) -> Grid:
        return self.input_grid if name == "input" else self.bundles[name].out_grid()

    @property
    def bundles(self) -> dict[str, Bundle]:
        """The Bundles by name, every one behind those that it reads."""
        return {link.bundle.name: link.bundle for link in self.links}

    @property
    def identifier(self) -> str:
        """The name, with `_` for every character that an identifier cannot have."""
        identifier = re.sub(r"[^A-Za-z0-9_]", "_", self.name)[:64]
        return identifier if NAME.fullmatch(identifier) else f"_{identifier}"[:64]

    @property
    def calibrated(self) -> bool:
        """Whether all binary points are known; true of a floating point network."""
        return self.bits is None or all(grid.calibrated for grid in self._grids())

    def _grids(self) -> Iterator[Grid]:
        yield self.input_grid
        for bundle in self.bundles.values():
            yield from bundle.grids()

    def calibrate(self, x: npt.ArrayLike) -> None:
        """Chooses all binary points that the user left open from the values that occur in the network.

        Args:
            x: typical inputs; a few hundred are enough.

        Raises:
            InputError: the network has no bits, or x does not fit.
        """
        if self.bits is None:
            raise InputError("a floating point network has no binary points; give it bits first", where=self.name)
        inputs = self._checked(x)
        self.input_grid.calibrate(inputs, self.bits.x)
        for _ in self._walk(inputs, calibrate=True):
            pass

    def _checked(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        inputs = np.asarray(x, np.float32)
        shape = tuple(self.inputs[0].shape[1:])
        if inputs.shape[1:] != shape or not inputs.size:
            raise InputError(
                f"Invalid inputs. Expected a batch of {shape}. Received shape: {inputs.shape}", where=self.name
            )
        if not np.isfinite(inputs).all():
            raise InputError("Invalid inputs. Expected finite numbers. Received: NaN or infinity", where=self.name)
        return inputs

    def _require_calibrated(self) -> None:
        if not self.calibrated:
            raise InputError(
                "the binary points are not chosen yet; call calibrate(x) with typical inputs, or fit", where=self.name
            )

    # ---- inference --------------------------------------------------------------------------------------------------
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Quantizes the input and runs the network."""
        x = inputs[0] if isinstance(inputs, list | tuple) else inputs
        if self.bits is not None:
            x = self.input_grid.snap(ops.convert_to_tensor(x, dtype="float32"), self.bits.x)
        return super().call(x, training=training, mask=mask)

    def quantized_input(self, x: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The integers that the accelerator gets for inputs x."""
        self._require_calibrated()
        if self.bits is None:
            raise InputError("a floating point network has no integers; give it bits first", where=self.name)
        values = ops.convert_to_numpy(self.input_grid.snap(ops.convert_to_tensor(self._checked(x)), self.bits.x))
        return np.asarray(np.ldexp(values.astype(np.float64), self.input_grid.frac(self.bits.x)), np.int64)

    def bundle_outputs(self, x: npt.ArrayLike, *, exact: Iterable[str] = ()) -> dict[str, tuple[Any, Any]]:
        """Values inside the network.

        Args:
            x: inputs.
            exact: names of Bundles to compute in float64.

        Returns:
            By the name of the Bundle, the values before and behind its pool (see `Bundle.compute`).
        """
        self._require_calibrated()
        return dict(self._walk(self._checked(x), exact=frozenset(exact)))

    def _walk(
        self, x: npt.NDArray[np.float32], *, exact: frozenset[str] = frozenset(), calibrate: bool = False
    ) -> Iterator[tuple[str, tuple[Any, Any]]]:
        values = {"input": ops.convert_to_tensor(x)}
        if self.bits is not None:
            values["input"] = self.input_grid.snap(values["input"], self.bits.x)
        for link in self.links:
            source = values[link.source]
            if link.flat_source:
                source = ops.reshape(source, (len(x), -1))
            operand = values[link.shortcut] if link.shortcut else None
            name = link.bundle.name
            dtype = "float64" if name in exact else "float32"
            results = link.bundle.compute(source, operand, calibrate=calibrate, dtype=dtype)
            values[name] = results[1]
            yield name, results

    # ---- stock Keras calls ------------------------------------------------------------------------------------------
    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit`; calibrates on the first inputs, if that was not done before."""
        if not self.calibrated:
            self.calibrate(_first_inputs(x))
        return super().fit(x, *args, **kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.evaluate`.

        Raises:
            InputError: the network is not calibrated.
        """
        self._require_calibrated()
        return super().evaluate(*args, **kwargs)

    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.predict`.

        Raises:
            InputError: the network is not calibrated.
        """
        self._require_calibrated()
        return super().predict(*args, **kwargs)

    # ---- the way to hardware ----------------------------------------------------------------------------------------
    def to_graph(self, batch: int = 1) -> Graph:
        """The network in integers (see `deepsoc.frontend.keras.lower.lower`)."""
        from deepsoc.frontend.keras.lower import lower

        return lower(self, batch=batch)

    def export(
        self,
        hw: Hardware,
        out: str | Path,
        *,
        x: npt.ArrayLike | None = None,
        batch: int = 1,
        seed: int = 0,
    ) -> Artifacts:
        """Writes every artifact of the network for one accelerator, after checking its integers.

        Args:
            hw: the accelerator.
            out: folder to make, or an earlier export to replace.
            x: real inputs: all validate the integers against this model, the first `batch` become the test vectors.
                None: random inputs over the whole range of the input.
            batch: inputs that one run of the accelerator takes.
            seed: of random inputs.

        Raises:
            InputError: the network does not fit, or x does not.
            MismatchError: the integers differ from this model.
        """
        from deepsoc import _fluent
        from deepsoc.frontend.keras.lower import validate
        from deepsoc.frontend.keras.netkeras import to_netspec

        graph = self.to_graph(batch)
        if x is None:
            shape = (batch, *graph.input_shape[1:])
            x = np.random.default_rng(seed).uniform(-1.0, 1.0, shape) * float(self.input_grid.limit)
        inputs = self._checked(x)
        if len(inputs) < batch:
            raise InputError(f"Too few inputs. Expected at least batch={batch}. Received: {len(inputs)}", where="x")
        validate(self, graph, inputs)
        try:
            net = to_netspec(self, batch=batch).dump()
        except InputError:  # a linear activation that net.json has no word for; the export is complete without it
            net = None
        return _fluent.export(graph, hw, out, x=self.quantized_input(inputs[:batch]), seed=seed, net=net)


def _first_inputs(x: Any) -> npt.NDArray[np.float32]:
    if hasattr(x, "__array__"):
        return np.asarray(x[:_CALIBRATION_SAMPLES], np.float32)
    if isinstance(x, keras.utils.PyDataset):
        return np.asarray(x[0][0], np.float32)
    if hasattr(x, "element_spec"):  # tf.data
        return np.asarray(next(iter(x))[0], np.float32)
    raise InputError(
        f"Cannot look at the data before training. Expected an array or a data set; or call calibrate(x) before fit. "
        f"Received: {type(x).__name__}",
        where="fit",
    )


def _links(model: Model) -> list[Link]:
    """The Bundles of a functional model and what they read, sources first.

    Raises:
        InputError: a layer is no Bundle, stands at the wrong place, or is used twice.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"Invalid network. Expected one input and one output. "
            f"Received: {len(model.inputs)} and {len(model.outputs)}",
            where="Model",
        )
    links: dict[str, Link] = {}

    def visit(tensor: Any) -> tuple[str, bool]:
        """Name of the producer of a tensor, and whether a Flatten layer lies between."""
        layer, node_index, _ = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            return "input", False
        inputs = layer._inbound_nodes[node_index].input_tensors
        if isinstance(layer, Flatten | keras.layers.Flatten):
            return visit(inputs[0])[0], True
        if not isinstance(layer, Bundle):
            raise InputError(
                f"Invalid layer in a ds.Model. Expected ds.Bundle or ds.Flatten. Received: {layer!r}", where=layer.name
            )
        if layer.name not in links:
            source, flat = visit(inputs[0])
            shortcut, flat_shortcut = visit(inputs[1]) if len(inputs) > 1 else (None, False)
            if flat_shortcut:
                raise InputError("a shortcut cannot be flattened; flatten the sum", where=layer.name)
            links[layer.name] = Link(layer, source, shortcut, flat)
        return layer.name, False

    last, flat_output = visit(model.outputs[0])
    if last == "input":
        raise InputError("Invalid network. Expected at least one ds.Bundle. Received: none", where="Model")
    _check_uses(links, model, last, flat_output)
    return list(links.values())


def _check_uses(links: dict[str, Link], model: Model, last: str, flat_output: bool) -> None:
    """Settles which Bundles flatten, and refuses what the graph of integers cannot say."""
    bundles = [layer for layer in model.layers if isinstance(layer, Bundle)]
    nodes = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    for bundle in bundles:
        if sum(id(node) in nodes for node in bundle._inbound_nodes) > 1:
            raise InputError("a Bundle is used twice; make two of them", where=bundle.name)
        if bundle.softmax and bundle.name != last:
            raise InputError("softmax stands on a Bundle that is not the last", where=bundle.name)
    uses = [(link.source, link.flat_source) for link in links.values()]
    uses += [(link.shortcut, False) for link in links.values() if link.shortcut]
    uses.append((last, flat_output))
    for name in {source for source, _ in uses}:
        flat = {flag for source, flag in uses if source == name}
        if flat == {False}:
            continue
        if name == "input":
            raise InputError("the input is flattened; give a one-dimensional input instead", where="input")
        if len(flat) > 1 and not links[name].bundle.flatten:
            raise InputError("is read both flattened and not; read it in one form only", where=name)
        links[name].flatten = True
