"""DeepSoC: from a quantized neural network to a bit-exact system-on-chip.

Public names are imported on first use, so that `import deepsoc` is fast and needs no TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deepsoc._registry import announce

if TYPE_CHECKING:
    from deepsoc.errors import DeepSocError as DeepSocError
    from deepsoc.errors import InputError as InputError
    from deepsoc.errors import MappingError as MappingError
    from deepsoc.errors import MismatchError as MismatchError
    from deepsoc.errors import ToolError as ToolError
    from deepsoc.frontend.keras.bundle import Bundle as Bundle
    from deepsoc.frontend.keras.formats import Bits as Bits
    from deepsoc.frontend.keras.layers import Add as Add
    from deepsoc.frontend.keras.layers import AvgPool2D as AvgPool2D
    from deepsoc.frontend.keras.layers import Concatenate as Concatenate
    from deepsoc.frontend.keras.layers import Conv2D as Conv2D
    from deepsoc.frontend.keras.layers import Dense as Dense
    from deepsoc.frontend.keras.layers import Flatten as Flatten
    from deepsoc.frontend.keras.layers import Linear as Linear
    from deepsoc.frontend.keras.layers import MaxPool2D as MaxPool2D
    from deepsoc.frontend.keras.layers import ReLU as ReLU
    from deepsoc.frontend.keras.layers import concatenate as concatenate
    from deepsoc.frontend.keras.layers import flatten as flatten
    from deepsoc.frontend.keras.model import Model as Model
    from deepsoc.frontend.keras.storage import load_model as load_model
    from deepsoc.hw import Hardware as Hardware
    from deepsoc.impl import implement as implement
    from deepsoc.netspec.spec import load_net as load_net
    from deepsoc.perf.estimate import estimate as estimate
    from deepsoc.perf.fit import fit as fit
    from deepsoc.perf.pareto import pareto as pareto
    from deepsoc.perf.sweep import sweep as sweep
    from deepsoc.sim import simulate as simulate

__version__ = "0.1.0"

_HOMES = {
    "deepsoc.errors": ("DeepSocError", "InputError", "MappingError", "MismatchError", "ToolError"),
    "deepsoc.frontend.keras.bundle": ("Bundle",),
    "deepsoc.frontend.keras.formats": ("Bits",),
    "deepsoc.frontend.keras.layers": (
        "Add",
        "AvgPool2D",
        "Concatenate",
        "Conv2D",
        "Dense",
        "Flatten",
        "Linear",
        "MaxPool2D",
        "ReLU",
        "concatenate",
        "flatten",
    ),
    "deepsoc.frontend.keras.model": ("Model",),
    "deepsoc.frontend.keras.storage": ("load_model",),
    "deepsoc.netspec.spec": ("load_net",),
    "deepsoc.hw": ("Hardware",),
    "deepsoc.impl": ("implement",),
    "deepsoc.perf": ("estimate",),
    "deepsoc.perf.fit": ("fit",),
    "deepsoc.perf.pareto": ("pareto",),
    "deepsoc.perf.sweep": ("sweep",),
    "deepsoc.sim": ("simulate",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME]

announce([name for name, home in _HOME.items() if home.startswith("deepsoc.frontend.keras") and name[0].isupper()])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'deepsoc' has no attribute {name!r}; it has {', '.join(sorted(_HOME))}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
