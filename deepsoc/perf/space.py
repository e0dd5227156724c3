"""The design space of a sweep: one axis a hardware parameter, decoded by index, never held as a whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, TypeAdapter, ValidationError

from deepsoc._json import read_json, shorten
from deepsoc.errors import InputError
from deepsoc.hw import Hardware

__all__ = ["PARAMETERS", "Axis", "Space", "read_space"]

PARAMETERS = tuple(name for name in Hardware.model_fields if name != "format")
"""Parameters that a space may fix or vary: those of hw.json."""
_REQUIRED = tuple(name for name, field in Hardware.model_fields.items() if field.is_required())
_CHECK_ALL = 10_000  # ranges up to this long are checked value by value, longer ones at both ends
_ROUND = 9  # decimals of the values of a fractional range
_LARGEST = 2.0**62  # of any number in a description
_Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Axis:
    """Values of one parameter: `first + step * i` for a range, `values[i]` for a list.

    Attributes:
        name: the parameter.
        count: number of values, at least 1.
        first: first value of a range.
        step: distance of the values of a range.
        values: values of a list; empty for a range. Those of `pe` are words.
    """

    name: str
    count: int
    first: float = 0
    step: float = 0
    values: tuple[float | str, ...] = ()

    def take(self, index: npt.NDArray[np.int64]) -> _Values:
        """Values at indices 0 … count - 1: int64, float64 or words."""
        if self.values:
            return np.asarray(self.values)[index]
        values = self.first + self.step * index
        return values if values.dtype.kind == "i" else values.round(_ROUND)


@dataclass(frozen=True)
class Space:
    """All combinations of the values of some hardware parameters; the last axis varies fastest.

    Attributes:
        axes: one a parameter that is given.
    """

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """Number of points, however many they are."""
        return math.prod(axis.count for axis in self.axes)

    def take(self, start: int, stop: int) -> dict[str, _Values]:
        """Parameters of the points start … stop - 1, one array a parameter."""
        return self.at(np.arange(start, stop, dtype=np.int64))

    def at(self, index: npt.NDArray[np.int64]) -> dict[str, _Values]:
        """Parameters of some points, one array a parameter."""
        columns = {}
        for axis in reversed(self.axes):
            index, place = np.divmod(index, axis.count)
            columns[axis.name] = axis.take(place)
        return {axis.name: columns[axis.name] for axis in self.axes}

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, where: str = "space") -> Space:
        """A space from its description.

        Args:
            data: by parameter a number, a list of numbers, or a range {"min", "max", "step"} that begins at `min` and
                includes `max` where a step reaches it; of `pe` a word or a list of words.
            where: name of the description in messages.

        Raises:
            InputError: not a description of a space; names the parameter.
        """
        if not isinstance(data, Mapping):
            raise InputError(f"expected an object of parameters, received {type(data).__name__}", where=where)
        for name in data:
            if name not in PARAMETERS:
                raise InputError(f"unknown parameter; expected one of {', '.join(PARAMETERS)}", where=f"{where}.{name}")
        for name in _REQUIRED:
            if name not in data:
                raise InputError("this parameter has no default; give it", where=f"{where}.{name}")
        return cls(tuple(_axis(name, value, f"{where}.{name}") for name, value in data.items()))

    @classmethod
    def load(cls, path: str | Path) -> Space:
        """Reads SPACE.json.

        Raises:
            InputError: the file cannot be read, is not JSON, or is not a space; names the file and the parameter.
        """
        return cls.parse(read_space(path), where=str(path))


def read_space(path: str | Path) -> Any:
    """The description of a space in a file, not checked yet.

    Raises:
        InputError: the file cannot be read or is not JSON.
    """
    return read_json(path, "the space")


def _axis(name: str, value: Any, where: str) -> Axis:
    if isinstance(value, Mapping):
        return _range(name, value, where)
    if isinstance(value, list | tuple | range | np.ndarray):
        values = tuple(_checked(name, item, f"{where}[{i}]") for i, item in enumerate(value))
        if not values:
            raise InputError("the list is empty; give at least one value", where=where)
        if len(set(values)) < len(values):
            twice, count = Counter(values).most_common(1)[0]
            raise InputError(f"value {twice} is there {count} times; give each value once", where=where)
        return Axis(name, len(values), values=values)
    return Axis(name, 1, values=(_checked(name, value, where),))


def _range(name: str, value: Mapping[str, Any], where: str) -> Axis:
    if set(value) != {"min", "max", "step"}:
        received = ", ".join(map(str, value)) or "none"
        raise InputError(f"expected the keys min, max and step, received {received}", where=where)
    low, high, step = (_number(value[key], f"{where}.{key}") for key in ("min", "max", "step"))
    if step <= 0:
        raise InputError(f"expected a step above 0, received {step}", where=f"{where}.step")
    if low > high:
        raise InputError(f"min {low} is above max {high}; exchange them", where=where)
    if (high - low) / step > _LARGEST:
        raise InputError(f"expected a larger step, received {step}", where=f"{where}.step")
    count = math.floor((high - low) / step + 1e-9) + 1
    axis = Axis(name, count, first=low, step=step)
    ends = np.arange(count) if count <= _CHECK_ALL else np.array([0, 1, count - 1])
    for item in axis.take(ends).tolist():
        _checked(name, item, where)
    return axis


def _number(value: Any, where: str) -> float:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        raise InputError(f"expected a number, a list of numbers or a range, received {shorten(value)}", where=where)
    return value


def _checked(name: str, value: Any, where: str) -> float | str:
    number = str(value) if name == "pe" and isinstance(value, str) else _number(value, where)
    try:
        checked = _adapter(name).validate_python(number)
    except ValidationError as err:
        reason = err.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"{reason}; received {number}", where=where) from None
    if isinstance(number, str):
        return number
    return float(checked) if name == "frequency_mhz" else int(checked)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = Hardware.model_fields[name]
    kind: Any = Annotated[field.annotation, field]
    return TypeAdapter(kind, config=ConfigDict(strict=True))
