"""What can be estimated: layer tables, net.json, integer graphs, plans, Keras models."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from deepsoc.errors import InputError
from deepsoc.graph.ir import Conv2D, Graph
from deepsoc.graph.shapes import infer
from deepsoc.graph.window import windows
from deepsoc.mapping import Plan
from deepsoc.workloads import Layer, Workload, load_workload

if TYPE_CHECKING:
    from deepsoc.frontend.keras.model import Model
    from deepsoc.netspec.spec import NetSpec

    Source: TypeAlias = str | Path | Workload | Graph | Plan | NetSpec | Model

__all__ = ["as_workload", "layers_of", "resolve_source"]


def layers_of(graph: Graph) -> tuple[Layer, ...]:
    """Layers of an integer graph, one for each bundle, by the bundles' names.

    Raises:
        InputError: the graph is not legal.
    """
    infos = infer(graph)
    layers = []
    for bundle in graph.bundles:
        core, shape = bundle.core, infos[bundle.name].input.shape
        if isinstance(core, Conv2D):
            n, h, w, ci = shape
            kh, kw, _, co = core.weights.shape
            sh, sw = core.strides
            rows, cols = windows((h, w), (kh, kw), core.strides, core.padding)
            layers.append(
                Layer(
                    bundle.name, "conv", n, h, w, ci, co, kh, kw, sh, sw, rows.pad_before, cols.pad_before,
                    ho=rows.out, wo=cols.out, groups=core.groups,
                )
            )  # fmt: skip
        else:
            layers.append(Layer(bundle.name, "dense", shape[0], 1, 1, math.prod(shape[1:]), core.weights.shape[1]))
    return tuple(layers)


def resolve_source(source: Source) -> Workload | Graph | Plan:
    """Anything that can be estimated, as one of the three forms that the model works on.

    Args:
        source: a built-in workload's name, the path of a layer table (CSV) or of a `net.json`, or an object of one of
            the types named. Weights that a network lacks are drawn at random: they change no clock.

    Raises:
        InputError: it cannot be read, or is none of these.
    """
    if isinstance(source, Workload | Graph | Plan):
        return source
    if isinstance(source, str | Path):
        if Path(source).suffix.lower() != ".json":
            return load_workload(source)
        from deepsoc.netspec.spec import load_net

        return load_net(source).to_graph()
    if callable(to_graph := getattr(source, "to_graph", None)):
        graph = to_graph()
        if isinstance(graph, Graph):
            return graph
    raise InputError(
        f"expected a workload's name, a CSV or JSON file, a network or a plan, received {type(source).__name__}",
        where="workload",
    )


def as_workload(source: Source) -> Workload:
    """The layers of anything that can be estimated; arguments and errors as of `resolve_source`."""
    found = resolve_source(source)
    if isinstance(found, Workload):
        return found
    graph = found.graph if isinstance(found, Plan) else found
    return Workload(graph.name, layers_of(graph))
