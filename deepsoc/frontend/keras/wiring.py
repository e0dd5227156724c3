"""How the Bundles of a network are joined, and what else a network may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepsoc.errors import InputError
from deepsoc.frontend.keras._backend import keras
from deepsoc.frontend.keras.bundle import Bundle
from deepsoc.frontend.keras.layers import Concatenate, Conv2D, Flatten
from deepsoc.graph.shapes import NAME

if TYPE_CHECKING:
    from deepsoc.frontend.keras.model import Model

__all__ = ["Link", "links_of"]

_FLATTEN = (Flatten, keras.layers.Flatten)
_CONCATENATE = (Concatenate, keras.layers.Concatenate)
# Exactly these classes: one derived from them may do something at inference, too.
_NOTHING_AT_INFERENCE = (
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
_ACT = "give the Bundle before it act=ds.ReLU(...), leaky with slope=2**-n"
_NOT_YET = "the accelerator has no form for it yet"
_REMEDIES = {
    **dict.fromkeys(
        ("ReLU", "Relu", "LeakyReLU", "LeakyRelu", "Activation", "PReLU", "ELU", "QActivation", "Relu6"), _ACT
    ),
    **dict.fromkeys(("Softmax",), "give the last Bundle softmax=True"),
    **dict.fromkeys(("MaxPooling2D", "MaxPool"), "give the Bundle before it pool=ds.MaxPool2D(...)"),
    **dict.fromkeys(("AveragePooling2D", "AveragePool"), "give the Bundle before it pool=ds.AvgPool2D(...)"),
    "GlobalMaxPooling2D": "give the Bundle before it pool=ds.MaxPool2D({window}), flatten=True",
    "GlobalAveragePooling2D": "give the Bundle before it pool=ds.AvgPool2D({window}), flatten=True",
    "BatchNormalization": "give the Bundle before it batch_norm=True",
    "Add": "give a Bundle add=ds.Add(act=...) and call it on [x, shortcut]",
    **dict.fromkeys(
        ("Conv2D", "QConv2D", "QConv2DBatchnorm"), "use ds.Bundle(ds.Conv2D(...)), with act, add and pool of its own"
    ),
    **dict.fromkeys(("Dense", "QDense"), "use ds.Bundle(ds.Dense(...)), with act of its own"),
    **dict.fromkeys(
        ("Conv1D", "MaxPooling1D", "AveragePooling1D"),
        "shape the input as (h, 1, c) and use ds.Conv2D and pools of (k, 1)",
    ),
    **dict.fromkeys(
        ("DepthwiseConv2D", "SeparableConv2D", "QDepthwiseConv2D", "QSeparableConv2D"),
        "use ds.Bundle(ds.Conv2D(channels, kernel, groups=channels)), and one of (1, 1) behind it for a separable one",
    ),
    "ZeroPadding2D": "give the ds.Conv2D behind it padding=((top, bottom), (left, right))",
    **dict.fromkeys(("Reshape", "Permute"), "ds.flatten is the only change of shape; shape the data before"),
    **dict.fromkeys(
        ("Rescaling", "Normalization"), "rescale the data before they come in; calibration finds their range"
    ),
    **dict.fromkeys(
        ("RandomFlip", "RandomRotation", "RandomCrop", "RandomZoom", "RandomTranslation", "RandomContrast"),
        "augment the data before they come in, as in a tf.data pipeline",
    ),
    "UpSampling2D": "give the Bundle before it upsample=(rows, columns), for nearest neighbours",
    "Conv2DTranspose": "give the Bundle of a ds.Conv2D with filters for each place depth_to_space=(rows, columns)",
    **dict.fromkeys(("Multiply", "LayerNormalization"), _NOT_YET),
}


class Link:
    """Where a Bundle of a Model gets its tensors: names of Bundles, or `input`; and whether its result is flattened.

    Several sources are concatenated.
    """

    def __init__(self, bundle: Bundle, sources: tuple[str, ...], shortcut: str | None, flat_source: bool) -> None:
        self.bundle, self.sources, self.shortcut, self.flat_source = bundle, sources, shortcut, flat_source
        self.flatten = bundle.flatten


def links_of(model: Model) -> tuple[Link, ...]:
    """The Bundles of a functional model and what they read, sources first.

    Raises:
        InputError: a layer is no Bundle, has a name that cannot be exported, stands at the wrong place, or is used
            twice.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"Invalid network. Expected one input and one output. "
            f"Received: {len(model.inputs)} and {len(model.outputs)}",
            where="Model",
        )
    links: dict[str, Link] = {}

    def visit(tensor: Any) -> tuple[tuple[str, ...], bool]:
        """Names of the producers of a tensor, several if it is a concatenation, and whether it is flattened."""
        layer, node_index, _ = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            return ("input",), False
        node = layer._inbound_nodes[node_index]
        inputs = node.input_tensors
        if node.arguments.kwargs.get("training"):
            raise InputError("is called with training=True, which inference has not; leave it out", where=layer.name)
        if isinstance(layer, _FLATTEN):
            names, _ = visit(inputs[0])
            return (_alone(names, layer.name, "flattened; flatten the result of the Bundle that reads it"),), True
        if isinstance(layer, _CONCATENATE):
            return _side_by_side(layer, [visit(x) for x in inputs], len(inputs[0].shape)), False
        if type(layer) in _NOTHING_AT_INFERENCE:
            return visit(inputs[0])
        if not isinstance(layer, Bundle):
            raise InputError(_refusal(layer, inputs), where=layer.name)
        if layer.name not in links:
            _check_name(layer.name)
            sources, flat = visit(inputs[0])
            shortcut = None
            if len(inputs) > 1:
                names, flat_shortcut = visit(inputs[1])
                if flat_shortcut:
                    raise InputError("a shortcut cannot be flattened; flatten the sum", where=layer.name)
                shortcut = _alone(names, layer.name, "a shortcut; add to each of its parts")
            links[layer.name] = Link(layer, sources, shortcut, flat)
        return (layer.name,), False

    names, flat_output = visit(model.outputs[0])
    last = _alone(names, "Model", "the output; give it a Bundle behind it")
    if last == "input":
        raise InputError("Invalid network. Expected at least one ds.Bundle. Received: none", where="Model")
    _check_uses(links, model, last, flat_output)
    return tuple(links.values())


