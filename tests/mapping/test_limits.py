"""What the hardware cannot run is refused: with the bundle's name, the limit, and never silently."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepsoc.assets import rtl_files, rtl_headers, used_parameters
from deepsoc.errors import InputError, MappingError
from deepsoc.export.writer import hardware_files
from deepsoc.graph.ir import Act, Align, Dense, Graph, Pool, Scale
from deepsoc.hw import Hardware
from deepsoc.hw.rungs import RUNGS, rung
from deepsoc.mapping import plan, resolve
from deepsoc.mapping.limits import bits_needed, needs
from deepsoc.netspec.spec import parse_net
from deepsoc.perf._network import Network, complete
from tests.mapping.nets import X4, Add, Bundle, Quant, conv, dense, graph, linear, pool, relu

ALIGN = Align(Scale((87381,), (18,)), 4)
RNG = np.random.default_rng(1)


def hardware(**change: Any) -> Hardware:
    return Hardware(**({"rows": 4, "cols": 12, "x_bits": 4, "k_bits": 4, "scale_bits": 0} | change))


def plain(kernel: tuple[int, int, int, int] = (3, 3, 3, 8), shape: tuple[int, ...] = (2, 9, 9, 3), **kw: Any) -> Graph:
    return graph(shape, Bundle("first", "input", conv(RNG, kernel, **kw), act=relu()))


def flat() -> Graph:
    first = Bundle("first", "input", conv(RNG, (1, 1, 2, 2)), act=relu(), flatten=True)
    return graph((2, 5, 3, 2), first, Bundle("last", "first", dense(RNG, 30, 4)))


def pooled() -> Graph:
    return graph(
        (1, 9, 9, 6), Bundle("p", "input", conv(RNG, (1, 1, 6, 6)), act=relu(), pool=pool("max", (4, 4), (1, 1)))
    )


def flattened_residual() -> Graph:
    first = Bundle("first", "input", conv(RNG, (1, 1, 2, 2)), act=relu(), flatten=True)
    return graph((2, 3, 2, 2), first, Bundle("sum", "first", dense(RNG, 12, 12), add=Add("first", relu())))


def late_binary_point() -> Graph:
    core = conv(RNG, (1, 1, 40, 40), bias=False, k_frac=-2)
    return graph((1, 2, 2, 40), Bundle("first", "input", core, add=Add("input", relu())))


def numbered(**parts: Any) -> Graph:
    """A layer whose sums reach both ends of all types."""
    core = replace(conv(RNG, (1, 1, 3, 3), bias=False), weights=np.full((1, 1, 3, 3), -8))
    return graph((1, 4, 4, 3), Bundle("b", "input", **({"core": core} | parts)))


def far_output() -> Graph:
    core = Dense(RNG.integers(-8, 8, (4, 4)), None, Quant(4, 90), Quant(8, 0))
    return graph((1, 4), Bundle("first", "input", core), quant=Quant(4, 60))


FAULTS: dict[str, tuple[Callable[[], Graph], dict[str, Any], str, str]] = {
    "kernel rows": (plain, {"kh_max": 2}, "bundle first", "kh_max is 2, 3 is needed"),
    "kernel columns": (plain, {"kw_max": 2}, "bundle first", "kw_max is 2"),
    "vertical stride": (lambda: plain(strides=(2, 1)), {"sh_max": 1}, "bundle first", "sh_max is 1"),
    "horizontal stride": (lambda: plain(strides=(1, 2)), {"sw_max": 1}, "bundle first", "sw_max is 1"),
    "input channels": (plain, {"ci_max": 2}, "bundle first", "ci_max is 2"),
    "output channels": (plain, {"co_max": 7}, "bundle first", "co_max is 7"),
    "height": (plain, {"xh_max": 8}, "bundle first", "xh_max is 8"),
    "width": (plain, {"xw_max": 8}, "bundle first", "xw_max is 8"),
    "batch": (plain, {"xn_max": 1}, "bundle first", "xn_max is 1, 2 is needed"),
    "bundles": (flat, {"n_bundles_max": 1}, "network", "n_bundles_max is 1"),
    "pool window": (pooled, {"kh_max": 3}, "bundle p", "kh_max is 3, 4 is needed"),
    "edges": (pooled, {"edges_ram_depth": 23}, "bundle p", "edges_ram_depth is 23, 24 is needed"),
    "columns": (lambda: plain((3, 3, 3, 8)), {"cols": 2}, "bundle first", "3 columns of processing elements"),
    "weights RAM": (plain, {"weights_ram_depth": 2}, "bundle first", "weights_ram_depth is 2"),
    "x bits": (plain, {"x_bits": 8}, "input", "x_bits"),
    "k bits": (plain, {"k_bits": 2}, "bundle first", "k_bits"),
    "b bits": (plain, {"b_bits": 8}, "bundle first", "b_bits"),
    "accumulator": (plain, {"y_bits": 12}, "bundle first", "13 bits"),
    "line buffers": (lambda: plain((15, 1, 3, 4), strides=(9, 1)), {"rows": 16}, "bundle first", "line buffers"),
    "huge height": (lambda: plain((1, 1, 1, 1), (1, 70_000, 1, 1)), {}, "bundle first", "xh_max"),
    "huge kernel": (lambda: plain((300, 1, 1, 1), (1, 300, 1, 1)), {}, "bundle first", "kh_max"),
    "flattened residual": (flattened_residual, {}, "bundle sum", "flattened tensor"),
    "late binary point": (late_binary_point, {"weights_ram_depth": 8}, "bundle first", "several passes"),
    "scale of the input": (
        lambda: replace(numbered(), input_quant=Quant(4, 2, 1.25)),
        {},
        "input",
        "the scale is 1.25 times a power of two",
    ),
    "zero point of the input": (
        lambda: replace(plain(), input_quant=Quant(4, 2, zero=-8)),
        {},
        "input",
        "their distance from -8, the hardware's",
    ),
    "scale of an act": (
        lambda: numbered(act=Act("relu", Quant(4, 2, 1.5), scale=Scale((87381,), (17,)))),
        {},
        "bundle b",
        "act: the scale is 1.5",
    ),
    "factors without a scale": (
        lambda: numbered(act=Act("relu", Quant(4, 2), scale=Scale((87381,), (17,)))),
        {},
        "bundle b",
        "(scale_bits is 0)",
    ),
    "unsigned": (
        lambda: numbered(act=relu(), add=Add("input", Act("relu", Quant(4, 2, zero=-8)))),
        {},
        "bundle b",
        "add.act: integers stand for their distance from -8",
    ),
    "zero point of a pool": (
        lambda: numbered(act=relu(), pool=Pool("max", (2, 2), (2, 2), "same", Quant(4, 2, zero=1))),
        {},
        "bundle b",
        "pool: integers stand for",
    ),
    "scale of raw results": (
        lambda: numbered(core=replace(conv(RNG, (1, 1, 3, 3)), k_quant=Quant(4, 3, 1.5))),
        {},
        "bundle b",
        "core: the scale of the weights",
    ),
    "largest value": (
        lambda: numbered(act=Act("relu", X4, hi=6)),
        {},
        "bundle b",
        "are clamped to -8 … 6, the hardware",
    ),
    "narrow results": (lambda: numbered(act=relu(bits=3)), {}, "bundle b", "act: results may be 0 … "),
    "narrow negative results": (
        lambda: numbered(act=linear(1, bits=3)),
        {},
        "bundle b",
        "are clamped to -4 … 3, the hardware saturates to -8 … 7 (x_bits is 4); give it 4 bits",
    ),
    "narrow average": (
        lambda: numbered(act=relu(), pool=Pool("avg", (2, 2), (2, 2), "same", Quant(2, 2))),
        {},
        "bundle b",
        "pool: results may be 0 … 7 and are clamped to -2 … 1",
    ),
    "sums beyond a factor's operand": (
        lambda: graph(
            (1, 2048),
            Bundle("b", "input", Dense(np.full((2048, 1), 127), None, Quant(8, 7), X4), act=relu(-4, bits=8)),
            quant=Quant(8, 7),
        ),
        {"x_bits": 8, "k_bits": 8, "scale_bits": 17},
        "bundle b",
        "act: results may be 0 … 126, the hardware saturates its sums to 25 bits, which gives 64 at most",
    ),
    "alignment behind passes": (
        lambda: numbered(core=conv(RNG, (3, 3, 3, 3)), add=Add("input", relu(), ALIGN)),
        {"scale_bits": 17, "weights_ram_depth": 6},
        "bundle b",
        "takes several passes, and its sums are to be brought to the scale of the residual",
    ),
    "three multiplications": (
        lambda: graph(
            (4, 8),
            Bundle(
                "b",
                "input",
                dense(RNG, 8, 8),
                act=Act("relu", Quant(4, 2, 1.5), scale=ALIGN.scale),
                add=Add("input", relu(), ALIGN),
            ),
        ),
        {"scale_bits": 17},
        "bundle b",
        "has an act, and the scale of its result and that of 'input' differ by more than a power of two",
    ),
    "narrow input": (lambda: replace(plain(), input_quant=Quant(3, 2)), {}, "input", "3 bits, x_bits is 4"),
    "far output": (far_output, {}, "bundle first", "fractional bits"),
}


@pytest.mark.parametrize(("net", "change", "where", "message"), FAULTS.values(), ids=FAULTS)
def test_refusals(net: Callable[[], Graph], change: dict[str, Any], where: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        plan(net(), hardware(**change))
    text = str(caught.value)
    assert text.startswith(f"{where}: ")
    assert message in text
    assert "\n" not in text


def test_the_hardware_has_the_bits_of_the_widest_layer() -> None:
    """1 and 3 bits take 2 and 4."""
    first = Bundle("first", "input", conv(RNG, (1, 1, 3, 3), bits=3), act=linear(bits=3))
    second = Bundle("second", "first", conv(RNG, (1, 1, 3, 3), bits=2), act=linear())
    net = graph((1, 4, 4, 3), first, second)
    assert bits_needed([net]) == {"x_bits": 4, "k_bits": 4, "b_bits": 16}
    narrow = graph((1, 4, 4, 3), Bundle("only", "input", conv(RNG, (1, 1, 3, 3), bits=2)), quant=Quant(2, 1))
    assert bits_needed([narrow])["k_bits"] == bits_needed([narrow])["x_bits"] == 2
    wide = graph((1, 4, 4, 3), Bundle("only", "input", conv(RNG, (1, 1, 3, 3)), act=linear(bits=8)))
    with pytest.raises(MappingError, match="input: the network has 4 bits, x_bits is 8; make them equal"):
        plan(wide, Hardware(rows=4, cols=12))


def joined(quant: Quant, weight: int) -> Graph:
    """A layer's result, up-sampled, beside itself; the sums of both, times `weight`, get 3 bits in hardware of 4."""
    core = replace(conv(RNG, (1, 1, 3, 1), bias=False), weights=np.full((1, 1, 3, 1), 7))
    both = replace(conv(RNG, (1, 1, 2, 1), bias=False), weights=np.array([0, weight]).reshape(1, 1, 2, 1))
    first = Bundle("first", "input", core, act=Act("relu", quant), upsample=(1, 2))
    act = Act("linear", Quant(3, quant.frac + core.k_quant.frac))
    return graph((1, 4, 4, 3), first, Bundle("both", ("first", "first"), both, act=act))


