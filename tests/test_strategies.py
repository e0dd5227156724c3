from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np

from deepsoc.graph.ranges import check_ranges
from deepsoc.netspec.spec import DenseSpec, parse_net
from tests.strategies import random_case, random_net


def features(net: dict[str, Any]) -> set[str]:
    found = {f"x{net['bits']['x']}", f"k{net['bits']['k']}", f"b{net['bits']['b']}", f"batch {net['input']['batch']}"}
    read = [[b["input"]] if isinstance(b["input"], str) else b["input"] for b in net["bundles"]]
    uses = Counter(name for names in read for name in names)
    uses += Counter(b["add"]["with"] for b in net["bundles"] if "add" in b)
    kinds = {b["name"]: b["core"]["type"] for b in net["bundles"]}
    for names in (names for names in read if len(names) > 1):
        found |= {"joint", *(["a tensor twice"] if len(set(names)) < len(names) else [])}
        found |= {"joint of the input"} if "input" in names else set()
        found |= {"joint of matrices"} if kinds.get(names[-1]) == "dense" else set()
    found |= {"several consumers"} if max(uses.values()) > 1 else set()
    found |= {"dense only"} if len(net["input"]["shape"]) == 1 else set()
    for bundle in net["bundles"]:
        core, pool = bundle["core"], bundle.get("pool")
        found |= {"softmax"} if bundle.get("softmax") else set()
        found |= {"dense add"} if core["type"] == "dense" and "add" in bundle else set()
        if core["type"] == "conv2d":
            (kh, kw), (sh, sw) = core["kernel"], core["strides"]
            found |= {
                str(core["padding"]) if isinstance(core["padding"], str) else "rows of padding",
                f"sh{sh}",
                f"sw{sw}",
                f"kh{kh}",
                f"kw{kw}",
                *(["add"] if "add" in bundle else []),
            }
            found |= {"strided 1x1"} if kh == kw == 1 and sh * sw > 1 else set()
            found |= {"many channels"} if core["filters"] > 30 else set()
            found |= {"groups"} if core["groups"] > 1 else set()
        if pool:
            steps = list(zip(pool["size"], pool["strides"], strict=True))
            kind = pool["padding"] if isinstance(pool["padding"], str) else "rows"
            found |= {f"{pool['type']} {kind} {pool['size'][0]}x{pool['size'][1]}"}
            found |= {"gap"} if any(s > k for k, s in steps) else set()
            found |= {"overlap"} if any(s < k for k, s in steps) else set()
    return found


def test_every_feature_occurs() -> None:
    counts = Counter(
        feature
        for seed in range(1500)
        for feature in features(random_net(random.Random(seed), groups=0.3, joints=0.3, pads=0.3, ups=0.2))
    )
    expected = {
        *(f"x{n}" for n in (2, 4, 8)), *(f"k{n}" for n in (2, 4, 8)), *(f"b{n}" for n in (8, 16, 32)),
        *(f"batch {n}" for n in (1, 2, 3)), *(f"{s}{n}" for s in ("sh", "sw") for n in (1, 2, 4)),
        *(f"{k}{n}" for k in ("kh", "kw") for n in range(1, 6)), "same", "valid", "several consumers", "dense only",
        "softmax", "add", "dense add", "strided 1x1", "groups", "many channels", "gap", "overlap",
        "rows of padding", "max rows 3x3", "avg rows 2x3",
        "joint", "a tensor twice", "joint of the input", "joint of matrices",
        *(f"{t} {p} {s}" for t in ("max", "avg") for p in ("same", "valid") for s in ("2x3", "3x3", "2x2", "1x3")),
    }  # fmt: skip
    assert {feature: counts[feature] for feature in expected if counts[feature] < 3} == {}


def test_every_network_is_legal_and_within_its_limits(seed: int) -> None:
    for offset in range(200):
        spec, graph, x = random_case(seed + offset, max_bundles=3, max_size=9, max_channels=6, max_kernel=3)
        check_ranges(graph)
        assert len(spec.bundles) <= 3
        assert max(spec.input.shape[:2]) <= 9 or len(spec.input.shape) == 1
        for bundle in spec.bundles:
            if not isinstance(bundle.core, DenseSpec):
                assert bundle.core.filters <= 6
                assert max(bundle.core.kernel) <= 3
        assert x.shape == graph.input_shape


def test_equal_generators_give_equal_networks() -> None:
    assert random_net(random.Random(1)) == random_net(random.Random(1))
    assert random_net(np.random.default_rng(1)) == random_net(np.random.default_rng(1))
    parse_net(random_net(np.random.default_rng(2)))
