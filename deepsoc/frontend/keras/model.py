"""Model: a network of Bundles that trains with stock Keras calls and leaves as integers."""

from __future__ import annotations

import re
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras, keras_state
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.quantizers import Grid, exponent
from deepsoc.frontend.keras.samples import draw
from deepsoc.frontend.keras.wiring import links_of
from deepsoc.graph.fixed import needless_saturation
from deepsoc.graph.ir import Graph
from deepsoc.graph.shapes import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deepsoc.export import Artifacts
    from deepsoc.hw import Hardware

__all__ = ["Model"]

ops = keras.ops
_CALIBRATION_SAMPLES = 256
_NO_H5 = (
    "HDF5 keeps no number formats: what is loaded would be another network; save it as a .keras file, or the weights "
    "alone with save_weights"
)


@keras.saving.register_keras_serializable(package="deepsoc")
class Model(keras.Model):  # type: ignore[misc]
    """A network from one `keras.Input` through Bundles (`concatenate` and `flatten` between them) to one output.

    Between the Bundles may stand what does nothing at inference: stock Dropout, noise, ActivityRegularization.

    Without `bits` it is an ordinary floating point network. With `bits` every value that leaves a Bundle, and the
    input, is quantized; training then is quantization-aware. A Bundle belongs to the Model that was made of it last;
    an earlier Model then refuses to work until `set_bits` takes the Bundles back.

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
        try:
            super().__init__(inputs, outputs, name=name, **kwargs)
        except ValueError as error:  # two layers of one name, a tensor that does not come from the inputs, …
            raise InputError(f"Invalid network. Keras says: {error}", where="Model") from None
        self.links = links_of(self)
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
        """Sets the number formats, in place, and takes the Bundles back if another Model had them.

        Compile again before further training.

        Args:
            bits: number formats; None: floating point.
        """
        if bits is not None and not isinstance(bits, Bits):
            raise InputError(f"Invalid bits. Expected ds.Bits(...) or None. Received: {bits!r}", where="Model")
        self.bits = bits
        if bits and bits.input_int_bits != self.input_grid.int_bits:
            self.input_grid.int_bits = bits.input_int_bits
            self.input_grid.limit.assign(0.0 if bits.input_int_bits is None else 2.0**bits.input_int_bits)
        self._given_points()
        for link in self.links:
            link.bundle.configure(
                self,
                bits,
                last=link is self.links[-1],
                source=partial(self._grid_of, link.sources[0]),
                shortcut=partial(self._grid_of, link.shortcut) if link.shortcut else None,
            )
        self.train_function = self.test_function = self.predict_function = None

    def _grid_of(self, name: str) -> Grid:
        return self.input_grid if name == "input" else self.bundles[name].out_grid()

    def _ties(self) -> list[dict[str, Grid]]:
        """Grids, by the names of their tensors, that share a binary point: of what is concatenated, directly or not."""
        groups: list[set[str]] = []
        for names in (set(link.sources) for link in self.links if len(link.sources) > 1):
            groups = [g for g in groups if not g & names] + [names.union(*(g for g in groups if g & names))]
        return [{name: self._grid_of(name) for name in sorted(group)} for group in groups]

    def _given_points(self) -> dict[int, float]:
        """Limits that the user gave to others of a tie, by the identity of the grid; refuses different ones."""
        points: dict[int, float] = {}
        for tied in self._ties():
            given = {name: grid.int_bits for name, grid in tied.items() if grid.int_bits is not None}
            if len(set(given.values())) > 1:
                raise InputError(
                    f"Invalid int_bits. Expected equal ones of all that is concatenated: it has one binary point. "
                    f"Received: {given}; make them equal, or leave them out",
                    where="Model",
                )
            points |= {id(grid): 2.0**bits for bits in given.values() for grid in tied.values()}
        return points

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
        return self.bits is None or (all(grid.calibrated for grid in self._grids()) and not self._apart())

    def _apart(self) -> list[dict[str, Grid]]:
        """Those of `_ties` whose binary points differ."""
        return [tied for tied in self._ties() if len({float(grid.limit) for grid in tied.values()}) > 1]

    def _grids(self) -> Iterator[Grid]:
        yield self.input_grid
        for bundle in self.bundles.values():
            yield from bundle.grids()

    def calibrate(self, x: npt.ArrayLike) -> None:
        """Chooses all binary points that the user left open from the values that occur in the network.

        Warns where many values saturate at a binary point that the user fixed too low.

        Args:
            x: typical inputs of all kinds that occur; a few hundred are enough.

        Raises:
            InputError: the network has no bits, x does not fit, or a weight is no number.
        """
        bits = self._own_bits()
        inputs = self._checked(x)
        for link in self.links:
            link.bundle.check_weights()
        given = self._given_points()
        wide: dict[int, float] = {}  # by the identity of a grid, the least limit that those tied to it leave
        faults: list[str] = []

        def place(name: str, grid: Grid, values: Any, least: float = 0.0) -> None:
            if id(grid) in given:
                grid.place(given[id(grid)])
            else:
                grid.calibrate(values, bits.x, max(least, wide.get(id(grid), 0.0)))
            faults.extend(_saturation(name, grid, values, bits.x))

        while True:
            for grid in self._grids():
                grid.place(0.0)
            faults.clear()
            place("input", self.input_grid, inputs)
            for _ in self._walk(inputs, watch=place):
                pass
            apart = self._apart()
            if not apart:
                break
            for tied in apart:  # once more, with one binary point
                limit = max(float(grid.limit) for grid in tied.values())
                wide |= {id(grid): limit for grid in tied.values()}
        self._warn(faults)

    def _warn_of_saturation(self, inputs: npt.NDArray[np.float32]) -> None:
        """Warns where many values saturate that need not: training moved them, or the inputs are of another kind."""
        bits = self._own_bits()
        faults = _saturation("input", self.input_grid, inputs, bits.x)

        def look(name: str, grid: Grid, values: Any, least: float) -> None:
            faults.extend(_saturation(name, grid, values, bits.x))

        for _ in self._walk(inputs, watch=look):
            pass
        self._warn(faults)

    def _warn(self, faults: list[str]) -> None:
        if faults:
            warnings.warn(f"network {self.name}: {'; '.join(faults)}", stacklevel=4)

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

    def _require_own(self) -> None:
        """Refuses to work with Bundles that follow another Model."""
        for name, bundle in self.bundles.items():
            owner = bundle.owner()
            if owner is not None and owner is not self:
                raise InputError(
                    f"its Bundle {name!r} belongs to the Model {owner.name!r}, which was made of it later; use that "
                    "one, make this Model of Bundles of its own, or take them back with set_bits(...)",
                    where=self.name,
                )

    def _require_calibrated(self) -> None:
        self._require_own()
        if not self.calibrated:
            raise InputError(
                "the binary points are not chosen yet; call calibrate(x) with typical inputs, or fit", where=self.name
            )

    def _own_bits(self) -> Bits:
        self._require_own()
        if self.bits is None:
            raise InputError("a floating point network has no binary points; give it bits first", where=self.name)
        return self.bits

    # ---- inference --------------------------------------------------------------------------------------------------
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Quantizes the input and runs the network."""
        self._require_own()
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
        self,
        x: npt.NDArray[np.float32],
        *,
        exact: frozenset[str] = frozenset(),
        watch: Callable[[str, Grid, Any, float], None] | None = None,
    ) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """Runs Bundle after Bundle; `watch` gets the name of the Bundle and what `bundle.Watch` says."""
        values = {"input": ops.convert_to_tensor(x)}
        if self.bits is not None:
            values["input"] = self.input_grid.snap(values["input"], self.bits.x)
        for link in self.links:
            source = values[link.sources[0]]
            if len(link.sources) > 1:
                source = ops.concatenate([values[name] for name in link.sources], axis=-1)
            if link.flat_source:
                source = ops.reshape(source, (len(x), -1))
            operand = values[link.shortcut] if link.shortcut else None
            name = link.bundle.name
            dtype = "float64" if name in exact else "float32"
            seen = partial(watch, name) if watch else None
            results = link.bundle.compute(source, operand, watch=seen, dtype=dtype)
            values[name] = results[1]
            yield name, results

    # ---- stock Keras calls ------------------------------------------------------------------------------------------
    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit`; calibrates on inputs drawn over all of x, if that was not done before."""
        self._require_own()
        if not self.calibrated:
            drawn, x = draw(x, count=_CALIBRATION_SAMPLES, steps=kwargs.get("steps_per_epoch"))
            self.calibrate(drawn)
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

    # ---- storage ----------------------------------------------------------------------------------------------------
    def get_config(self) -> dict[str, Any]:
        """The network as Keras stores it.

        Raises:
            InputError: it would go into an HDF5 file, or its Bundles belong to another Model.
        """
        self._require_own()
        if keras_state.get_global_attribute("use_legacy_config", False):
            raise InputError(_NO_H5, where=self.name)
        config: dict[str, Any] = super().get_config()
        return config

    def save(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Saves architecture, weights, number formats and training state, as `keras.Model.save` in a `.keras` file.

        Raises:
            InputError: another kind of file, which would lose the number formats.
        """
        if str(filepath).lower().endswith((".h5", ".hdf5")):
            raise InputError(_NO_H5, where=str(filepath))
        self._require_own()
        super().save(filepath, *args, **kwargs)

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
        given = x is not None
        if x is None:
            shape = (batch, *graph.input_shape[1:])
            x = np.random.default_rng(seed).uniform(-1.0, 1.0, shape) * float(self.input_grid.limit)
        inputs = self._checked(x)
        if len(inputs) < batch:
            raise InputError(f"Too few inputs. Expected at least batch={batch}. Received: {len(inputs)}", where="x")
        validate(self, graph, inputs)
        if given:
            self._warn_of_saturation(draw(inputs, count=_CALIBRATION_SAMPLES)[0])
        try:
            net = to_netspec(self, batch=batch).dump()
        except InputError:  # a linear activation that net.json has no word for; the export is complete without it
            net = None
        return _fluent.export(graph, hw, out, x=self.quantized_input(inputs[:batch]), seed=seed, net=net)


def _saturation(name: str, grid: Grid, values: Any, bits: int) -> list[str]:
    """What is wrong with the binary point of a grid for these values, and the remedy: one line, or none."""
    fault = needless_saturation(ops.convert_to_numpy(values), bits, exponent(float(grid.limit)))
    if not fault:
        return []
    place = name if name == "input" else f"{type(grid).__name__} of {name}"
    remedy = "leave int_bits open" if grid.int_bits is not None else "calibrate again, and train on"
    return [f"{place}: {fault} ({remedy})"]