def test_numbers_of_what_is_concatenated() -> None:
    """Clamps are bounded by all that a core reads; zero points are refused by the name of the first that has one."""
    with pytest.raises(MappingError, match=r"bundle both: act: results may be 0 … 7 and are clamped to -4 … 3"):
        plan(joined(X4, 1), hardware(x_bits=4))
    plan(joined(X4, 0), hardware(x_bits=4))
    with pytest.raises(MappingError, match="bundle first: act: integers stand for their distance from -8"):
        plan(joined(replace(X4, zero=-8), 0), hardware(x_bits=4))


def test_a_clamp_at_which_the_hardware_saturates_is_none() -> None:
    plan(numbered(act=Act("relu", X4, hi=7)), hardware())
    plan(numbered(act=Act("relu", X4, lo=0)), hardware())  # a ReLU has nothing below


def test_hardware_has_factors_where_a_network_needs_them() -> None:
    hw = Hardware(rows=4, cols=8, axi_data_bits=64)  # 32 bits of weights, one port
    assert resolve(hw, [plain()]).scale_bits == 0
    nets = [
        replace(plain(), input_quant=Quant(4, 2, zero=-8)),
        replace(numbered(), input_quant=Quant(4, 2, 1.25)),
        numbered(act=Act("relu", X4, hi=6)),
        numbered(act=Act("relu", X4, scale=ALIGN.scale)),
    ]
    for net in nets:
        assert plan(net, hw).hw.scale_bits == 17
        assert resolve(hw, [plain(), net]).scale_bits == 17
        with pytest.raises(MappingError, match=r"network: .*64 bits, a beat of axi_data_bits=32 brings 32"):
            resolve(hw.model_copy(update={"axi_data_bits": 32}), [net])


