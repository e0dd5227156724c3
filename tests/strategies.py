"""Random networks: plain generators that a seed repeats, and Hypothesis strategies made of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from deepsoc.errors import InputError
from deepsoc.graph.fixed import limits
from deepsoc.graph.ir import Graph, IntArray
from deepsoc.graph.ranges import check_ranges
from deepsoc.graph.window import windows
from deepsoc.netspec.lower import check_shapes
from deepsoc.netspec.spec import NetSpec, format_of, parse_net

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
    joints: float = 0.0,
    pads: float = 0.0,
    ups: float = 0.0,
    dense_only: float = 0.12,
    depthwise: float = 0.0,
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
        joints: share of the bundles that read several tensors side by side, where there are some; 0 as of `groups`.
        pads: share of the windows with padding of their own; 0 as of `groups`.
        ups: share of the convolutions whose results are up-sampled, by rows at 8 bits alone; 0 as of `groups`.
        dense_only: share of the networks that have no convolutions.
        depthwise: share of the convolutions that may be depthwise; 0 as of `groups`.
        x_bits: widths of activations to choose from.
        k_bits: widths of weights to choose from.
    """
    if isinstance(rng, np.random.Generator):
        rng = random.Random(int(rng.integers(2**62)))
    shares = (whole_maps, groups, joints, pads, ups, dense_only, depthwise)
    return _Builder(rng, max_bundles, max_size, max_channels, max_kernel, max_macs, *shares).build(
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
    for names in _joints(net):
        numbers.joint(net, names)
    return net


def _joints(net: Net) -> list[set[str]]:
    """Names of tensors that are concatenated, directly or by way of another concatenation."""
    joints: list[set[str]] = []
    for read in (bundle["input"] for bundle in net["bundles"] if isinstance(bundle["input"], list)):
        names = set(read).union(*(joint for joint in joints if joint.intersection(read)))
        joints = [*(joint for joint in joints if not joint & names), names]
    return [names for names in joints if len(names) > 1]


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

    def joint(self, net: Net, names: set[str]) -> None:
        """One type for all of `names`: the input's, or another."""
        bits, kind = net["bits"]["x"], dict[str, Any]()
        if "input" in names:
            kind = {name: net["input"][name] for name in ("scale", "zero_point") if name in net["input"]}
        else:
            bits = self.rng.choice((bits, 1, 2, 3, 4, 8))
            self.typed(kind, bits, 2)
        for bundle in (bundle for bundle in net["bundles"] if bundle["name"] in names):
            bundle["bits"] = bundle.get("bits", {}) | {"x": bits}
            add, own = bundle.get("add"), {"int_bits", "scale", "zero_point", "unsigned", "max"}
            for part in filter(None, (bundle.get("act"), add, add and add.get("act"), bundle.get("pool"))):
                for name in own & part.keys():
                    del part[name]
            last = add or bundle
            last["act"] = (last.get("act") or {"type": "linear"}) | kind


def nets(**limits: Any) -> st.SearchStrategy[Net]:
    """Hypothesis strategy of `random_net`; failing networks shrink."""
    return st.randoms(use_true_random=False).map(lambda rng: random_net(rng, **limits))


def fixed(padding: Any) -> Any:
    """Padding of JSON as the package has it."""
    return padding if isinstance(padding, str) else tuple(map(tuple, padding))


class _Builder:
    """Grows one network; tensors are kept without the batch: (h, w, c), (c,) of dense layers, None when flattened."""

    def __init__(
        self, rng: random.Random, bundles: int, size: int, channels: int, kernel: int, macs: int, whole_maps: float,
        groups: float, joints: float, pads: float, ups: float, dense_only: float, depthwise: float,
    ) -> None:  # fmt: skip
        self.ups, self.rows_repeat, self.dense_only, self.depthwise = ups, False, dense_only, depthwise
        self.whole_maps, self.groups, self.joints, self.pads = whole_maps, groups, joints, pads
        self.rng, self.max_size, self.max_channels, self.max_kernel, self.max_macs = rng, size, channels, kernel, macs
        self.count = rng.randint(1, bundles)
        self.tensors: dict[str, tuple[int, ...]] = {}
        self.flattened: set[str] = set()
        self.bundles: list[Net] = []
        # The input's binary point is fixed, and averages reach few: they are not tied to each other.
        self.joins_input = bool(joints) and self.chance(0.5)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def channels(self) -> int:
        return self.rng.randint(1, self.max_channels if self.chance(0.15) else min(self.max_channels, 8))

    def build(self, bits: Net, batch: int) -> Net:
        rng = self.rng
        self.rows_repeat = bits["x"] == 8
        dense_only = self.chance(self.dense_only)
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
        net = {"name": "random", "input": source, "bits": bits, "bundles": self.bundles}
        return {"format": format_of(net), **net}

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
        read: str | list[str] = source
        if self.joints and self.chance(self.joints):
            read, ci = self.joint(source, [name for name in sources if self.tensors[name][:2] == (h, w)])
        channels = None
        if self.ups and ci > 1 and self.chance(self.ups):
            first = rng.randrange(ci - 1)
            channels = [first, rng.randint(first + 1, ci)]
            ci = channels[1] - first
        padding = rng.choice(("same", "same", "valid"))
        (kh, sh), (kw, sw) = self.axis(h, padding), self.axis(w, padding)
        if self.chance(0.2):
            kh = kw = 1
        padding = self.padding((h, w), (kh, kw), padding)
        ho, wo = (window.out for window in windows((h, w), (kh, kw), (sh, sw), fixed(padding)))
        equal = [name for name in sources if self.tensors[name][:2] == (ho, wo)]
        operand = rng.choice(equal) if equal and self.chance(0.6) else None
        co = self.tensors[operand][2] if operand else self.channels()
        macs = kh * kw * ci * ho * wo
        if macs * co > self.max_macs:
            operand, co = None, max(self.max_macs // macs, 1)
        groups = 1
        if self.depthwise and ci > 1 and (operand is None or co == ci) and self.chance(self.depthwise):
            co = groups = ci
        elif self.groups and self.chance(self.groups):
            groups = rng.choice([n for n in range(1, ci + 1) if ci % n == co % n == 0])
        core = {
            "type": "conv2d", "filters": co, "kernel": [kh, kw], "strides": [sh, sw], "padding": padding,
            "groups": groups, "use_bias": self.chance(0.75),
        }  # fmt: skip
        # The sums of groups do not leave as accumulators.
        act = self.act(1.0 if groups > 1 else 0.4 if operand else 0.7)
        bundle: Net = {"name": "", "input": read, "core": core, "act": act}
        if channels:
            bundle["channels"] = channels
        if operand:
            bundle["add"] = {"with": operand, "act": self.act(1.0 if groups > 1 else 0.7)}
        shape = (ho, wo, co)
        if self.chance(0.35):
            bundle["pool"], shape = self.pool(shape)
        if self.ups and self.chance(self.ups) and bundle["act"]:
            up = [rng.randint(1, 3) if self.rows_repeat else 1, rng.randint(1, 3)]
            h, w, c = shape
            if h * up[0] <= self.max_size and w * up[1] <= self.max_size:
                bundle["upsample"], shape = up, (h * up[0], w * up[1], c)
        elif (
            self.ups and self.chance(self.ups) and bundle["act"] and groups == 1 and not {"add", "pool"} & bundle.keys()
        ):
            shape = self.places(bundle, (h, w), shape)
        if flatten:
            bundle["flatten"], shape = True, (prod(shape),)
        self.append(bundle, shape)

    def places(self, bundle: Net, size: tuple[int, int], shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Moves channels to rows and columns, by depth to space or in a transposed convolution."""
        rng, (h, w, c) = self.rng, shape
        places = [rng.randint(1, 3) if self.rows_repeat else 1, rng.randint(1, 3)]
        if self.chance(0.5):
            up = [n * by for n, by in zip(size, places, strict=True)]
            if max(up) <= self.max_size:
                core = {key: bundle["core"][key] for key in ("filters", "kernel", "use_bias")}
                bundle["core"] = {"type": "conv2d_transpose", **core, "strides": places, "padding": "same"}
                return (up[0], up[1], c)
        elif c % prod(places) == 0 and h * places[0] <= self.max_size and w * places[1] <= self.max_size:
            bundle["depth_to_space"] = places
            return (h * places[0], w * places[1], c // prod(places))
        return shape

    def joint(self, source: str, names: list[str]) -> tuple[str | list[str], int]:
        """A tensor with up to three of others, now and then one of them twice, and their channels."""
        made = {bundle["name"]: bundle for bundle in self.bundles}
        averages = {name for name, bundle in made.items() if bundle.get("pool", {}).get("type") == "avg"}
        unfit = averages if self.joins_input else {"input"}
        picked = [source, *(self.rng.choice(names) for _ in range(self.rng.randint(1, 3)))]
        if self.chance(0.9):
            picked = list(dict.fromkeys(picked))
        if len(picked) == 1 or unfit.intersection(picked):
            return source, self.tensors[source][-1]
        for bundle in (made[name] for name in picked if name != "input"):  # int_bits would have to be equal
            for part in (bundle.get("act"), bundle.get("add", {}).get("act"), bundle.get("pool")):
                (part or {}).pop("int_bits", None)
        return picked, sum(self.tensors[name][-1] for name in picked)

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
        pool["padding"] = self.padding((h, w), size, padding)
        rows, cols = windows((h, w), size, strides, fixed(pool["padding"]))
        return pool, (rows.out, cols.out, c)

    def padding(self, sizes: Sequence[int], kernel: Sequence[int], rule: str) -> Any:
        """The rule, or rows and columns in its place, now and then as many as may be."""
        if not self.pads or not self.chance(self.pads):
            return rule
        most = [k - 1 if self.chance(0.3) else k // 2 for k in kernel]
        pads = [[self.rng.randint(0, k) for _ in range(2)] for k in most]
        fits = all(max(pad) < k <= size + sum(pad) for size, pad, k in zip(sizes, pads, kernel, strict=True))
        return pads if fits else rule

    def dense(self) -> None:
        source = list(self.tensors)[-1]
        ci = self.tensors[source][0]
        # The residual of a dense layer is another dense layer's output or a one-dimensional input.
        operands = [n for n, shape in self.tensors.items() if len(shape) == 1 and n not in self.flattened]
        operand = self.rng.choice(operands) if operands and self.chance(0.4) else None
        read: str | list[str] = source
        if self.joints and source in operands and self.chance(self.joints):
            read, ci = self.joint(source, operands)
        units = self.tensors[operand][0] if operand else self.rng.randint(1, 20)
        core = {"type": "dense", "units": units, "use_bias": self.chance(0.75)}
        bundle: Net = {"name": "", "input": read, "core": core, "act": self.act(0.3 if operand else 0.6)}
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
