"""Random networks: plain generators that a seed repeats, and Hypothesis strategies made of them."""

from __future__ import annotations

import copy
import random
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.graph.fixed import limits
from deepsoc.graph.ir import Graph, IntArray
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.window import Window
from deepsoc.netspec.lower import check_shapes
from deepsoc.netspec.spec import NetSpec, parse_net

__all__ = ["nets", "random_case", "random_input", "random_net", "renumbered"]

Net = dict[str, Any]
Rng = random.Random | np.random.Generator


def random_net(
    rng: Rng,
    *,
    max_bundles: int = 5,
    max_size: int = 20,
    max_channels: int = 40,
    max_kernel: int = 5,
    max_batch: int = 3,
    max_macs: int = 3_000_000,
    whole_maps: float = 0.0,
    groups: float = 0.0,
    x_bits: tuple[int, ...] = (2, 4, 8),
    k_bits: tuple[int, ...] = (2, 4, 8),
) -> Net:
    """A legal `net.json` dictionary; most are tiny.

    Args:
        rng: `random.Random` or a NumPy generator; equal states give equal networks.
        max_bundles: at least 1.
        max_size: of height and width of the input.
        max_channels: of input and convolutions; few are more than 8.
        max_kernel: rows and columns of convolution kernels.
        max_batch: of the network.
        max_macs: multiplications of one bundle and one batch element.
        whole_maps: share of the pools whose window is the whole map.
        groups: share of the convolutions that may have groups; 0 leaves the networks of a seed as they are without.
        x_bits: widths of activations to choose from.
        k_bits: widths of weights to choose from.
    """
    if isinstance(rng, np.random.Generator):
        rng = random.Random(int(rng.integers(2**62)))
    return _Builder(rng, max_bundles, max_size, max_channels, max_kernel, max_macs, whole_maps, groups).build(
        {"x": rng.choice(x_bits), "k": rng.choice(k_bits), "b": rng.choice((8, 16, 32))},
        rng.randint(1, max_batch) if rng.random() < 0.5 else 1,
    )


def random_input(graph: Graph, rng: np.random.Generator) -> IntArray:
    """Input integers of the whole range."""
    low, high = limits(graph.input_quant.bits)
    return rng.integers(low, high, graph.input_shape, endpoint=True)


def random_case(seed: int, *, scales: float = 0.0, **limits: Any) -> tuple[NetSpec, Graph, IntArray]:
    """Network, integers with random weights, and random input, all from one seed.

    Args:
        seed: of everything.
        scales: share of the parts that get numbers of the second edition (`renumbered`).
        **limits: as in `random_net`.
    """
    rng = random.Random(seed)
    while True:
        net = random_net(rng, **limits)
        spec = parse_net(renumbered(net, rng, scales) if scales else net)
        try:
            graph = spec.to_graph(seed=seed)
            check_ranges(graph)
        except InputError:  # one in a hundred thousand needs more than 32 bits in a residual sum; scales too far apart
            continue
        return spec, graph, random_input(graph, np.random.default_rng(seed))


def renumbered(net: Net, rng: random.Random, share: float = 0.5) -> Net:
    """A legal network with numbers of the second edition: scales, zero points, clamps, bits of a layer.

    Args:
        net: a legal network of the first edition.
        rng: equal states give equal networks.
        share: of the parts that get each kind of number.
    """
    shapes = check_shapes(parse_net(net), "net")
    net = copy.deepcopy(net) | {"format": "deepsoc-net/2"}
    numbers = _Numbers(rng, share)
    numbers.typed(net["input"], net["bits"]["x"], 1)
    for i, bundle in enumerate(net["bundles"]):
        shape = shapes[f"{bundle['name']}/kernel"]
        numbers.bundle(bundle, net["bits"], shape, raw=i + 1 == len(net["bundles"]) and "pool" not in bundle)
    return net