@pytest.mark.parametrize("net", [plain, flat, pooled], ids=["plain", "flat", "pooled"])
def test_the_same_networks_run_on_what_they_need(net: Callable[[], Graph]) -> None:
    plan(net(), hardware())


def test_resolve_takes_the_largest_of_all_networks() -> None:
    hw = resolve(hardware(xw_max=50), [plain((3, 5, 3, 8), strides=(2, 1)), flat(), pooled()])
    nets = [plain((3, 5, 3, 8), strides=(2, 1)), flat(), pooled()]
    assert needs(nets)[0] == {
        "kh_max": 4, "kw_max": 5, "sh_max": 2, "sw_max": 1, "ci_max": 30, "co_max": 8, "xh_max": 9, "xw_max": 9,
        "xn_max": 2, "edges_ram_depth": 24, "n_bundles_max": 2,
    }  # fmt: skip
    assert (hw.kh_max, hw.kw_max, hw.sh_max, hw.sw_max) == (5, 7, 2, 2)  # the next rungs
    assert (hw.ci_max, hw.co_max, hw.xh_max, hw.xw_max, hw.xn_max) == (30, 8, 9, 50, 4)
    assert (hw.edges_ram_depth, hw.n_bundles_max) == (64, 2)
    assert resolve(hw, []) == hw
    assert needs([plain((1, 1, 3, 8), strides=(1, 4))])[0]["sw_max"] == 1  # decimated


