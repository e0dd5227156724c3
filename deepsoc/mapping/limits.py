"""What networks need of the hardware, and whether it has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.ir import Bundle, Conv2D, Graph
from deepsoc.graph.shapes import infer, pool_windows
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
        InputError: an illegal network.
        MappingError: a maximum beyond what the hardware can be built for; names the bundle that needs it.
    """
    need = dict.fromkeys(MAXIMA, 1) | {"edges_ram_depth": _EDGES_MIN}
    needed_by: dict[str, str] = {}
    for graph in graphs:
        for where, name, value in _needs(graph, hw):
            if value > need[name]:
                need[name], needed_by[name] = value, where
    given = hw.model_dump(exclude_none=True)
    try:
        return Hardware(**(need | given))
    except InputError as err:  # the fields that were given are legal: a need is not
        field = err.where if err.where in needed_by else max(("kh_max", "sh_max"), key=lambda name: need[name])
        raise MappingError(str(err), where=needed_by.get(field, "network")) from None


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
            raise MappingError(f"the network has {bits} bits, {name} is {limit}; make them equal", where=where)


def _needs(graph: Graph, hw: Hardware) -> Iterator[tuple[str, str, int]]:
    """(bundle, maximum, value) of everything that a network needs."""
    infos = infer(graph)
    yield "network", "n_bundles_max", len(graph.bundles)
    stored = {"input": graph.input_shape}  # shapes of the tensors, flattened or not
    for bundle in graph.bundles:
        info = infos[bundle.name]
        shape = info.core.shape
        if bundle.pool:
            rows, cols = pool_windows(bundle.pool, shape)
            shape = (shape[0], rows.out, cols.out, shape[3])
        stored[bundle.name] = shape
        for name, value in _bundle_needs(bundle, stored[bundle.source], info.core.shape, hw):
            yield f"bundle {bundle.name}", name, value


def _bundle_needs(
    bundle: Bundle, source: tuple[int, ...], result: tuple[int, ...], hw: Hardware
) -> Iterator[tuple[str, int]]:
    core = bundle.core
    for shape in (source, result):
        yield "xn_max", shape[0]
        yield "xh_max", shape[1] if len(shape) == 4 else shape[0]
        yield "xw_max", shape[2] if len(shape) == 4 else 1
    yield "ci_max", core.weights.shape[-2]
    yield "co_max", core.weights.shape[-1]
    if isinstance(core, Conv2D):
        yield "kh_max", core.weights.shape[0]
        yield "kw_max", core.weights.shape[1]
        yield "sh_max", core.strides[0]
        yield "sw_max", 1 if core.weights.shape[1] == 1 else core.strides[1]
    elif len(source) == 4:  # a flattened tensor: the rows of a byte follow each other in the pixel shifter
        yield "kh_max", min(hw.rpb, hw.rows, source[1])
        yield "sh_max", hw.rpb
    if bundle.pool:
        yield "kh_max", bundle.pool.size[0]
        yield "kw_max", bundle.pool.size[1]
        yield "sh_max", bundle.pool.strides[0]
        yield "sw_max", bundle.pool.strides[1]
        yield "ci_max", result[3]
        yield "edges_ram_depth", -(-bundle.pool.size[1] // bundle.pool.strides[1]) * result[3]
