"""What the hardware cannot run is refused: with the bundle's name, the limit, and never silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.ir import Dense, Graph
from deepsoc.hw import Hardware
from deepsoc.mapping import plan, resolve
from tests.mapping.nets import Add, Bundle, Quant, conv, dense, graph, linear, pool, relu

RNG = np.random.default_rng(1)


def hardware(**change: Any) -> Hardware:
    return Hardware(**({"rows": 4, "cols": 12, "x_bits": 4, "k_bits": 4} | change))


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


@pytest.mark.parametrize("net", [plain, flat, pooled], ids=["plain", "flat", "pooled"])
def test_the_same_networks_run_on_what_they_need(net: Callable[[], Graph]) -> None:
    plan(net(), hardware())


def test_resolve_takes_the_largest_of_all_networks() -> None:
    hw = resolve(hardware(xw_max=50), [plain((3, 5, 3, 8), strides=(2, 1)), flat(), pooled()])
    assert (hw.kh_max, hw.kw_max, hw.sh_max, hw.sw_max) == (4, 5, 2, 1)
    assert (hw.ci_max, hw.co_max, hw.xh_max, hw.xw_max, hw.xn_max) == (30, 8, 9, 50, 2)
    assert (hw.edges_ram_depth, hw.n_bundles_max) == (24, 2)
    assert resolve(hw, []) == hw
    assert resolve(hardware(), [plain((1, 1, 3, 8), strides=(1, 4))]).sw_max == 1  # decimated


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
