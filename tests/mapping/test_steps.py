"""States of the array clock by clock: sums that leave are the convolution's, clocks are the equation's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan, plan
from deepsoc.mapping.geometry import mac_clocks
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.steps import CONFIG, MAC, SHIFT, ArrayStates, array_steps, operation_input, step_indices
from tests.mapping.nets import X4, Bundle, conv, dense, graph, linear, pool

HW = Hardware(rows=3, cols=11, x_bits=4, k_bits=4)


def mapped(net: Graph, **fields: int) -> Plan:
    return plan(net, HW.model_copy(update=fields))


def states(found: Plan, x: np.ndarray, index: int = 0) -> tuple[Operation, ArrayStates]:
    op = found.operations[index]
    return op, array_steps(op, found.hw, operation_input(found, index, x))


def left(op: Operation, steps: ArrayStates, hw: Hardware) -> np.ndarray:
    """The sums that leave, (n, h, w, c): channel s of output column o is at place w - o*Sw + pos0 + s of its group."""
    loops, out = op.loops, np.full((op.loops.n, op.loops.l * hw.rows, op.loops.wo, op.loops.co), -(1 << 40))
    for clock, column in np.argwhere(steps.leaves):
        t, n, l, w = step_indices(op, hw)[clock, :4]  # noqa: E741
        group, place = divmod(int(column), steps.group)
        s = (place - w - loops.pos0) % loops.sw
        o = (w + loops.pos0 + s - place) // loops.sw
        there = out[n, l * hw.rows : (l + 1) * hw.rows, o, t * loops.ch_per_t + group * loops.sw + s]
        assert (there == -(1 << 40)).all(), "a sum leaves twice"
        there[:] = steps.sums[clock, :, column]
    return out[:, : loops.y_rows]


def convolved(
    x: np.ndarray,
    weights: np.ndarray,
    strides: tuple[int, int],
    pads: tuple[int, int],
    out: tuple[int, int],
    zero: int = 0,
):
    """Every product of the convolution, one by one; padding is `zero`."""
    result = np.zeros((len(x), *out, weights.shape[3]), np.int64)
    for oy, ox, ky, kx in np.ndindex(*out, *weights.shape[:2]):
        y, at = oy * strides[0] + ky - pads[0], ox * strides[1] + kx - pads[1]
        if 0 <= y < x.shape[1] and 0 <= at < x.shape[2]:
            result[:, oy, ox] += x[:, y, at] @ weights[ky, kx]
        else:
            result[:, oy, ox] += zero * weights[ky, kx].sum(axis=0)
    return result


@pytest.mark.parametrize("_", range(30))
def test_sums_that_leave_are_the_convolution(rng, _):
    kh, kw, sh, sw = (int(v) for v in rng.integers(1, [6, 6, 4, 4]))
    h, w, ci, co = (int(v) for v in rng.integers([kh, kw, 1, 1], [11, 11, 5, 9]))
    core = conv(rng, (kh, kw, ci, co), strides=(sh, sw), padding=str(rng.choice(["same", "valid"])))
    zero = int(rng.choice([0, -3, 5]))
    bundle = Bundle("b", "input", core, linear())
    found = mapped(graph((int(rng.integers(1, 3)), h, w, ci), bundle, quant=replace(X4, zero=zero)))
    x = rng.integers(-8, 8, found.graph.input_shape)
    op, steps = states(found, x)
    expected = convolved(
        x, core.weights, (sh, sw), (op.loops.pad_top, op.loops.pad_left), (op.loops.y_rows, op.loops.wo), zero
    )
    assert np.array_equal(left(op, steps, found.hw), expected)
    assert len(steps) == mac_clocks(op.loops)[0]
    assert len(steps.leaves) == len(step_indices(op, found.hw))


def test_every_clock_of_a_row_by_hand():
    """3 pixels 1, 2, 3 and 3 taps 4, 5, 6, same padding: 0*4 + 1*5 + 2*6 = 17, 1*4 + 2*5 + 3*6 = 32, 2*4 + 3*5 = 23."""
    core = conv(np.random.default_rng(0), (1, 3, 1, 1))
    core = replace(core, weights=np.array([4, 5, 6]).reshape(1, 3, 1, 1))
    found = mapped(graph((1, 1, 3, 1), Bundle("b", "input", core, linear())), rows=1, cols=4)
    _, steps = states(found, np.array([1, 2, 3]).reshape(1, 1, 3, 1))
    assert steps.events.tolist() == [CONFIG, MAC, SHIFT, MAC, SHIFT, MAC, SHIFT]
    assert steps.zero.tolist() == [False, True, False, False, False, False, False]
    assert steps.pixels[:, 0].tolist() == [0, 1, 0, 2, 0, 3, 0]
    assert steps.weights[1].tolist() == [4, 5, 6, 0]
    assert steps.sums[:, 0].tolist() == [
        [0, 0, 0, 0], [4, 5, 6, 0], [0, 4, 5, 0], [8, 14, 17, 0], [0, 8, 14, 0], [12, 23, 32, 0], [0, 12, 23, 0],
    ]  # fmt: skip
    assert np.argwhere(steps.leaves).tolist() == [[3, 2], [5, 1], [5, 2]]
    assert steps.useful()[[1, 3, 5]].tolist() == [
        [True, True, False, False], [True, True, True, False], [False, True, True, False],
    ]  # fmt: skip


def test_dense_layers_flattened_and_chained(rng):
    """The first flattens 4 x 3 x 2 pixels, the second sums its 30 features in two blocks of weights."""
    core, first, second = conv(rng, (1, 1, 2, 2)), dense(rng, 24, 30), dense(rng, 30, 7)
    net = graph(
        (5, 4, 3, 2), Bundle("f", "input", core, linear(), flatten=True), Bundle("a", "f", first, linear()),
        Bundle("b", "a", second, linear()),
    )  # fmt: skip
    found = mapped(net, weights_ram_depth=24)
    x = rng.integers(-8, 8, net.input_shape)
    op, steps = states(found, x, 1)
    assert op.flat
    pixels = operation_input(found, 1, x)
    assert pixels.shape == (5, 4, 3, 2)
    assert np.array_equal(left(op, steps, found.hw)[0, :, 0], pixels.reshape(5, -1) @ first.weights)
    for index, rows in ((2, slice(0, 3)), (3, slice(3, 5))):
        op, steps = states(found, x, index)
        batch = operation_input(found, index, x)
        assert op.chain
        assert batch.shape == (5, 30)
        assert np.array_equal(left(op, steps, found.hw)[0, :, 0], (batch @ second.weights)[rows])
        assert len(steps) == mac_clocks(op.loops)[0] + op.loops.t  # one more block each
        assert (steps.events == CONFIG).sum() == 2 * op.loops.t


def test_passes_over_the_channels_add_up(rng):
    core = conv(rng, (3, 3, 5, 4))
    net = graph((1, 4, 5, 5), Bundle("b", "input", core, linear()))
    found = mapped(net, weights_ram_depth=9)
    x = rng.integers(-8, 8, net.input_shape)
    parts = [states(found, x, i) for i in range(2)]
    total = sum(left(op, steps, found.hw) for op, steps in parts)
    assert np.array_equal(total, convolved(x, core.weights, (1, 1), (1, 1), (4, 5)))


def test_what_has_no_states(rng):
    x = np.zeros((1, 40, 40, 8), np.int64)
    layer = Bundle("b", "input", conv(rng, (3, 3, 8, 64)), linear(), pool=pool("max", (2, 2), (2, 2)))
    found = mapped(graph(x.shape, layer))
    with pytest.raises(InputError, match=r"b\.pool: expected a convolution or dense layer, received a pool"):
        states(found, x, 1)
    with pytest.raises(InputError, match="b: 308022 clocks of 512 x 11 processing elements exceed"):
        array_steps(found.operations[0], found.hw.model_copy(update={"rows": 512}), x)