def joint(*sources: str, upsample: tuple[int, int] = (1, 1)) -> Graph:
    """Two convolutions and one of several tensors."""
    first = Bundle("first", "input", conv(RNG, (1, 1, 2, 2)), act=relu(), upsample=upsample)
    second = Bundle("second", "first", conv(RNG, (1, 1, 2, 2)), act=relu())
    return graph(
        (1, 4, 4, 2), first, second, Bundle("both", sources, conv(RNG, (1, 1, 2 * len(sources), 2)), act=relu())
    )


@pytest.mark.parametrize(
    ("net", "where"),
    [
        (joint("first", "second"), ""),
        (joint("second", "first"), ""),
        (joint("first", "input"), "bundle both"),
        (joint("first", "first"), "bundle both"),
        (joint("first", "second", upsample=(1, 2)), "bundle first"),
    ],
)
def test_copies_take_the_pooling_unit(net: Graph, where: str) -> None:
    hw = resolve(hardware(), [net])
    assert any(op.kind != "mac" for op in plan(net, hw).operations) == bool(where)
    assert needs([net])[0]["edges_ram_depth"] == (16 if where else 0)
    assert needs([net])[1].get("edges_ram_depth", "") == where
    if where:
        with pytest.raises(MappingError, match=f"{where}: edges_ram_depth is 0, 16 is needed"):
            plan(net, hardware(edges_ram_depth=0))


def small_cnn(rng: random.Random) -> Graph:
    """One to three convolutions with usual kernels, strides and pools, and a dense layer."""
    bundles: list[dict[str, Any]] = []
    for i in range(rng.randint(1, 3)):
        kernel, stride, pool = rng.choice((1, 3, 3, 5)), rng.choice((1, 1, 2)), rng.choice((None, None, 2, 3))
        core = {"type": "conv2d", "filters": rng.randint(4, 32), "kernel": [kernel] * 2, "strides": [stride] * 2}
        bundle = {"name": f"c{i}", "input": f"c{i - 1}" if i else "input", "core": core | {"padding": "same"}}
        if pool:
            bundle["pool"] = {"type": "max", "size": [pool] * 2, "strides": [2, 2], "padding": "same"}
        bundles.append(bundle | {"act": {"type": "relu"}})
    bundles[-1]["flatten"] = True
    dense = {"name": "out", "input": bundles[-1]["name"], "core": {"type": "dense", "units": 10}}
    net = {
        "format": "deepsoc-net/1", "name": "cnn", "input": {"shape": rng.choice(([14, 14, 1], [16, 16, 3]))},
        "bits": {"x": 4, "k": 4, "b": 16}, "bundles": [*bundles, dense],
    }  # fmt: skip
    return parse_net(net).to_graph()


