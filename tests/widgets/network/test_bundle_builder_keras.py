"""The Keras code of BundleBuilder, executed: it is the network of net.json again."""

from importlib.util import find_spec
from typing import Any

import pytest

from deepsoc.netspec.spec import parse_net
from deepsoc.widgets.network._netcode import keras_code
from deepsoc.widgets.network._nettemplates import TEMPLATES

pytestmark = pytest.mark.skipif(find_spec("qkeras") is None, reason="TensorFlow or QKeras is missing")


def tricky() -> dict[str, Any]:
    """Every option away from its default, and names that Python has taken."""
    net = TEMPLATES["small ResNet"]()
    net["input"] |= {"shape": [17, 12, 2], "batch": 3, "int_bits": 1}
    net["bits"] = {"x": 8, "k": 2, "b": 32}
    relu = {"type": "relu", "slope": 0.125, "int_bits": 2}
    core = {"type": "conv2d", "filters": 4, "kernel": [3, 2], "strides": [2, 1], "padding": "valid", "use_bias": False}
    conv = {"type": "conv2d", "filters": 4, "kernel": [1, 3], "strides": [1, 1], "padding": "same", "use_bias": True}
    pool = {"type": "avg", "size": [3, 2], "strides": [2, 2], "padding": "same", "int_bits": 3}
    net["bundles"] = [
        {"name": "net", "input": "input", "core": core, "act": relu},
        {"name": "net_", "input": "net", "core": conv, "act": None, "add": {"with": "net", "act": relu}, "pool": pool},
        {"name": "lambda", "input": "net_", "core": conv, "act": relu, "add": {"with": "net_", "act": None},
         "pool": {"type": "max", "size": [2, 2], "strides": [1, 2], "padding": "valid"}, "flatten": True},
        {"name": "ds", "input": "lambda", "core": {"type": "dense", "units": 5, "use_bias": False}, "act": relu},
        {"name": "inputs", "input": "ds", "core": {"type": "dense", "units": 3, "use_bias": True}, "act": None,
         "softmax": True},
    ]  # fmt: skip
    return net


@pytest.mark.parametrize("name", ["LeNet-like", "small ResNet", "keyword spotting", "tricky"])
def test_executed_code_is_the_network_again(name: str) -> None:
    from deepsoc.frontend.keras.netkeras import to_netspec

    spec = parse_net(tricky() if name == "tricky" else TEMPLATES[name]())
    space: dict[str, Any] = {}
    exec(keras_code(spec), space)
    found = to_netspec(space["net"], batch=spec.input.batch)
    # A Keras model sorts branches its own way.
    bundles = {bundle.name: bundle for bundle in found.bundles}
    assert bundles == {bundle.name: bundle for bundle in spec.bundles}
    assert found.model_copy(update={"bundles": spec.bundles}) == spec