def _alone(names: tuple[str, ...], where: str, what: str) -> str:
    """The one producer of a tensor that cannot be a concatenation; `what` it would be, and the remedy."""
    if len(names) > 1:
        raise InputError(f"a concatenation (of {', '.join(names)}) cannot be {what}", where=where)
    return names[0]


def _side_by_side(layer: Any, parts: list[tuple[tuple[str, ...], bool]], rank: int) -> tuple[str, ...]:
    """Names of the tensors that a layer concatenates."""
    axis = getattr(layer, "axis", -1)
    if axis not in (-1, rank - 1):
        raise InputError(
            f"concatenates on axis {axis}; only channels, axis=-1, can stand side by side", where=layer.name
        )
    if any(flat for _, flat in parts):
        raise InputError(
            "a flattened tensor cannot be concatenated; flatten what reads the concatenation", where=layer.name
        )
    return tuple(name for names, _ in parts for name in names)


def _refusal(layer: Any, inputs: list[Any]) -> str:
    remedy = next((_REMEDIES[kind.__name__] for kind in type(layer).__mro__ if kind.__name__ in _REMEDIES), _NOT_YET)
    window = tuple(inputs[0].shape[1:3]) if inputs else ()
    return (
        "Invalid layer in a ds.Model. Expected ds.Bundle, ds.Flatten, or what does nothing at inference (Dropout, "
        f"noise). Received: {layer!r}; {remedy.format(window=window)}"
    )


def _check_name(name: str) -> None:
    if name == "input":
        raise InputError("Invalid name of a Bundle: 'input' is the network's input; choose another", where=name)
    if not NAME.fullmatch(name):
        raise InputError(
            f"Invalid name of a Bundle. Expected a letter or _, then at most 63 letters, digits and _ (no accents), as "
            f"files and C identifiers have. Received: {name!r}; choose another",
            where=name if len(name) < 80 else f"{name[:60]}…",
        )


def _check_uses(links: dict[str, Link], model: Model, last: str, flat_output: bool) -> None:
    """Settles which Bundles flatten, and refuses what the graph of integers cannot say."""
    bundles = [layer for layer in model.layers if isinstance(layer, Bundle)]
    nodes = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    for bundle in bundles:
        if sum(id(node) in nodes for node in bundle._inbound_nodes) > 1:
            raise InputError("a Bundle is used twice; make two of them", where=bundle.name)
        if bundle.softmax and bundle.name != last:
            raise InputError("softmax stands on a Bundle that is not the last", where=bundle.name)
    uses = [(source, link.flat_source) for link in links.values() for source in link.sources]
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
    for link in links.values():
        for name in link.sources if len(link.sources) > 1 else ():
            if name != "input" and links[name].flatten and isinstance(links[name].bundle.core, Conv2D):
                raise InputError(
                    f"reads {name!r}, which is flattened, in a concatenation; flatten what reads the concatenation",
                    where=link.bundle.name,
                )
