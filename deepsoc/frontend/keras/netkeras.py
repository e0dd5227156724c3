"""Between the declarative network (`net.json`) and a Model of Bundles."""

from __future__ import annotations

from typing import Any

from deepsoc._json import json_path
from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.formats import Bits
from deepsoc.frontend.keras.layers import (
    Activation,
    Add,
    AvgPool2D,
    Conv2D,
    Dense,
    Linear,
    MaxPool2D,
    Pool2D,
    ReLU,
    concatenate,
)
from deepsoc.frontend.keras.model import Model
from deepsoc.frontend.keras.quantizers import Grid, exponent
from deepsoc.frontend.keras.wiring import Link
from deepsoc.graph.window import Padding
from deepsoc.netspec.spec import (
    ActSpec,
    BundleSpec,
    Conv2DSpec,
    Conv2DTransposeSpec,
    NetSpec,
    format_of,
    later_numbers,
    parse_net,
)

__all__ = ["from_netspec", "to_netspec"]


def from_netspec(spec: NetSpec, *, batch_norm: bool = False) -> Model:
    """A Model with the Bundles and bits of a declarative network, with fresh weights, ready to train.

    Args:
        spec: the network.
        batch_norm: normalizes behind every core but the last; export folds it away.

    Raises:
        InputError: a bundle other than the last is read by none, or the network has what no Keras layer trains.
    """
    for keys in later_numbers(spec.dump()):
        raise InputError(
            "the Keras layers do not train this; drop it, or export trained weights with the network",
            where=json_path(keys),
        )
    used = {name for b in spec.bundles for name in b.input} | {b.add.with_ for b in spec.bundles if b.add}
    last = spec.bundles[-1]
    for i, bundle in enumerate(spec.bundles[:-1]):
        if bundle.name not in used:
            raise InputError(
                f"bundle {bundle.name!r} is read by none; remove it, or read it", where=f"$.bundles[{i}].name"
            )
    inputs = keras.Input(spec.input.shape, name="net-input")  # no bundle can have this name
    tensors = {"input": inputs}
    for part in spec.bundles:
        read = [tensors[name] for name in part.input]
        x = concatenate(read) if len(read) > 1 else read[0]
        layer = _bundle(part, batch_norm=batch_norm and part is not last)
        tensors[part.name] = layer([x, tensors[part.add.with_]] if part.add else x)
    bits = Bits(spec.bits.x, spec.bits.k, spec.bits.b, spec.input.int_bits)
    return Model(inputs, tensors[last.name], name=spec.name, bits=bits)


def _bundle(spec: BundleSpec, *, batch_norm: bool) -> Bundle:
    if isinstance(spec.core, Conv2DTransposeSpec):
        raise InputError(
            "the Keras layers do not train conv2d_transpose; use conv2d with as many filters for each place, and "
            "depth_to_space, or export trained weights with the network",
            where=f"bundle {spec.name}",
        )
    if isinstance(spec.core, Conv2DSpec):
        conv = spec.core
        core = Conv2D(conv.filters, conv.kernel, conv.strides, conv.padding, conv.groups, conv.use_bias)
    else:
        core = Dense(spec.core.units, spec.core.use_bias)
    pool: Pool2D | None = None
    if spec.pool:
        kind = AvgPool2D if spec.pool.type == "avg" else MaxPool2D
        pool = kind(spec.pool.size, spec.pool.strides, spec.pool.padding, spec.pool.int_bits)
    return Bundle(
        core,
        act=_relu(spec.act),
        add=Add(_relu(spec.add.act)) if spec.add else None,
        pool=pool,
        upsample=spec.upsample,
        depth_to_space=spec.depth_to_space,
        channels=spec.channels,
        flatten=spec.flatten,
        softmax=spec.softmax,
        batch_norm=batch_norm,
        name=spec.name,
    )


def _relu(spec: ActSpec | None) -> ReLU | None:
    return ReLU(spec.slope, spec.int_bits) if spec else None


def to_netspec(model: Model, *, batch: int = 1) -> NetSpec:
    """The declarative network of a Model with bits; binary points that are known become its `int_bits`.

    Args:
        model: the Model; batch norm, which export folds into the weights, shows as a bias.
        batch: of the network's input.

    Raises:
        InputError: the Model is a floating point network, or has a linear activation where the declarative network
            knows only the null activation, which means another thing there.
    """
    if model.bits is None:
        raise InputError("a floating point network has no bits; pass bits=ds.Bits(...)", where=model.name)
    data = {
        "name": model.identifier,
        "input": {"shape": list(model.inputs[0].shape[1:]), "batch": batch, **_int_bits(model.input_grid)},
        "bits": {"x": model.bits.x, "k": model.bits.k, "b": model.bits.b},
        "bundles": [_bundle_data(link) for link in model.links],
    }
    return parse_net({**data, "format": format_of(data)}, where=model.name)


def _int_bits(grid: Grid) -> dict[str, int]:
    return {"int_bits": exponent(float(grid.limit))} if grid.calibrated else {}


def _bundle_data(link: Link) -> dict[str, Any]:
    bundle, core = link.bundle, link.bundle.core
    ends_raw = bundle.ends_in_sums and bundle.last
    use_bias = bool(core.use_bias or bundle.batch_norm)
    data: dict[str, Any] = {"name": bundle.name}
    data["input"] = list(link.sources) if len(link.sources) > 1 else link.sources[0]
    if bundle.channels is not None:
        data["channels"] = list(bundle.channels)
    if isinstance(core, Conv2D):
        data["core"] = {
            "type": "conv2d",
            "filters": core.filters,
            "kernel": list(core.kernel_size),
            "strides": list(core.strides),
            "padding": _json(core.pads),
            "groups": core.groups,
            "use_bias": use_bias,
        }
    else:
        data["core"] = {"type": "dense", "units": core.units, "use_bias": use_bias}
    data["act"] = _act_data(bundle.act, bundle.name, null_is_raw=bool(bundle.add) or ends_raw)
    if bundle.add:
        data["add"] = {
            "with": link.shortcut,
            "act": _act_data(bundle.add.act, bundle.name, null_is_raw=ends_raw),
        }
    if bundle.pool:
        pool = bundle.pool
        data["pool"] = {
            "type": "avg" if isinstance(pool, AvgPool2D) else "max",
            "size": list(pool.pool_size),
            "strides": list(pool.strides),
            "padding": _json(pool.pads),
            **_int_bits(pool),
        }
    for part in ("upsample", "depth_to_space"):
        if getattr(bundle, part) != (1, 1):
            data[part] = list(getattr(bundle, part))
    return {**data, "flatten": link.flatten, "softmax": bundle.softmax}


def _json(padding: Padding) -> Any:
    return padding if isinstance(padding, str) else [list(side) for side in padding]


def _act_data(act: Activation | None, name: str, *, null_is_raw: bool) -> dict[str, Any] | None:
    if act is None or (isinstance(act, Linear) and not null_is_raw):
        return None
    if not isinstance(act, ReLU):
        raise InputError("a linear activation here has no form in a declarative network", where=name)
    return {"type": "relu", "slope": act.slope, **_int_bits(act)}
