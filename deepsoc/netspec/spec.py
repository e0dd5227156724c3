"""The declarative network, formats `deepsoc-net/1` and `/2`: models of `net.json`, its reader and its checks.

Networks of format 1 are those without what `later_members` finds.

A network is a list of bundles; each reads the input or an earlier bundle. `NetSpec.to_graph` turns it into integers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy.typing as npt
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from deepsoc._files import read_bytes
from deepsoc._json import INTEGER, json_path, parse_json, pydantic_fault
from deepsoc.errors import InputError
from deepsoc.graph.fixed import MAX_INT_BITS
from deepsoc.graph.ir import Graph
from deepsoc.graph.shapes import MAX_SLOPE_LOG2
from deepsoc.netspec.weights import Weights, load_samples, load_weights

__all__ = [
    "ActSpec",
    "AddSpec",
    "BitsSpec",
    "BundleSpec",
    "Conv2DSpec",
    "Conv2DTransposeSpec",
    "DenseSpec",
    "InputSpec",
    "LayerBits",
    "NetSpec",
    "PoolSpec",
    "format_faults",
    "format_of",
    "later_members",
    "later_numbers",
    "link_faults",
    "load_net",
    "load_samples",
    "load_weights",
    "parse_net",
]

_FORMATS = ("deepsoc-net/1", "deepsoc-net/2")

Keys = tuple[str | int, ...]
"""Where a member of a network lies."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Size = Annotated[int, Field(ge=1, le=65535)]
Small = Annotated[int, Field(ge=1, le=255)]
Step = Annotated[float, Field(ge=2.0**-64, le=2.0**64)]
Byte = Annotated[int, Field(ge=-128, le=127)]
IntBits = Annotated[int, Field(ge=-MAX_INT_BITS, le=MAX_INT_BITS)]
Pad = Annotated[int, Field(ge=0, le=254)]
Padding = Annotated[
    Annotated[Literal["same", "valid"], Tag("rule")] | Annotated[tuple[tuple[Pad, Pad], tuple[Pad, Pad]], Tag("sizes")],
    Discriminator(lambda value: "sizes" if isinstance(value, list | tuple) else "rule"),
]
"""A rule, or [[top, bottom], [left, right]]."""
Sources = Annotated[
    tuple[str, ...],
    Field(min_length=1, max_length=1024),
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else tuple(value) if type(value) is list else value
    ),
    PlainSerializer(lambda value: value[0] if len(value) == 1 else list(value)),
]
"""A name, or a list of names: tensors side by side, on the channels."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Typed(_Model):
    """A part whose result has a type.

    That is integer bits without the sign, or a scale, the real value of one step; and a zero point, the integer that
    stands for 0.
    """

    @model_validator(mode="after")
    def _one_step(self) -> Self:
        if {"int_bits", "scale"} <= self.model_dump(exclude_none=True).keys():
            raise ValueError("int_bits and scale both say how large a step is; give one of them")
        return self


class InputSpec(_Typed):
    """The network's input: shape [h, w, c] or [c], batch, and its type; without int_bits and scale [-1, 1)."""

    shape: tuple[Size, ...]
    batch: Size = 1
    int_bits: IntBits | None = None
    scale: Step | None = None
    zero_point: Byte | None = None

    @field_validator("shape")
    @classmethod
    def _dimensions(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(value) not in (1, 3):
            raise ValueError("expected [h, w, c] or [c]")
        return value


class BitsSpec(_Model):
    """Bits of activations x, weights k and biases b."""

    x: Annotated[Literal[2, 4, 8], INTEGER]
    k: Annotated[Literal[2, 4, 8], INTEGER]
    b: Annotated[Literal[8, 16, 32], INTEGER]


class LayerBits(_Model):
    """Bits of one bundle that differ from the network's: of its result x, of its weights k."""

    x: Annotated[Literal[1, 2, 3, 4, 8], INTEGER] | None = None
    k: Annotated[Literal[1, 2, 3, 4, 8], INTEGER] | None = None


class Conv2DSpec(_Model):
    """2-D convolution; kernel and strides are [vertical, horizontal]; groups divide input channels and filters.

    `scale` is the step of the weights, one for all or one for each output channel.
    """

    type: Literal["conv2d"]
    filters: Size
    kernel: tuple[Small, Small]
    strides: tuple[Small, Small] = (1, 1)
    padding: Padding
    groups: Size = 1
    use_bias: bool = True
    scale: Step | Annotated[tuple[Step, ...], Field(min_length=1)] | None = None


class Conv2DTransposeSpec(_Model):
    """2-D transposed convolution: strides are rows and columns that one becomes; `scale` as of a convolution."""

    type: Literal["conv2d_transpose"]
    filters: Size
    kernel: tuple[Small, Small]
    strides: tuple[Small, Small]
    padding: Literal["same"]
    use_bias: bool = True
    scale: Step | Annotated[tuple[Step, ...], Field(min_length=1)] | None = None


class DenseSpec(_Model):
    """Matrix product on a flattened tensor; `scale` as of a convolution."""

    type: Literal["dense"]
    units: Size
    use_bias: bool = True
    scale: Step | Annotated[tuple[Step, ...], Field(min_length=1)] | None = None


class ActSpec(_Typed):
    """(Leaky) ReLU of slope 0 or 2^-n with a largest value `max`, or the result as it is.

    `int_bits` counts the integer bits of the result without its sign; None lets the lowering choose them from data.
    `unsigned`: all integers of the result stand for numbers from 0 on; its integer bits have no sign beside them.
    """

    type: Literal["relu", "linear"]
    slope: float = 0
    max: Step | None = None
    unsigned: bool = False
    int_bits: IntBits | None = None
    scale: Step | None = None
    zero_point: Byte | None = None

    @field_validator("slope")
    @classmethod
    def _power_of_two(cls, value: float) -> float:
        if value not in (0, *(2.0**-n for n in range(MAX_SLOPE_LOG2 + 1))):
            raise ValueError(f"expected 0 or a power of two, 2^-n with n = 0 … {MAX_SLOPE_LOG2}")
        return value

    @model_validator(mode="after")
    def _parts(self) -> Self:
        if self.type == "linear" and (self.slope or self.max is not None):
            raise ValueError("slope and max are those of a relu; drop them, or make it one")
        if self.unsigned and (self.slope or self.zero_point is not None):
            raise ValueError("unsigned numbers have no negative slope, and the zero point is theirs; drop one of them")
        return self


class AddSpec(_Model):
    """Residual add of the output of the bundle `with` (or `input`), then `act`; or just the type of the sum."""

    with_: Annotated[str, Field(alias="with")]
    act: ActSpec | None = None
    scale: Step | None = None
    zero_point: Byte | None = None

    @model_validator(mode="after")
    def _one_type(self) -> Self:
        if self.act and (self.scale is not None or self.zero_point is not None):
            raise ValueError("an act says scale and zero point of the sum itself; give them there")
        return self

    @property
    def result(self) -> ActSpec | None:
        """The act, also where only its type is given."""
        if self.act or (self.scale is None and self.zero_point is None):
            return self.act
        return ActSpec(type="linear", scale=self.scale, zero_point=self.zero_point)


class PoolSpec(_Typed):
    """Max or average pool; an average does not count padding."""

    type: Literal["max", "avg"]
    size: tuple[Small, Small]
    strides: tuple[Small, Small]
    padding: Padding
    int_bits: IntBits | None = None
    scale: Step | None = None
    zero_point: Byte | None = None


class BundleSpec(_Model):
    """One layer and all that follows it: core, act, add, pool, upsample or depth_to_space, flatten, softmax.

    The core reads `channels` of its input, from the first to before the last of the two; None: all.
    """

    name: Name
    input: Sources
    channels: tuple[Annotated[int, Field(ge=0, le=65534)], Size] | None = None
    core: Annotated[Conv2DSpec | Conv2DTransposeSpec | DenseSpec, Field(discriminator="type")]
    act: ActSpec | None = None
    add: AddSpec | None = None
    pool: PoolSpec | None = None
    bits: LayerBits | None = None
    upsample: tuple[Small, Small] = (1, 1)
    depth_to_space: tuple[Small, Small] = (1, 1)
    flatten: bool = False
    softmax: bool = False

    @model_validator(mode="after")
    def _places(self) -> Self:
        """A transposed convolution is in its places only at the end of the bundle."""
        if self.core.type == "conv2d_transpose":
            behind = {"add": self.add, "pool": self.pool, "upsample": self.upsample != (1, 1)}
            behind["depth_to_space"] = self.depth_to_space != (1, 1)
            if names := [name for name, there in behind.items() if there]:
                raise ValueError(f"conv2d_transpose has no {names[0]} behind it; put that into a bundle of its own")
        return self

    @property
    def places(self) -> tuple[int, int]:
        """Rows and columns that the channels of the core go to."""
        return self.core.strides if isinstance(self.core, Conv2DTransposeSpec) else self.depth_to_space

    def x_bits(self, bits: BitsSpec) -> int:
        """Bits of its result in a network with `bits`."""
        return self.bits.x if self.bits and self.bits.x else bits.x

    def k_bits(self, bits: BitsSpec) -> int:
        """Bits of its weights in a network with `bits`."""
        return self.bits.k if self.bits and self.bits.k else bits.k


class NetSpec(_Model):
    """A network as data, as `net.json` holds it."""

    format: Literal["deepsoc-net/1", "deepsoc-net/2"]
    name: Name
    input: InputSpec
    bits: BitsSpec
    bundles: Annotated[tuple[BundleSpec, ...], Field(min_length=1, max_length=1024)]

    def dump(self) -> dict[str, Any]:
        """The network as a JSON-ready dictionary that `parse_net` reads back to an equal object."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for bundle in data["bundles"]:
            bundle.setdefault("act", None)
            if bundle["core"].get("groups") == 1:
                del bundle["core"]["groups"]
            for part in ("upsample", "depth_to_space"):
                if bundle[part] == [1, 1]:
                    del bundle[part]
            if "add" in bundle:
                bundle["add"].setdefault("act", None)
            for act in (bundle["act"], bundle.get("add", {}).get("act")):
                if act and not act["unsigned"]:
                    del act["unsigned"]
        return data

    def to_graph(self, weights: Weights | None = None, seed: int = 0, samples: npt.ArrayLike | None = None) -> Graph:
        """Integers: quantizes the weights, or draws them, and places every binary point that is left open.

        Binary points without `int_bits` are chosen from the values that occur when the network runs. With few bits and
        real weights that must be real inputs: on random ones most of what the network has learnt gets lost.

        Args:
            weights: real values as `load_weights` returns them; None draws random integers of the whole range.
            seed: of the random weights, of the random input, and of the draw among samples; one seed gives one graph.
            samples: real inputs, (n, *input shape), of which up to 256 are drawn; None: random ones.

        Raises:
            InputError: weights or samples do not fit, or `int_bits` ask for what the hardware has no form for.
        """
        from deepsoc.netspec.lower import lower

        return lower(self, weights, seed, samples)


def load_net(path: str | Path) -> NetSpec:
    """Read and check a `net.json`.

    Raises:
        InputError: the file cannot be read, or any fault in it; `where` is file and JSON path.
    """
    return _parse(read_bytes(path, "the network"), str(path))


def parse_net(net: Mapping[str, Any], where: str = "net") -> NetSpec:
    """Check a network given as a dictionary; `where` names it in errors.

    Raises:
        InputError: any fault in it; `where` of the error ends in the JSON path.
    """
    try:
        text = json.dumps(net)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where=where) from None
    return _parse(text.encode(), where)


def _parse(text: bytes, where: str) -> NetSpec:
    data = parse_json(text, where)
    try:
        spec = NetSpec.model_validate_json(text)
    except ValidationError as error:
        path, message = pydantic_fault(error, data)
        raise InputError(message, where=f"{where}: {path}") from None
    for keys, problem in format_faults(data):
        raise InputError(problem, where=f"{where}: {json_path(keys)}")
    _check_names(spec, where)
    # Imported late: the lowering needs the models above.
    from deepsoc.netspec.lower import check_shapes

    check_shapes(spec, where)
    return spec


_LATER_NUMBERS = {"scale", "zero_point", "max", "unsigned", "bits"}
_LATER = {*_LATER_NUMBERS, "upsample", "depth_to_space", "channels"}
_TYPES_OF_NUMBERS = {("act", "type")}
_LATER_TYPES = ("linear", "conv2d_transpose")
_PARTS: tuple[tuple[str, ...], ...] = ((), ("core",), ("act",), ("add",), ("add", "act"), ("pool",))


def later_members(net: Mapping[str, Any]) -> Iterator[Keys]:
    """Where a network, as JSON has it, has members, or forms of them, that came with format 2; faults are none."""
    bundles = net.get("bundles")
    places: list[tuple[Keys, Any]] = [(("input",), net.get("input"))]
    for i, bundle in enumerate(bundles if isinstance(bundles, list) else ()):
        places += ((("bundles", i, *keys), _member(bundle, keys)) for keys in _PARTS)
    for place, part in places:
        for name, value in part.items() if isinstance(part, Mapping) else ():
            listed = name in ("input", "padding") and isinstance(value, list)
            if name in _LATER or listed or (name == "type" and value in _LATER_TYPES):
                yield (*place, name)


def later_numbers(net: Mapping[str, Any]) -> Iterator[Keys]:
    """Those of `later_members` that say what integers stand for; the others say where they lie."""
    return (keys for keys in later_members(net) if keys[-1] in _LATER_NUMBERS or keys[-2:] in _TYPES_OF_NUMBERS)


def format_of(net: Mapping[str, Any]) -> str:
    """The first format that has all that a network holds, as JSON has it."""
    return _FORMATS[any(later_members(net))]


def format_faults(net: Mapping[str, Any]) -> Iterator[tuple[Keys, str]]:
    """Where a network, as JSON has it, has what its format has not, and what is wrong with that."""
    if net.get("format") == _FORMATS[0]:
        problem = f"this is of format {_FORMATS[1]!r}, received {_FORMATS[0]!r}; write that as the format"
        yield from ((keys, problem) for keys in later_members(net))


def _member(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _check_names(spec: NetSpec, where: str) -> None:
    places = {bundle.name: i for i, bundle in reversed(list(enumerate(spec.bundles)))}
    for i, bundle in enumerate(spec.bundles):
        for keys, problem in link_faults(bundle, i, places, is_last=i + 1 == len(spec.bundles)):
            raise InputError(problem, where=f"{where}: {json_path(('bundles', i, *keys))}")


def link_faults(bundle: BundleSpec, i: int, places: Mapping[str, int], *, is_last: bool) -> Iterator[tuple[Keys, str]]:
    """What is wrong with the place of a bundle and the names in it.

    Args:
        bundle: a bundle.
        i: its place.
        places: of all bundles by name; the first where a name is there twice.
        is_last: whether it ends the network.

    Returns:
        Keys inside the bundle, and what is wrong with the member that they lead to.
    """
    if bundle.name == "input" or places[bundle.name] < i:
        taken = "the input" if bundle.name == "input" else f"bundle {places[bundle.name]}"
        yield ("name",), f"{bundle.name!r} is already the name of {taken}; choose another"
    several = len(bundle.input) > 1
    sources: dict[Keys, str] = {
        ("input", j) if several else ("input",): source for j, source in enumerate(bundle.input)
    }
    if bundle.add:
        sources["add", "with"] = bundle.add.with_
    for place, source in sources.items():
        if source != "input" and places.get(source, i) >= i:
            if source == bundle.name:
                problem = "a bundle cannot read itself"
            elif source in places:
                problem = f"{source!r} stands later; a bundle reads the input or an earlier bundle, so sort them"
            else:
                problem = f"there is no bundle {source!r}; expected 'input' or the name of an earlier bundle"
            yield place, problem
    if bundle.softmax and not is_last:
        yield ("softmax",), "softmax ends a network; only the last bundle may have it"
