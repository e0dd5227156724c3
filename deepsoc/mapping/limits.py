"""What networks need of the hardware, and whether it has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.ir import Bundle, Conv2D, Graph
from deepsoc.graph.shapes import BundleInfo, infer
from deepsoc.hw import Hardware
from deepsoc.hw.params import MAXIMA

__all__ = ["check_limits", "resolve"]

_EDGES_MIN = 16


def resolve(hw: Hardware, graphs: Iterable[Graph]) -> Hardware:
    """Hardware whose open maxima are what the networks need.

    Args:
        hw: maxima that are given stay as they are, whether they suffice or not (`plan` tells).
        graphs: the networks.

    Raises:
        InputError: an illegal network, or maxima together beyond what the hardware can be built for.
    """
    need = dict.fromkeys(MAXIMA, 1) | {"edges_ram_depth": _EDGES_MIN}
    for graph in graphs:
        for _, name, value in _needs(graph, hw):
            need[name] = max(need[name], value)
    given = hw.model_dump(exclude_none=True)
    return Hardware(**(need | given))


def check_limits(graph: Graph, hw: Hardware) -> None:
    """Compares a network with the maxima of the hardware.

    Raises:
        MappingError: names the bundle, the maximum, and what is needed.
    """
    for where, name, value in _needs(graph, hw):
        if value > hw.limit(name):
            raise MappingError(
                f"{name} is {hw.limit(name)}, {value} is needed; raise it in the hardware parameters or leave it out",
                where=where,
            )
    quants = [("input", "x_bits", graph.input_quant.bits)]
    for bundle in graph.bundles:
        where = f"bundle {bundle.name}"
        quants.append((where, "k_bits", bundle.core.k_quant.bits))
        if bundle.core.bias is not None:
            quants.append((where, "b_bits", bundle.core.b_quant.bits))
    for where, name, bits in quants:
        limit = getattr(hw, name)
        # Narrower activations would saturate at the hardware's width, narrower weights and biases just fit.
        if bits > limit or (name == "x_bits" and bits != limit):
            raise MappingError(f"the network has {bits} bits, the hardware {name}={limit}; make them equal", where=where)


def _needs(graph: Graph, hw: Hardware) -> Iterator[tuple[str, str, int]]:
    """(bundle, maximum, value) of everything that a network needs."""
    infos = infer(graph)
    yield "network", "n_bundles_max", len(graph.bundles)
    conv_shapes = {"input": graph.input_shape} | {b.name: infos[b.name].core.shape for b in graph.bundles}
    pooled = {b.name: b.pool for b in graph.bundles if b.pool}
    for bundle in graph.bundles:
        info, where = infos[bundle.name], f"bundle {bundle.name}"
        try:
            found = list(_bundle_needs(bundle, info, hw))
        except InputError as err:
            raise MappingError(str(err), where=where) from None
        for name, value in found:
            yield where, name, value
    del conv_shapes, pooled
    yield "input", "xn_max", graph.input_shape[0]


def _bundle_needs(bundle: Bundle, info: BundleInfo, hw: Hardware) -> Iterator[tuple[str, int]]:
    core = bundle.core
    for shape in (info.input.shape, info.core.shape):
        yield "xn_max", shape[0]
        yield "xh_max", shape[1] if len(shape) == 4 else shape[0]
        yield "xw_max", shape[2] if len(shape) == 4 else 1
    yield "co_max", core.weights.shape[-1]
    yield "ci_max", core.weights.shape[-2]
    if isinstance(core, Conv2D):
        kh, kw = core.weights.shape[:2]
        yield "kh_max", kh
        yield "kw_max", kw
        yield "sh_max", core.strides[0]
        yield "sw_max", 1 if kw == 1 else core.strides[1]
    if bundle.pool:
        (kh, kw), (sh, sw) = bundle.pool.size, bundle.pool.strides
        yield "kh_max", kh
        yield "kw_max", kw
        yield "sh_max", sh
        yield "sw_max", sw
        yield "ci_max", info.core.shape[3]
        yield "edges_ram_depth", -(-kw // sw) * info.core.shape[3]
