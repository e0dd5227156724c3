"""The Keras code of a network: what a person would write with DeepSoC's Bundles."""

from __future__ import annotations

import keyword
from typing import Any

from deepsoc._json import json_path
from deepsoc.errors import InputError
from deepsoc.graph.window import Padding
from deepsoc.netspec.spec import ActSpec, BundleSpec, Conv2DTransposeSpec, DenseSpec, NetSpec, PoolSpec, later_numbers
from deepsoc.widgets.network._netcheck import unread

__all__ = ["keras_code"]

_TAKEN = {"ds", "keras", "inputs", "net"}
_WIDTH = 110


def keras_code(spec: NetSpec) -> str:
    """Code that builds `net`, a `ds.Model` with the Bundles and bits of a network, ready to compile.

    Args:
        spec: the network.

    Raises:
        InputError: a bundle other than the last is read by none, which a Keras model cannot say; or the network has
            what no Keras layer trains.
    """
    for keys in later_numbers(spec.dump()):
        raise InputError("the Keras layers have no form for this; drop it", where=json_path(keys))
    names = [bundle.name for bundle in spec.bundles]
    for name in unread(spec.bundles):
        raise InputError(
            f"bundle {name!r} is read by none; remove it, or read it",
            where=json_path(("bundles", names.index(name), "name")),
        )
    variables = {"input": "inputs"}
    for name in names:
        variables[name] = _variable(name, set(variables.values()) | set(names))
    lines = ["import keras", "", "import deepsoc as ds", "", f"inputs = keras.Input({_tuple(spec.input.shape)})"]
    for bundle in spec.bundles:
        reads = ", ".join(variables[name] for name in bundle.input)
        if len(bundle.input) > 1:
            reads = f"ds.concatenate([{reads}])"
        if bundle.add:
            reads = f"[{reads}, {variables[bundle.add.with_]}]"
        lines.append(_call(f"{variables[bundle.name]} = ds.Bundle", _arguments(bundle), f"({reads})"))
    bits = _arguments_of(x=spec.bits.x, k=spec.bits.k, b=spec.bits.b, input_int_bits=spec.input.int_bits)
    model = ["inputs", variables[names[-1]], *_arguments_of(name=spec.name, bits=_Code(f"ds.Bits({', '.join(bits)})"))]
    lines.append(_call("net = ds.Model", model))
    if spec.input.batch > 1:
        lines.append(
            f"# One run of the accelerator takes {spec.input.batch} inputs: export with batch={spec.input.batch}."
        )
    return "\n".join(lines) + "\n"


def _variable(name: str, taken: set[str]) -> str:
    if name not in _TAKEN and not keyword.iskeyword(name):
        return name
    while name in taken | _TAKEN or keyword.iskeyword(name):
        name += "_"
    return name


def _call(function: str, arguments: list[str], tail: str = "") -> str:
    line = f"{function}({', '.join(arguments)}){tail}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{function}(", *(f"    {argument}," for argument in arguments), f"){tail}"])


def _arguments(bundle: BundleSpec) -> list[str]:
    """Arguments of the Bundle; defaults are left out."""
    return [
        _core(bundle),
        *_arguments_of(
            act=_act(bundle.act),
            add=_Code(f"ds.Add({', '.join(_arguments_of(act=_act(bundle.add.act)))})") if bundle.add else None,
            pool=_pool(bundle.pool) if bundle.pool else None,
            upsample=None if bundle.upsample == (1, 1) else _pair(bundle.upsample),
            depth_to_space=None if bundle.depth_to_space == (1, 1) else _pair(bundle.depth_to_space),
            channels=bundle.channels and _Code(bundle.channels),
            flatten=bundle.flatten or None,
            softmax=bundle.softmax or None,
            name=bundle.name,
        ),
    ]


class _Code(str):
    """Text that is code already."""

    def __repr__(self) -> str:
        return str(self)


def _arguments_of(**values: Any) -> list[str]:
    return [f"{name}={_quoted(value)}" for name, value in values.items() if value is not None]


def _quoted(value: Any) -> str:
    return f'"{value}"' if type(value) is str else repr(value)


def _core(bundle: BundleSpec) -> str:
    core, bias = bundle.core, None if bundle.core.use_bias else False
    if isinstance(core, DenseSpec):
        return f"ds.Dense({', '.join([str(core.units), *_arguments_of(use_bias=bias)])})"
    if isinstance(core, Conv2DTransposeSpec):
        raise InputError("the Keras layers do not train conv2d_transpose", where=f"bundle {bundle.name}")
    strides = None if core.strides == (1, 1) else _pair(core.strides)
    padding = _padding(core.padding)
    groups = None if core.groups == 1 else core.groups
    options = _arguments_of(strides=strides, padding=padding, groups=groups, use_bias=bias)
    return f"ds.Conv2D({', '.join([str(core.filters), str(_pair(core.kernel)), *options])})"


def _act(act: ActSpec | None) -> _Code | None:
    if act is None:
        return None
    slope = [repr(act.slope)] if act.slope else []
    return _Code(f"ds.ReLU({', '.join(slope + _arguments_of(int_bits=act.int_bits))})")


def _pool(pool: PoolSpec) -> _Code:
    maker = "ds.MaxPool2D" if pool.type == "max" else "ds.AvgPool2D"
    strides = None if pool.strides == pool.size else _pair(pool.strides)
    padding = _padding(pool.padding)
    options = _arguments_of(strides=strides, padding=padding, int_bits=pool.int_bits)
    return _Code(f"{maker}({', '.join([str(_pair(pool.size)), *options])})")


def _padding(value: Padding) -> Any:
    return None if value == "valid" else value


def _pair(value: tuple[int, int]) -> _Code:
    return _Code(value[0] if value[0] == value[1] else _tuple(value))


def _tuple(value: tuple[int, ...]) -> str:
    return repr(tuple(value))