def test_small_networks_share_accelerators(seed: int) -> None:
    """What the RTL does not depend on is no part of the key of a simulator, see `used_parameters`."""
    rng = random.Random(seed)
    sources = [path.read_bytes() for path in [*rtl_files(), *rtl_headers()]]
    count = 0
    for _ in range(5):  # 8 to 16 each time, 12 on average; 19 or 20 without the rungs
        points = [resolve(hardware(), [small_cnn(rng)]) for _ in range(20)]
        count += len({used_parameters(hardware_files(hw)["params.svh"], sources) for hw in points})
    assert count <= 5 * 16


def test_every_need_is_met_by_its_rung() -> None:
    for name, rungs in RUNGS.items():
        assert list(rungs) == sorted(set(rungs))
        values = [value for rung in rungs for value in (rung - 1, rung, rung + 1) if 0 < value <= rungs[-1]]
        for value, found in zip(values, rung(name, values).tolist(), strict=True):
            assert found == min(r for r in rungs if r >= value)
        for value in rungs:  # a field may have every rung
            others = {"kw_max": 1} if name == "kh_max" else {"kh_max": 1} if name == "kw_max" else {}
            Hardware(rows=1, cols=1, x_bits=2, k_bits=2, **others, **{name: value})
    assert rung("y_bits", 40) == 40
    assert rung("ci_max", 37) == 37


def test_needs_stay_where_their_rungs_cannot_be_built() -> None:
    """47 rows and kernels of 12: those of 15 would take 68 line buffers."""
    tall = plain((12, 1, 3, 8))
    assert resolve(hardware(rows=47, x_bits=8), [tall]).kh_max == 12
    assert resolve(hardware(rows=8, x_bits=8), [tall]).kh_max == 15
    found = complete(
        {"rows": np.array([47, 8]), "cols": np.array([8, 8]), "x_bits": np.array([8, 8])}, [Network.of(tall)]
    )
    assert found["kh_max"].tolist() == [12, 15]


@pytest.mark.parametrize(
    ("shape", "kernel", "strides", "kind", "rows"),
    [
        ((1, 16, 16, 8), (3, 3), (2, 2), "avg", 60),  # ResNet-8 and its like: 8 rows below a stride of 2
        ((1, 49, 10, 1), (10, 4), (2, 2), "avg", 50),  # DS-CNN: 25 rows
        ((1, 1024, 1, 3), (1, 1), (1, 1), "max", 8),  # PointNet: a thousand points
    ],
    ids=["resnet8", "dscnn", "pointnet"],
)
def test_whole_maps_need_no_line_buffers(
    shape: tuple[int, ...], kernel: tuple[int, int], strides: tuple[int, int], kind: str, rows: int
) -> None:
    rng = np.random.default_rng(0)
    size = -(-shape[1] // strides[0]), -(-shape[2] // strides[1])
    core = conv(rng, (*kernel, shape[3], 4), strides=strides)
    net = graph(shape, Bundle("a", "input", core, act=relu(), pool=pool(kind, size, size)))
    hw = hardware(rows=rows)
    with pytest.raises(MappingError, match=r"line buffers|kh_max"):
        plan(net, hw.model_copy(update={"global_pool_max": 0}))
    assert len(plan(net, hw).operations) == 1


def test_one_hardware_for_several_networks() -> None:
    nets = [plain((3, 5, 3, 8), strides=(2, 1)), flat(), pooled()]
    hw = resolve(hardware(), nets)
    for net in nets:
        plan(net, hw)


@pytest.mark.parametrize("name", ['x"; rm -rf ~', "$(id)", "[exec ls]", "../../etc", "a\nb", "", "ü", "a" * 65])
def test_names_that_are_no_identifiers(name: str) -> None:
    for net in (
        graph((1, 4, 4, 1), Bundle(name, "input", conv(RNG, (1, 1, 1, 1)), act=linear())),
        graph((1, 4, 4, 1), Bundle("a", "input", conv(RNG, (1, 1, 1, 1)), act=linear()), name=name),
    ):
        with pytest.raises(InputError, match="name"):
            plan(net, hardware())


def test_net_id_depends_on_descriptors_and_weights() -> None:
    rng = np.random.default_rng(7)
    core = conv(rng, (3, 3, 3, 8))

    def identity(act_frac: int, change: int = 0) -> int:
        core.weights[0, 0, 0, 0] ^= change
        return plan(graph((1, 9, 9, 3), Bundle("a", "input", core, act=relu(act_frac))), hardware()).net_id

    ids = [identity(2), identity(1), identity(2, 1), identity(2, 1)]
    assert len({*ids[:3]}) == 3
    assert ids[3] == ids[0]
