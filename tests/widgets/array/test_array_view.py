"""ArrayView without a browser: its states are the RTL's, its outputs the convolution's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.mapping import array_steps, operation_input, plan
from deepsoc.mapping.steps import CONFIG, MAC
from deepsoc.sim import read_states, simulate
from deepsoc.sim.states import _Signals, _span
from deepsoc.widgets import ArrayView
from deepsoc.widgets.array import _arrayclocks
from deepsoc.widgets.array._arrayclocks import DRAIN, HOLD, ArrayClocks, array_clocks
from tests.mapping.nets import Bundle, conv, graph, linear, relu
from tests.mapping.test_steps import convolved
from tests.sim.test_simulate import HW
from tests.sim.test_states import FIELDS
from tests.sim.test_states import net as every_kind

NET: dict[str, Any] = {
    "format": "deepsoc-net/1",
    "name": "tiny",
    "input": {"shape": [6, 5, 2], "batch": 3},
    "bits": {"x": 4, "k": 4, "b": 16},
    "bundles": [
        {
            "name": "c",
            "input": "input",
            "core": {"type": "conv2d", "filters": 4, "kernel": [3, 2], "strides": [2, 2], "padding": "same"},
            "act": {"type": "relu"},
            "pool": {"type": "max", "size": [2, 2], "strides": [1, 1], "padding": "same"},
            "flatten": True,
        },
        {"name": "fc", "input": "c", "core": {"type": "dense", "units": 10}},
    ],
}
SMALL = Hardware(rows=4, cols=8)


def clocks_of(view: ArrayView) -> ArrayClocks:
    return view._clocks


@pytest.mark.parametrize("_", range(12))
def test_results_that_leave_are_the_convolution(rng: np.random.Generator, _: int) -> None:
    kernel, strides = (tuple(int(v) for v in rng.integers(1, [most, most])) for most in (5, 4))
    height, width = (int(v) for v in rng.integers([kernel[0], kernel[1]], 10))
    padding = str(rng.choice(["same", "valid"]))
    view = ArrayView(
        int(rng.integers(1, 6)), 13, kernel=kernel, strides=strides, width=width, height=height, padding=padding,
        channels_in=int(rng.integers(1, 4)), channels_out=int(rng.integers(1, 9)), seed=int(rng.integers(100)),
    )  # fmt: skip
    clocks, op = clocks_of(view), view.plan.operations[0]
    core = view.plan.graph.bundles[0].core
    pads, shape = (op.loops.pad_top, op.loops.pad_left), (op.loops.y_rows, op.loops.wo)
    assert np.array_equal(clocks.outputs, convolved(clocks.image, core.weights, strides, pads, shape))  # type: ignore[arg-type]
    # A channel of an output column, all of its rows in a block, leaves in a clock of its own.
    for block in range(op.loops.l):
        rows = clocks.done[:, block * view.layer["rows"] : (block + 1) * view.layer["rows"]]
        assert (rows == rows[:, :1]).all()
    first = clocks.done[0, :: view.layer["rows"]]
    assert len(np.unique(first)) == first.size == (clocks.leaving[:, 0] >= 0).sum()
    for block, column, channel in np.ndindex(first.shape):
        assert clocks.leaving[first[block, column, channel], 1:].tolist() == [channel, column]
    assert (clocks.done >= 0).all()
    assert view.clocks == len(view.words) == clocks.total


def test_the_array_waits_while_results_leave() -> None:
    """1 x 1 kernel, 1 channel in, 3 out: a result column needs 3 clocks, the next is ready after 1."""
    view = ArrayView(1, 3, kernel=(1, 1), width=3, height=1, channels_in=1, channels_out=3)
    events = clocks_of(view).events.tolist()
    assert events == [CONFIG, MAC, MAC, HOLD, HOLD, MAC, HOLD, HOLD, DRAIN, DRAIN, DRAIN]
    assert clocks_of(view).leaving.tolist() == [[-1] * 3] * 2 + [[k, k, o] for o in range(3) for k in range(3)]
    assert view.words[3] == "hold: the array waits until earlier results have left; channel 1 of output column 0 leaves"


def test_sums_that_leave_are_known_from_their_start() -> None:
    """Three pixels and three taps, as in `test_every_clock_of_a_row_by_hand` of the mapping."""
    core = conv(np.random.default_rng(0), (1, 3, 1, 1))
    net = graph((1, 1, 3, 1), Bundle("b", "input", core, linear()))
    view = ArrayView.of(net, Hardware(rows=1, cols=4, x_bits=4, k_bits=4), "b")
    assert clocks_of(view).live.astype(int).tolist() == [
        [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0],
    ]  # fmt: skip


def test_a_flattened_dense_layer() -> None:
    view = ArrayView.of(NET, SMALL, "fc", clock=9)
    core = view.plan.graph.bundles[1].core
    x = np.random.default_rng(0).integers(-8, 8, (3, 6, 5, 2))
    source = operation_input(view.plan, view.index, x).reshape(3, -1)
    assert view.clock == 9
    assert view.event == "multiply: feature 8"
    assert np.array_equal(clocks_of(view).outputs[0, :, :, 0], source @ core.weights)
    assert sorted(clocks_of(view).image[0, 1, :, 0]) == sorted(source[1])
    view.show(NET, SMALL, "c")
    assert (view.clock, view.layer["name"], view.pe) == (0, "c", [0, 0])
    assert view.event == "configure: the weights of iteration 0 get ready"


def test_sums_of_chained_blocks_live_on(rng: np.random.Generator) -> None:
    net = NET | {"bundles": [NET["bundles"][0], NET["bundles"][1]]}
    view = ArrayView.of(net, SMALL.model_copy(update={"weights_ram_depth": 20}), "fc")
    clocks = clocks_of(view)
    between = (clocks.states.events == CONFIG) & (np.arange(len(clocks.states)) > 0) & clocks.live.any(axis=1)
    assert between.sum() == 2  # one chained block in each of two iterations


def test_traits_follow_the_clock() -> None:
    view = ArrayView(clock=13, pe=[9, 9])
    seen: list[str] = []
    view.observe(lambda change: seen.append(change["new"]), names="event")
    assert view.pe == [3, 5]
    states, steps = view.states, clocks_of(view).step
    for clock in (14, 15, 40, 10**6, -3):
        view.clock = clock
        clock = min(max(clock, 0), view.clocks - 1)
        assert view.clock == clock
        assert np.array_equal(view.state["sums"], states.sums[steps[clock]])
        mac = view.state["event"] == "multiply"
        assert np.array_equal(view.state["pixels"], states.pixels[steps[clock]] * mac)
        assert np.array_equal(view.state["weights"], states.weights[steps[clock]] * mac)
        assert view.event == view.words[clock] == seen[-1]
    view.clock = 13
    assert view.event == "multiply: input channel 1, kernel row 2; sums are finished"
    assert view.state["leaves"].tolist() == [False, False, True, False, False, True]
    assert (view.state["w"], view.state["ci"], view.state["kh"]) == (1, 1, 2)


def test_a_long_layer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arrayclocks, "_MOST_CLOCKS", 50)
    view = ArrayView()
    assert (view.clocks, view.layer["total"]) == (50, 88)
    assert view.arrays["sums"][1] == [50, 4, 6]
    view.clock = 49


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"colums": 3}, "unknown option colums"),
        ({"kernel": 3}, r"kernel: expected \(rows, columns\), received 3"),
        ({"kernel": (3, 0)}, r"kernel\[1\]: expected a whole number from 1 to 255, received 0"),
        ({"width": 2.5}, "width: expected a whole number"),
        ({"channels_out": True}, "channels_out: expected a whole number"),
        ({"padding": "full"}, "padding: expected same or valid, received 'full'"),
        ({"rows": 0}, "rows: "),
        ({"cols": 2}, "a kernel of 3 columns at stride 1 takes 3 columns"),
        ({"height": 2, "padding": "valid"}, "layer"),
    ],
)
def test_impossible_layers(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        ArrayView(**options)


@pytest.mark.parametrize(
    ("network", "bundle", "x", "says"),
    [
        (NET, "d", None, "bundle: no bundle of this name; expected one of c, fc, received 'd'"),
        (NET, "c.pool", None, "expected one of c, fc"),
        (NET, "c", np.zeros((1, 6, 5, 2)), r"x: expected an input of shape \(3, 6, 5, 2\)"),
        ("alexnet", "conv1", None, "network: a layer table has no numbers to show"),
        (NET | {"bits": {}}, "c", None, r"\$\.bits\.x"),
    ],
)
def test_layers_that_are_not_there(network: Any, bundle: str, x: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        ArrayView.of(network, SMALL, bundle, x=x)
    with pytest.raises(InputError, match="unknown option colour"):
        ArrayView.of(NET, SMALL, "c", colour=1)


def waiting(bits: int) -> Graph:
    """A column of results takes 9 clocks to leave and the next is ready after 2; in the second layer none waits."""
    rng = np.random.default_rng(3)
    act = relu(0, slope_log2=1, bits=bits)
    cores = [conv(rng, shape, bits=bits) for shape in ((1, 1, 2, 12), (1, 2, 12, 4))]
    names = ("input", "narrow", "wide")
    layers = [Bundle(name, source, core, act) for source, name, core in zip(names, names[1:], cores, strict=False)]
    return graph((1, 6, 5, 2), *layers, quant=replace(act.out, frac=2))


@pytest.mark.xdist_group("simulator")
@pytest.mark.parametrize(
    ("network", "names", "waits"), [(every_kind, ("overlap", "strided"), False), (waiting, ("narrow", "wide"), True)]
)
def test_the_states_are_those_of_the_rtl(network: Any, names: tuple[str, ...], waits: bool, tmp_path: Path) -> None:
    """Every step of some layers, and the number of clocks in which the array waits for results."""
    net = network(HW.x_bits)
    x = np.random.default_rng(2).integers(1, 1 << (HW.x_bits - 1), net.input_shape)
    export(net, HW, tmp_path / "out", x=x)
    simulate(tmp_path / "out", trace=True).raise_for_mismatch()
    trace = tmp_path / "out" / "trace.fst"
    signals, held = _Signals(trace), []
    for name in names:
        view = ArrayView.of(plan(net, HW), HW, name, x=x)
        traced = read_states(trace, view.plan.hw, view.index)
        for field in FIELDS:
            assert np.array_equal(getattr(view.states, field), getattr(traced, field)), field
        span = np.arange(*_span(signals, view.index))
        held.append(int((signals.read("i_engine.i_array.advance_i", span) == 0).sum()))
        assert held[-1] == (clocks_of(view).events == HOLD).sum()
    assert (max(held) > 0) == waits


def test_array_clocks_takes_what_array_steps_takes() -> None:
    view = ArrayView.of(NET, SMALL, "c")
    op, hw = view.plan.operations[view.index], view.plan.hw
    x = np.random.default_rng(0).integers(-8, 8, (3, 6, 5, 2))
    source = operation_input(view.plan, view.index, x)
    assert np.array_equal(array_clocks(op, hw, source).states.sums, array_steps(op, hw, source).sums)
    with pytest.raises(InputError, match="received a pool"):
        array_clocks(view.plan.operations[1], hw, source)