class _Numbers:
    """Gives numbers of the second edition to parts of a network."""

    def __init__(self, rng: random.Random, share: float) -> None:
        self.rng, self.share = rng, share

    def chance(self) -> bool:
        return self.rng.random() < self.share

    def step(self, size: float) -> float:
        return round(size * self.rng.uniform(0.5, 2) * 2**20 + 1) / 2**20  # products of two are exact

    def typed(self, part: Net, bits: int, size: float) -> None:
        if self.chance():
            part.pop("int_bits", None)
            part["scale"] = self.step(size / 2 ** (bits - 1))
        if self.chance():
            part["zero_point"] = self.rng.randint(*limits(bits))

    def act(self, part: Net | None, bits: int) -> Net:
        part = part or {"type": "linear"}
        self.typed(part, bits, 2)
        if part["type"] == "relu":
            if self.chance():
                part["max"] = self.rng.choice((0.5, 1, 2, 6, 6.3))
            if self.chance() and not part["slope"] and "zero_point" not in part:
                part["unsigned"] = True
        return part

    def bundle(self, bundle: Net, bits: Net, kernel: tuple[int, ...], *, raw: bool) -> None:
        rng, core, add, pool = self.rng, bundle["core"], bundle.get("add"), bundle.get("pool")
        if self.chance():
            bundle["bits"] = {name: rng.choice((1, 2, 3, 4, 8)) for name in ("x", "k") if rng.random() < 0.8}
        x_bits, k_bits = ((bits | bundle.get("bits", {}))[name] for name in ("x", "k"))
        if self.chance():
            size = prod(kernel[:-1]) ** -0.5 / 2 ** (k_bits - 1)
            core["scale"] = [self.step(size) for _ in range(kernel[-1])] if self.chance() else self.step(size)
        # Accumulators with one scale a channel do not leave as they are.
        if bundle.get("act") or (not add and (self.chance() or not raw or isinstance(core.get("scale"), list))):
            bundle["act"] = self.act(bundle.get("act"), x_bits)
        if add and add.get("act"):
            add["act"] = self.act(add["act"], x_bits)
        elif add and self.chance():
            self.typed(add, x_bits, 2)
        if pool and self.chance():
            pool["zero_point"] = rng.randint(*limits(x_bits))


def nets(**limits: Any) -> st.SearchStrategy[Net]:
    """Hypothesis strategy of `random_net`; failing networks shrink."""
    return st.randoms(use_true_random=False).map(lambda rng: random_net(rng, **limits))


class _Builder:
    """Grows one network; tensors are kept without the batch: (h, w, c), (c,) of dense layers, None when flattened."""

    def __init__(
        self, rng: random.Random, bundles: int, size: int, channels: int, kernel: int, macs: int, whole_maps: float,
        groups: float,
    ) -> None:  # fmt: skip
        self.whole_maps, self.groups = whole_maps, groups
        self.rng, self.max_size, self.max_channels, self.max_kernel, self.max_macs = rng, size, channels, kernel, macs
        self.count = rng.randint(1, bundles)
        self.tensors: dict[str, tuple[int, ...]] = {}
        self.flattened: set[str] = set()
        self.bundles: list[Net] = []

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def channels(self) -> int:
        return self.rng.randint(1, self.max_channels if self.chance(0.15) else min(self.max_channels, 8))

    def build(self, bits: Net, batch: int) -> Net:
        rng = self.rng
        dense_only = self.chance(0.12)
        if dense_only:
            shape = [rng.randint(1, 60)]
        else:
            shape = [rng.randint(1, self.max_size), rng.randint(1, self.max_size), self.channels()]
        self.tensors["input"] = tuple(shape)
        dense = self.count if dense_only else rng.choice((0, 0, 0, 1, 2))
        convolutions = max(self.count - dense, 0 if dense_only else 1)
        for i in range(convolutions):
            self.convolution(flatten=i == convolutions - 1 and (dense > 0 or self.chance(0.2)))
        for _ in range(dense):
            self.dense()
        last = self.bundles[-1]
        last["softmax"] = len(self.tensors[last["name"]]) == 1 and self.chance(0.4)
        source: Net = {"shape": shape, "batch": batch}
        if self.chance(0.3):
            source["int_bits"] = rng.randint(0, 1)
        return {"format": "deepsoc-net/1", "name": "random", "input": source, "bits": bits, "bundles": self.bundles}

    def act(self, probability: float) -> Net | None:
        if not self.chance(probability):
            return None
        act: Net = {"type": "relu", "slope": self.rng.choice((0, 0, *(2.0**-n for n in range(8))))}
        if self.chance(0.15):
            act["int_bits"] = self.rng.randint(0, 1)
        return act

    def axis(self, size: int, padding: str) -> tuple[int, int]:
        most = self.max_kernel if padding == "same" else min(self.max_kernel, size)
        return self.rng.randint(1, most), self.rng.choice((1, 1, 1, 2, 2, 4))

    def convolution(self, *, flatten: bool) -> None:
        rng = self.rng
        sources = [name for name, shape in self.tensors.items() if len(shape) == 3]
        source = sources[-1] if self.chance(0.8) else rng.choice(sources)
        h, w, ci = self.tensors[source]
        padding = rng.choice(("same", "same", "valid"))
        (kh, sh), (kw, sw) = self.axis(h, padding), self.axis(w, padding)
        if self.chance(0.2):
            kh = kw = 1
        ho, wo = Window(h, kh, sh, padding).out, Window(w, kw, sw, padding).out
        equal = [name for name in sources if self.tensors[name][:2] == (ho, wo)]
        operand = rng.choice(equal) if equal and self.chance(0.6) else None
        co = self.tensors[operand][2] if operand else self.channels()
        macs = kh * kw * ci * ho * wo
        if macs * co > self.max_macs:
            operand, co = None, max(self.max_macs // macs, 1)
        groups = 1
        if self.groups and self.chance(self.groups):
            groups = rng.choice([n for n in range(1, ci + 1) if ci % n == co % n == 0])
        core = {
            "type": "conv2d", "filters": co, "kernel": [kh, kw], "strides": [sh, sw], "padding": padding,
            "groups": groups, "use_bias": self.chance(0.75),
        }  # fmt: skip
        # The sums of groups do not leave as accumulators.
        act = self.act(1.0 if groups > 1 else 0.4 if operand else 0.7)
        bundle: Net = {"name": "", "input": source, "core": core, "act": act}
        if operand:
            bundle["add"] = {"with": operand, "act": self.act(1.0 if groups > 1 else 0.7)}
        shape = (ho, wo, co)
        if self.chance(0.35):
            bundle["pool"], shape = self.pool(shape)
        if flatten:
            bundle["flatten"], shape = True, (prod(shape),)
        self.append(bundle, shape)

    def pool(self, shape: tuple[int, int, int]) -> tuple[Net, tuple[int, int, int]]:
        rng = self.rng
        h, w, c = shape
        if self.whole_maps and self.chance(self.whole_maps):
            whole = {"size": [h, w], "strides": [h, w], "padding": rng.choice(("same", "valid"))}
            return {"type": rng.choice(("max", "avg")), **whole}, (1, 1, c)
        padding = rng.choice(("same", "valid"))
        size = [rng.randint(1, 3 if padding == "same" else min(3, n)) for n in (h, w)]
        strides = [rng.choice((1, 2, 2, 3, 4)) for _ in size]
        pool = {"type": rng.choice(("max", "avg")), "size": size, "strides": strides, "padding": padding}
        rows, cols = (Window(n, k, s, padding).out for n, k, s in zip((h, w), size, strides, strict=True))
        return pool, (rows, cols, c)

    def dense(self) -> None:
        source = list(self.tensors)[-1]
        ci = self.tensors[source][0]
        # The residual of a dense layer is another dense layer's output or a one-dimensional input.
        operands = [n for n, shape in self.tensors.items() if len(shape) == 1 and n not in self.flattened]
        operand = self.rng.choice(operands) if operands and self.chance(0.4) else None
        units = self.tensors[operand][0] if operand else self.rng.randint(1, 20)
        core = {"type": "dense", "units": units, "use_bias": self.chance(0.75)}
        bundle: Net = {"name": "", "input": source, "core": core, "act": self.act(0.3 if operand else 0.6)}
        if operand:
            bundle["add"] = {"with": operand, "act": self.act(0.7)}
        if ci * units > self.max_macs:
            core["units"] = units = max(self.max_macs // ci, 1)
            bundle.pop("add", None)
        self.append(bundle, (units,))

    def append(self, bundle: Net, shape: tuple[int, ...]) -> None:
        bundle["name"] = name = f"b{len(self.bundles) + 1}"
        self.tensors[name] = shape
        if bundle.get("flatten"):
            self.flattened.add(name)
        self.bundles.append(bundle)
