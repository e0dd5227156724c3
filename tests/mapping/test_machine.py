"""The plan against the executable specification: every operation's bytes, beats and clocks, bit for bit."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepsoc.errors import InputError, MappingError
from deepsoc.graph.executor import execute
from deepsoc.graph.ir import Conv2D, Dense, Graph, IntArray
from deepsoc.hw import Hardware
from deepsoc.mapping import Plan, plan
from deepsoc.mapping.limits import requantizers_needed
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.reference import run_operations
from deepsoc.netspec.spec import parse_net
from tests.mapping.machine import MachineError, Trace, run
from tests.mapping.machine_ahead import check_ahead
from tests.mapping.nets import Add, Bundle, Quant, conv, dense, graph, linear, pool, relu
from tests.strategies import random_case, random_net

ARRAYS = [(3, 7), (7, 30), (8, 24), (4, 6)]


def image_of(p: Plan, x: IntArray, rng: np.random.Generator) -> bytearray:
    """The arena before a run: weights and input where they belong, noise everywhere else."""
    memory = bytearray(rng.bytes(p.arena_bytes))
    memory[p.weights_offset : p.weights_offset + len(p.weights)] = p.weights
    image = p.input.layout.pack(x)
    memory[p.input.offset : p.input.offset + len(image)] = image
    return memory


def check_cost(p: Plan, index: int, trace: Trace) -> None:
    """The traffic and clocks of the model are those that were counted."""
    op, cost, beat = p.operations[index], p.costs[index], p.hw.axi_bytes
    counted = (
        trace.x_beats * beat,
        trace.k_beats * p.hw.stream_bytes + 256,
        trace.o_beats * beat,
        trace.y_beats * beat,
    )
    assert counted == (cost.x_bytes, cost.k_bytes, cost.o_bytes, cost.y_bytes), op.name
    loops, shifts = op.loops, 0
    if op.kind == "mac":
        shifts = loops.t * (1 + (loops.n * loops.l * loops.w if loops.kw > 1 else 0))
    assert trace.steps + shifts == cost.clocks - cost.drain_clocks, op.name


def check(net: Graph, hw: Hardware, rng: np.random.Generator) -> tuple[Operation, ...]:
    """Operation list, machine and executor agree on a random input; returns the operations."""
    p = plan(net, hw)
    half = 1 << (net.input_quant.bits - 1)
    x = rng.integers(-half, half, net.input_shape)
    expected = run_operations(p, x)
    memory = image_of(p, x, rng)
    traces: list[Trace] = []
    for i, (op, place) in enumerate(zip(p.operations, p.outputs, strict=True)):
        (trace,) = run(p.descriptors.tolist(), memory, p.hw, net_id=p.net_id, only=i)
        end = place.offset + place.layout.size
        got = place.layout.unpack(bytes(memory[place.offset : end]))
        np.testing.assert_array_equal(got.reshape(place.shape), expected[i], err_msg=op.name)
        assert all(place.offset <= address < end for address, _ in trace.written)
        check_cost(p, i, trace)
        check_ahead(p.descriptors[i].tolist(), traces[-1] if traces else None, p.hw)
        traces.append(trace)
    assert max(op.work.passes for op in p.operations) <= requantizers_needed([net])
    results = execute(net, x)
    for op, values in zip(p.operations, expected, strict=True):
        larger = p.graph.by_name()[op.bundle].factors != (1, 1)
        if not larger and op.name == op.bundle and (op.pool or p.graph.by_name()[op.bundle].pool is None):
            wanted = results[op.bundle].out if op.pool else results[op.bundle].core
            np.testing.assert_array_equal(values.reshape(wanted.shape), wanted)
    last = results[net.bundles[-1].name].out
    end = p.output.offset + p.output.layout.size
    got = p.output.layout.unpack(bytes(memory[p.output.offset : end]))
    np.testing.assert_array_equal(got.reshape(last.shape), last)
    return p.operations


def refusal(net: Graph, hw: Hardware) -> str | None:
    """Why the hardware cannot run a network, None if it can."""
    try:
        plan(net, hw)
    except MappingError as err:
        return str(err)
    return None


def random_pair(rng: np.random.Generator, index: int, scales: float = 0.0) -> tuple[Graph, Hardware]:
    """A random network and hardware that can run it; refusals that such hardware may give are drawn again."""
    while True:
        spec, net, _ = random_case(
            int(rng.integers(1 << 31)),
            max_macs=30_000,
            whole_maps=0.4,
            groups=0.3,
            joints=0.4,
            pads=0.3,
            ups=0.2,
            depthwise=0.4,
            max_kernel=7,
            scales=scales,
        )
        rows, cols = ARRAYS[index % 4]
        bus = rng.choice([64 if scales else 32, 64, 128, 256]).item()
        hw = Hardware(
            rows=rows,
            cols=cols,
            x_bits=spec.bits.x,
            k_bits=spec.bits.k,
            axi_data_bits=bus,
            axi_max_burst=rng.choice([1, 2, 4, 16]).item(),
            weights_ram_depth=rng.choice([20, 60, 2048]).item(),
            depthwise=rng.choice([0, 2, max(cols // 3, 2), cols]).item(),
            drain_lanes=rng.choice([1, 2]).item() if bus > 64 else 1,
        )
        hw = Hardware(**hw.model_dump(exclude={"x_bits", "k_bits"}, exclude_unset=True)) if scales else hw
        reason = refusal(net, hw)
        if reason is None:
            return net, hw
        known = "columns of processing elements|one input channel takes|several passes"
        assert re.search(known + ("|make them equal|has an act, and the scale" if scales else ""), reason)


@pytest.mark.parametrize("index", range(60))
def test_random_networks(index: int, seed: int) -> None:
    rng = np.random.default_rng([seed, index])
    net, hw = random_pair(rng, index)
    check(net, hw, rng)


@pytest.mark.parametrize("index", range(40))
def test_random_networks_with_scales(index: int, seed: int) -> None:
    rng = np.random.default_rng([seed, index])
    net, hw = random_pair(rng, index, scales=(0.2, 0.5, 0.8)[index % 3])
    check(net, hw, rng)


@pytest.mark.parametrize("index", range(8))
def test_layers_of_fewer_bits(index: int, seed: int) -> None:
    """Weights of any bits; results whose clamps no input reaches."""
    rng = random.Random(f"{seed} {index}")
    bounded = 0
    while not bounded:
        net = random_net(rng, max_macs=30_000, groups=0.3, k_bits=(8,), x_bits=(8,)) | {"format": "deepsoc-net/2"}
        for bundle in net["bundles"]:
            bundle["bits"] = {"k": rng.choice((1, 2, 3, 4, 8))}
            if bundle["act"] and rng.random() < 0.5:
                bundle["bits"]["x"] = rng.choice((3, 4))
                bundle["act"]["int_bits"] = rng.randint(3, 8)
        try:
            lowered = parse_net(net).to_graph(seed=rng.randrange(1 << 31))
        except InputError:  # binary points too far apart
            continue
        hw = Hardware(rows=ARRAYS[index % 4][0], cols=ARRAYS[index % 4][1], axi_data_bits=64, scale_bits=0)
        if reason := refusal(lowered, hw):
            assert re.search("columns of processing|are clamped to|residual sum", reason)
            continue
        bounded = sum(act.out.bits < 8 for bundle in lowered.bundles if (act := bundle.act))
        bounded *= len({bundle.core.k_quant.bits for bundle in lowered.bundles}) > 1
    check(lowered, hw, np.random.default_rng(seed))


HW = Hardware(rows=4, cols=6, x_bits=4, k_bits=4, axi_data_bits=64, weights_ram_depth=20)


def test_deep_dense_on_a_matrix_is_chained_a_row_block_at_a_time(rng: np.random.Generator) -> None:
    net = graph(
        (9, 30),
        Bundle("a", "input", dense(rng, 30, 30), act=relu()),
        Bundle("b", "a", dense(rng, 30, 30), act=linear(1), add=Add("a", relu(1, 3))),
        Bundle("c", "b", dense(rng, 30, 30), add=Add("a", None)),
    )
    ops = check(net, HW, rng)
    assert [op.name for op in ops] == [f"{b}.rows{r}" for b in "abc" for r in (0, 4, 8)]
    assert all(op.chain and op.loops.t * 6 >= op.loops.co for op in ops)
    assert len({op.stream for op in ops}) == 3


def test_deep_dense_on_a_flattened_tensor(rng: np.random.Generator) -> None:
    net = graph(
        (6, 5, 3, 2),
        Bundle("a", "input", conv(rng, (2, 2, 2, 3)), act=relu(), flatten=True),
        Bundle("b", "a", dense(rng, 45, 8), softmax=True),
    )
    for depth in (20, 44, 45, 2048):
        ops = check(net, HW.model_copy(update={"weights_ram_depth": depth}), rng)
        assert [op.chain for op in ops if op.flat] == ([True, True] if depth < 45 else [False])


def test_passes_with_residuals(rng: np.random.Generator) -> None:
    for act, add in ((None, relu(1)), (None, None), (relu(3), linear(1)), (relu(1, 2), None)):
        last = add is None
        net = graph(
            (2, 5, 4, 9),
            Bundle("a", "input", conv(rng, (1, 1, 9, 9)), act=relu(3)),
            Bundle("b", "a", conv(rng, (3, 2, 9, 9)), act=act, add=Add("a", add)),
            *([] if last else [Bundle("c", "b", conv(rng, (1, 2, 9, 2)))]),
        )
        ops = check(net, HW, rng)
        names = [op.name for op in ops if op.bundle == "b"]
        assert names == ["b.pass0", "b.pass1"] + (["b.add"] if act else [])


def test_passes_before_a_pool_and_gapped_windows(rng: np.random.Generator) -> None:
    net = graph(
        (1, 9, 9, 8),
        Bundle(
            "a", "input", conv(rng, (3, 3, 8, 5), strides=(2, 1)), act=relu(), pool=pool("avg", (2, 2), (3, 4), frac=4)
        ),
        Bundle(
            "b", "a", conv(rng, (2, 1, 5, 4), strides=(1, 2)), act=linear(), pool=pool("max", (3, 3), (1, 2), frac=1)
        ),
    )
    ops = check(net, HW, rng)
    assert [op.name for op in ops] == ["a.pass0", "a.pass1", "a.pool", "b", "b.pool"]
    assert ops[3].loops.x_step == 2


def test_groups_are_operations_on_ranges_of_channels(rng: np.random.Generator) -> None:
    net = graph(
        (2, 9, 6, 12),
        Bundle("a", "input", conv(rng, (2, 2, 4, 15), groups=3), act=relu(), pool=pool("max", (2, 2), (2, 2))),
        Bundle("b", "a", conv(rng, (3, 3, 3, 10), groups=5, strides=(1, 2)), act=linear(3)),
        Bundle("c", "b", conv(rng, (1, 1, 5, 10), groups=2), act=relu(1, 3), add=Add("b", relu(2))),
        Bundle("d", "c", conv(rng, (5, 1, 5, 4), groups=2), act=relu(), pool=pool("avg", (5, 2), (5, 2), frac=4)),
    )
    for depth in (20, 256):  # with passes, and without
        ops = check(net, HW.model_copy(update={"weights_ram_depth": depth}), rng)
        assert [op.name for op in ops if op.bundle == "c"] == ["c.group0", "c.group1", "c.add"]
        assert [(op.c0, op.k0) for op in ops if op.bundle == "b"] == [(3 * i, 2 * i) for i in range(5)]
        assert ("d.group1.pass1" in {op.name for op in ops}) == (depth == 20)
        assert all(op.pool for op in ops if op.name in ("a.group2", "d.group1", "d.group1.pass1"))
    for core, add in ((conv(rng, (1, 1, 6, 4), groups=2), None), (conv(rng, (1, 1, 6, 12), groups=2), relu(2))):
        raw = graph((1, 3, 3, 12), Bundle("a", "input", core, add=Add("input", add) if add else None))
        with pytest.raises(MappingError, match=r"bundle a: the sums of 2 groups .* give the layer an act"):
            plan(raw, HW)


@pytest.mark.parametrize("scale_bits", [0, 17])
def test_depthwise_convolutions_are_one_operation(rng: np.random.Generator, scale_bits: int) -> None:
    """With a residual, pools in line, strides, as accumulators at the end; iterations of as many channels as fit."""
    hw = Hardware(
        rows=4, cols=13, x_bits=4, k_bits=4, axi_data_bits=64, depthwise=4, drain_lanes=2 - scale_bits % 2,
        scale_bits=scale_bits,
    )  # fmt: skip
    layers = [
        Bundle("a", "input", conv(rng, (3, 3, 1, 10), groups=10), act=relu(), pool=pool("max", (2, 2), (2, 2))),
        Bundle("b", "a", conv(rng, (5, 3, 1, 10), groups=10), act=relu(1, 3), add=Add("a", relu(2))),
        Bundle("c", "b", conv(rng, (3, 7, 1, 10), groups=10, strides=(1, 2)), act=linear()),
        Bundle("d", "c", conv(rng, (1, 1, 1, 10), groups=10, strides=(2, 1)), act=relu()),
        Bundle("e", "d", conv(rng, (2, 3, 1, 10), groups=10)),
    ]
    operations = check(graph((2, 9, 11, 10), *layers), hw, rng)
    assert [op.name for op in operations] == ["a", "b", "c", "d", "e"]
    assert all(op.loops.depthwise and op.loops.sets == 1 for op in operations)
    assert [op.loops.group for op in operations] == [3, 3, 7, 1, 3]
    assert [op.loops.ch_per_t for op in operations] == [4, 4, 1, 4, 4]
    assert [op.work.pixel_lanes(hw) for op in operations] == [hw.drain_lanes] * 2 + [1] + [hw.drain_lanes] * 2
    assert operations[1].stage.operand == "tensor"
    assert operations[0].pool
    assert operations[4].raw


def test_what_has_several_channels_a_group_is_not_depthwise(rng: np.random.Generator) -> None:
    hw = Hardware(rows=4, cols=12, x_bits=4, k_bits=4, axi_data_bits=64, depthwise=4)
    twice = Bundle("a", "input", conv(rng, (3, 3, 1, 6), groups=3), act=relu())
    operations = check(graph((1, 5, 5, 3), twice), hw, rng)
    assert [op.name for op in operations] == ["a.group0", "a.group1", "a.group2"]
    assert not any(op.loops.depthwise for op in operations)


def test_a_depthwise_kernel_wider_than_the_array_is_refused(rng: np.random.Generator) -> None:
    hw = Hardware(rows=4, cols=6, x_bits=4, k_bits=4, axi_data_bits=64, depthwise=2)
    wide = Bundle("a", "input", conv(rng, (3, 7, 1, 6), groups=6, strides=(1, 2)), act=relu())
    with pytest.raises(MappingError, match=r"bundle a: a kernel of 7 columns takes 7 columns .* the array has 6"):
        plan(graph((1, 9, 9, 6), wide), hw)


PADS = [((2, 0), (0, 2)), ((0, 2), (2, 0)), ((1, 2), (2, 1)), ((2, 2), (1, 1))]


@pytest.mark.parametrize("pads", PADS)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_rows_and_columns_of_padding(pads: tuple[tuple[int, int], ...], stride: int, rng: np.random.Generator) -> None:
    """Convolutions, pools in line and pools of their own, up to all but a row or column of a window."""
    steps = (stride, 4 - stride)
    core = conv(rng, (3, 3, 3, 5), strides=steps, padding=pads)
    net = graph(
        (2, 9, 7, 3),
        Bundle("a", "input", core, act=relu()),
        Bundle("b", "input", conv(rng, (1, 1, 3, 4)), act=linear(), pool=pool("max", (3, 3), steps, pads)),
        Bundle("c", "input", conv(rng, (2, 1, 3, 4)), act=relu(1, 2), pool=pool("avg", (3, 3), steps, pads, frac=3)),
    )
    ops = check(net, HW.model_copy(update={"weights_ram_depth": 256}), rng)
    # Of 7 columns, two on the right alone leave the last window one, in which the window before it ends, too.
    assert any(op.pool for op in ops) == (stride == 2 and pads[1] != (0, 2))
    above = pads[0][0]
    few = HW.model_copy(update={"kh_max": 3, "weights_ram_depth": 256})
    if above < 2:
        check(net, few, rng)
    else:  # the hardware has room for (kh_max - 1) / 2 rows above
        with pytest.raises(MappingError, match="bundle a: kh_max is 3, 5 is needed"):
            plan(net, few)


def up(core: Any, act: Any, factors: tuple[int, int], **parts: Any) -> Bundle:
    return Bundle("a", "input", core, act=act, upsample=factors, **parts)


@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (1, 3), (2, 3)])
@pytest.mark.parametrize("rows", [4, 7])
def test_up_sampled_rows_and_columns_are_copies(factors: tuple[int, int], rows: int, rng: np.random.Generator) -> None:
    """Of results, of pools in line and of their own; read by a convolution, beside another tensor, and flattened."""
    x8 = Quant(8, 3)
    hw = Hardware(rows=rows, cols=12, axi_data_bits=64, axi_max_burst=4)
    h, w = 9 * factors[0], 5 * factors[1]
    act, small = relu(2, bits=8), replace(pool("max", (1, 1), (2, 2)), out=Quant(8, 2))
    for parts in ({}, {"pool": small}, {"pool": replace(small, kind="avg", size=(2, 2), strides=(1, 1))}):
        strides = (1, 1) if not parts or parts["pool"].kind == "avg" else (2, 2)
        shape = (2, 9 * strides[0], 5 * strides[1], 3)
        net = graph(
            shape,
            up(conv(rng, (2, 2, 3, 5), bits=8), act, factors, **parts),
            Bundle("b", "a", conv(rng, (1, 2, 5, 4), bits=8), act=act),
            Bundle("c", ("b", "a"), conv(rng, (1, 1, 9, 2), bits=8), act=act, add=None),
            Bundle("d", "a", conv(rng, (2, 1, 5, 13), bits=8), act=act, upsample=(1, 2), flatten=True),
            Bundle("e", "d", Dense(rng.integers(-128, 128, (h * w * 2 * 13, 3)), None, Quant(8, 3), Quant(16, 3))),
            quant=x8,
        )  # fmt: skip
        ops = check(net, hw, rng)
        count = sum(".up" in op.name for op in ops if op.bundle == "a")
        assert count == factors[0] + factors[1] - 2
        assert {op.y.buffer for op in ops if op.bundle == "a" and ".up" in op.name} == {"c.input"}


def test_rows_that_share_a_byte_are_not_repeated(rng: np.random.Generator) -> None:
    net = graph((2, 5, 4, 3), up(conv(rng, (2, 2, 3, 5)), relu(), (2, 1)))
    with pytest.raises(
        MappingError, match=r"bundle a: up-sampling writes rows apart, of which 2 share a byte .* use x_bits 8, or"
    ):
        plan(net, HW)
    check(graph((2, 5, 4, 3), up(conv(rng, (2, 2, 3, 5)), relu(), (1, 3))), HW, rng)


@pytest.mark.parametrize("places", [(2, 2), (3, 1), (1, 3)])
@pytest.mark.parametrize("depth", [8, 256])  # with passes, and without
def test_depth_to_space_is_where_each_place_is_written(
    places: tuple[int, int], depth: int, rng: np.random.Generator
) -> None:
    """Read by a convolution, beside another tensor, and flattened."""
    act, (a, b) = relu(2, bits=8), places
    weights = rng.integers(-128, 128, (3, 3, 3, 4 * a * b))
    weights[:1, :, :, :4] = weights[:, 2:, :, 4:8] = weights[..., -4:] = 0  # as those of a transposed convolution
    kernel = Conv2D(weights, None, (1, 1), "same", Quant(8, 7), Quant(16, 8))
    net = graph(
        (2, 7, 5, 3),
        Bundle("a", "input", kernel, act=act, depth_to_space=places),
        Bundle("b", "a", conv(rng, (1, 2, 4, 4), bits=8), act=act),
        Bundle("c", ("b", "a"), conv(rng, (1, 1, 8, 2 * a * b), bits=8), act=act, depth_to_space=places, flatten=True),
        Bundle("d", "c", Dense(rng.integers(-128, 128, (70 * (a * b) ** 2, 3)), None, Quant(8, 3), Quant(16, 3))),
        quant=Quant(8, 3),
    )
    ops = check(net, Hardware(rows=4, cols=12, axi_data_bits=64, axi_max_burst=4, weights_ram_depth=depth), rng)
    parts = [op for op in ops if op.bundle == "a" and op.name.startswith("a.place")]
    assert {op.phase for op in parts if op.every == places} == {divmod(i, b) for i in range(a * b)}
    if depth > 8:
        assert [op.weights.shape[:2] for op in parts if op.weights is not None] == [
            {0: (2, 3), 1: (3, 2)}.get(i, (3, 3)) if i < a * b - 1 else (1, 1) for i in range(a * b)
        ]


def test_depth_to_space_behind_what_it_cannot_follow(rng: np.random.Generator) -> None:
    places = {"act": relu(bits=8), "depth_to_space": (1, 2)}
    for parts in ({"pool": replace(pool("max", (2, 2), (2, 2)), out=Quant(8, 2))}, {"add": Add("b", relu(bits=8))}):
        first = Bundle("b", "input", conv(rng, (1, 1, 3, 4), bits=8), act=relu(bits=8))
        net = graph(
            (1, 4, 4, 3), first, Bundle("a", "b", conv(rng, (1, 1, 4, 4), bits=8), **places, **parts), quant=Quant(8, 3)
        )
        with pytest.raises(MappingError, match="bundle a: depth to space stands right behind a convolution"):
            plan(net, Hardware(rows=4, cols=12))
    net = graph((2, 5, 4, 3), Bundle("a", "input", conv(rng, (2, 2, 3, 4)), act=relu(), depth_to_space=(2, 1)))
    with pytest.raises(
        MappingError, match=r"depth to space writes rows apart, of which 2 share a byte .*use x_bits 8, or"
    ):
        plan(net, HW)


@pytest.mark.parametrize("depth", [8, 256])  # with passes, and without
def test_a_range_of_channels_is_read_in_its_place(depth: int, rng: np.random.Generator) -> None:
    """Of the input, of a tensor, of tensors side by side and of a matrix; no operation copies it."""
    act = relu(2, bits=8)
    net = graph(
        (2, 7, 5, 9),
        Bundle("a", "input", conv(rng, (3, 2, 4, 6), bits=8), act=act, channels=(3, 7)),
        Bundle("b", "a", conv(rng, (1, 2, 3, 4), bits=8), act=act, channels=(3, 6)),
        Bundle("c", ("b", "a"), conv(rng, (2, 1, 5, 3), bits=8), act=act, channels=(2, 7), flatten=True),
        Bundle("d", "c", Dense(rng.integers(-128, 128, (105, 8)), None, Quant(8, 3), Quant(16, 3)), act=act),
        Bundle("e", "d", Dense(rng.integers(-128, 128, (3, 5)), None, Quant(8, 3), Quant(16, 3)), channels=(5, 8)),
        quant=Quant(8, 3),
    )
    hw = Hardware(rows=4, cols=12, axi_data_bits=64, axi_max_burst=4, weights_ram_depth=depth)
    assert not copies(check(net, hw, rng))
    with pytest.raises(
        MappingError, match=r"bundle d: a flattened tensor is read as a whole; .* before it is flattened"
    ):
        plan(graph((2, 7, 5, 9), *net.bundles[:3], replace(net.bundles[3], channels=(0, 105)), quant=Quant(8, 3)), hw)


def copies(ops: tuple[Operation, ...]) -> list[str]:
    return [op.name for op in ops if ".copy" in op.name]


@pytest.mark.parametrize("depth", [20, 256])  # with passes, and without
def test_concatenations_are_ranges_of_one_tensor(depth: int, rng: np.random.Generator) -> None:
    """Written by plain and grouped convolutions, adds and pools of every kind; read whole, and one alone."""
    net = graph(
        (2, 9, 6, 4),
        Bundle("a", "input", conv(rng, (3, 3, 4, 5)), act=relu()),
        Bundle("b", "a", conv(rng, (2, 2, 5, 10)), act=linear()),
        Bundle("c", "b", conv(rng, (1, 3, 5, 4), groups=2), act=relu(1), add=Add("input", relu())),
        Bundle(
            "d", ("a", "b", "c"), conv(rng, (3, 2, 19, 8), strides=(1, 2)), act=relu(), pool=pool("max", (2, 2), (2, 2))
        ),
        Bundle("e", "a", conv(rng, (1, 1, 5, 3), strides=(2, 4)), act=relu()),
        Bundle("f", "c", conv(rng, (1, 1, 4, 3), strides=(1, 2)), act=linear(), pool=pool("avg", (2, 2), (2, 2))),
        Bundle("g", ("d", "f", "e"), conv(rng, (3, 2, 7, 8), groups=2), act=relu(1), add=Add("d", relu())),
        Bundle("h", ("g", "e"), conv(rng, (1, 1, 11, 4)), act=relu()),
    )
    ops = check(net, HW.model_copy(update={"weights_ram_depth": depth}), rng)
    found = {op.name: op for op in ops}
    assert {op.y.buffer for op in ops if op.bundle in ("a", "b") and not op.raw} == {"d.input"}
    assert {op.k0 for op in ops if op.bundle == "b" and not op.raw} == {5}
    assert found["c.add"].y.off0 == 15
    assert copies(ops) == ["h.copy1"]  # `e` has its place beside `d` and `f`
    assert (found["e"].x.buffer, found["e"].x.seg_count, found["e"].x.seg_bytes, found["e"].x.seg_step) == (
        "d.input", 2, 5, 4 * 19,
    )  # fmt: skip


def test_a_growing_concatenation_is_one_tensor(rng: np.random.Generator) -> None:
    """As in a DenseNet: every layer reads all before it, which lies in front of its own range."""
    names = ["a", *(f"d{i}" for i in range(5))]
    net = graph(
        (1, 7, 6, 2),
        Bundle("a", "input", conv(rng, (1, 1, 2, 4)), act=relu()),
        Bundle("d0", "a", conv(rng, (3, 3, 4, 3)), act=relu()),
        *[
            Bundle(names[i], tuple(names[:i]), conv(rng, (3, 3, 3 * i + 1, 3)), act=relu()) for i in range(2, 6)
        ],
        Bundle("t", tuple(names), conv(rng, (1, 1, 19, 4)), act=relu(), pool=pool("avg", (2, 2), (2, 2))),
    )  # fmt: skip
    ops = check(net, HW.model_copy(update={"weights_ram_depth": 256}), rng)
    assert [op.name for op in ops] == [*names, "t", "t.pool"]
    assert [op.k0 for op in ops[:6]] == [0, 4, 7, 10, 13, 16]
    middle = graph((1, 7, 6, 2), *net.bundles[:4], Bundle("m", ("d0", "d1"), conv(rng, (2, 2, 6, 3)), act=relu()),
                   *net.bundles[4:])  # fmt: skip
    ops = check(middle, HW.model_copy(update={"weights_ram_depth": 256}), rng)
    (op,) = (op for op in ops if op.bundle == "m")
    assert (op.c0, op.x.buffer, copies(ops)) == (4, ops[0].y.buffer, [])


def test_what_has_its_own_place_is_copied(rng: np.random.Generator) -> None:
    """The input, a tensor that stands twice, and a residual whose range does not begin on the grid."""
    core = conv(rng, (2, 1, 10, 3))
    net = graph(
        (2, 7, 5, 2),
        Bundle("a", "input", conv(rng, (3, 3, 2, 3)), act=relu()),
        Bundle("b", ("input", "a", "input", "a"), core, act=relu(1), add=Add("a", relu())),
        Bundle("c", ("b", "a"), conv(rng, (1, 1, 6, 2)), act=relu()),
        Bundle("d", ("a", "input"), conv(rng, (1, 1, 5, 2)), act=relu()),
        Bundle("e", ("a", "b"), conv(rng, (1, 1, 6, 2)), act=relu()),
    )
    ops = check(net, HW.model_copy(update={"weights_ram_depth": 256}), rng)
    assert copies(ops) == ["b.copy0", "b.copy1", "b.copy2", "b.copy3", "c.copy1", "e.copy1"]
    places = {op.name: (op.x.buffer, op.c0, op.y.buffer) for op in ops}
    assert places["a"][2] == "e.input"  # where its range is the first
    assert places["d"] == ("b.input", 2, "d")


@pytest.mark.parametrize("channels", [16, 13])
def test_a_residual_is_a_range_that_begins_on_the_grid(channels: int, rng: np.random.Generator) -> None:
    hw = HW.model_copy(update={"axi_max_burst": 2, "weights_ram_depth": 256})
    assert hw.grid_bytes == 16
    net = graph(
        (1, 9, 4, 2),
        Bundle("a", "input", conv(rng, (1, 1, 2, channels)), act=relu()),
        Bundle("b", "input", conv(rng, (3, 1, 2, 21)), act=relu()),
        Bundle("c", "b", conv(rng, (1, 1, 21, 21)), act=relu(1), add=Add("b", relu())),
        Bundle("d", ("a", "b", "c"), conv(rng, (1, 2, channels + 42, 3)), act=relu()),
    )
    ops = check(net, hw, rng)
    assert copies(ops) == ([] if channels == 16 else ["d.copy1"])
    if channels == 16:
        (operand,) = (op.stage.o for op in ops if op.stage.o)
        assert (operand.buffer, operand.off0, operand.seg_count) == ("d.input", 16, 4)


def test_matrices_are_concatenated_too(rng: np.random.Generator) -> None:
    net = graph(
        (9, 12),
        Bundle("a", "input", dense(rng, 12, 7), act=relu()),
        Bundle("b", "a", dense(rng, 7, 25), act=linear()),
        Bundle("c", ("a", "b"), dense(rng, 32, 32), act=relu()),
        Bundle("d", ("a", "input", "c"), dense(rng, 51, 5), act=relu(1)),
        Bundle("e", "c", dense(rng, 32, 3)),
    )
    for depth in (20, 64):  # chained, a row block at a time, and not
        ops = check(net, HW.model_copy(update={"weights_ram_depth": depth}), rng)
        assert any(op.chain and op.c0 for op in ops) == (depth == 20)
        assert copies(ops) == ["c.copy0", "d.copy1"]  # the place of `a` is beside the input


def test_flattened_tensors_do_not_lie_side_by_side(rng: np.random.Generator) -> None:
    parts = [Bundle(name, "input", conv(rng, (1, 1, 2, 2)), act=relu(), flatten=True) for name in "ab"]
    net = graph((1, 3, 2, 2), *parts, Bundle("c", ("a", "b"), dense(rng, 24, 4)))
    execute(net, rng.integers(-8, 8, net.input_shape))  # it means something
    with pytest.raises(MappingError, match=r"bundle c: 'a' is flattened, .* flatten what reads the concatenation"):
        plan(net, HW)


def test_a_consumer_far_behind_reads_what_was_kept(rng: np.random.Generator) -> None:
    chain = [
        Bundle(f"m{i}", f"m{i - 1}" if i else "a", conv(rng, (3, 3, 2, 2)), act=relu()) for i in range(6)
    ]  # fmt: skip
    net = graph(
        (1, 8, 8, 2),
        Bundle("a", "input", conv(rng, (1, 3, 2, 2)), act=relu()),
        *chain,
        Bundle("z", "m5", conv(rng, (5, 5, 2, 2)), add=Add("a", relu())),
        Bundle("y", "input", conv(rng, (1, 1, 2, 2)), add=Add("z", relu())),
    )
    check(net, HW.model_copy(update={"weights_ram_depth": 256}), rng)


def test_a_network_runs_twice_without_loading_again(rng: np.random.Generator) -> None:
    net = graph((1, 6, 6, 2), *[
        Bundle(f"b{i}", f"b{i - 1}" if i else "input", conv(rng, (3, 3, 2, 2)), act=relu()) for i in range(5)
    ])  # fmt: skip
    p = plan(net, HW)
    memory = image_of(p, rng.integers(-8, 8, net.input_shape), rng)
    run(p.descriptors.tolist(), memory, p.hw)
    once = bytes(memory[p.output.offset : p.output.offset + p.output.layout.size])
    run(p.descriptors.tolist(), memory, p.hw)
    assert bytes(memory[p.output.offset : p.output.offset + p.output.layout.size]) == once


def test_the_machine_sees_faults(rng: np.random.Generator) -> None:
    net = graph((1, 6, 6, 3), Bundle("a", "input", conv(rng, (3, 3, 3, 4)), act=relu(0)), quant=Quant(4, 2))
    p = plan(net, HW)
    x = rng.integers(-8, 8, net.input_shape)
    table = p.descriptors.tolist()
    clean = image_of(p, x, rng)
    start, end = p.output.offset, p.output.offset + p.output.layout.size
    run(table, clean, p.hw)
    (op,) = p.operations
    first_weight = p.weights_offset + (1 + -(-op.loops.channels(0) * 32 // 64)) * 8
    flipped = image_of(p, x, rng)
    flipped[first_weight] ^= 4
    run(table, flipped, p.hw)
    assert flipped[start:end] != clean[start:end]
    with pytest.raises(MachineError, match="tag 0 of network"):
        run(table, image_of(p, x, rng), p.hw, net_id=p.net_id ^ 1)
    broken = image_of(p, x, rng)
    broken[p.weights_offset] ^= 1
    with pytest.raises(MachineError, match="block"):
        run(table, broken, p.hw)


def test_a_pool_of_whole_maps_is_no_operation(rng: np.random.Generator) -> None:
    """Any height on arrays whose kernels have one row; passes and a residual in front of it."""
    net = graph(
        (2, 23, 5, 9),
        Bundle("a", "input", conv(rng, (1, 3, 9, 17)), act=relu(), pool=pool("avg", (23, 5), (23, 5), frac=4)),
        Bundle("b", "input", conv(rng, (1, 1, 9, 9)), act=relu(3)),
        Bundle("c", "b", conv(rng, (1, 3, 9, 9)), add=Add("b", relu(1)), pool=pool("max", (23, 5), (1, 1), "valid", 3)),
        Bundle(
            "d", "b", conv(rng, (1, 3, 9, 9)), act=relu(1), add=Add("b", relu(2)), pool=pool("max", (23, 5), (23, 5))
        ),
    )
    hw = HW.model_copy(update={"weights_ram_depth": 8, "kh_max": 1, "sh_max": 1})
    with pytest.raises(MappingError, match=r"bundle d: kh_max is 1, 23 is needed"):  # behind an add of its own
        plan(net, hw)
    ops = check(replace(net, bundles=net.bundles[:3]), hw, rng)
    assert [op.name for op in ops] == ["a.pass0", "a.pass1", "b.pass0", "b.pass1", "c.pass0", "c.pass1"]
    assert [op.pool.kind if op.pool else "" for op in ops] == ["", "global_avg", "", "", "", "global_max"]
    assert ops[1].shape == (2, 1, 1, 17)
    none = hw.model_copy(update={"global_pool_max": 114, "kh_max": None, "sh_max": None})
    assert [op.name for op in check(replace(net, bundles=net.bundles[:1]), none, rng)][-1] == "a.pool"


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("gain", [-9, -4, -3, -1, 0, 1, 3, 7])
def test_whole_maps_at_any_binary_point(kind: str, gain: int, rng: np.random.Generator) -> None:
    if kind == "avg" and gain > 3:
        pytest.skip("an average gains three bits at most")
    quant = pool(kind, (5, 4), (1, 1), padding="valid", frac=2 + gain)
    net = graph((1, 5, 4, 3), Bundle("a", "input", conv(rng, (1, 1, 3, 40)), act=linear(2), pool=quant))
    (op,) = check(net, HW, rng)
    assert op.pool


@pytest.mark.parametrize(
    ("size", "strides", "in_line"),
    [
        *[((3, 3), (2, 2), True), ((2, 2), (2, 2), True), ((3, 1), (3, 1), True), ((1, 4), (2, 3), True)],
        *[((4, 2), (3, 2), False), ((3, 3), (1, 2), False), ((2, 3), (2, 1), False), ((2, 2), (4, 2), False)],
    ],
)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_maxima_over_windows_are_no_operation(
    size: tuple[int, int], strides: tuple[int, int], in_line: bool, padding: str, rng: np.random.Generator
) -> None:
    net = graph(
        (2, 15, 9, 3),
        Bundle("a", "input", conv(rng, (2, 2, 3, 7)), act=relu(2, 2), pool=pool("max", size, strides, padding, 1)),
        Bundle(
            "b", "input", conv(rng, (1, 1, 3, 3)), add=Add("input", relu(2)), pool=pool("max", size, strides, padding)
        ),
    )
    ops = check(net, HW, rng)
    assert [op.pool is not None for op in ops] == ([True, True] if in_line else [False] * 4)
    unequal = replace(net.bundles[1], pool=pool("max", size, strides, padding, 3))  # act2 is the add's
    assert len(check(replace(net, bundles=(unequal,)), HW, rng)) == 2


def test_pooled_columns_of_several_row_blocks_are_not_read_before_their_last_channels(rng: np.random.Generator) -> None:
    net = graph(
        (1, 8, 2, 3),
        Bundle("a", "input", conv(rng, (2, 2, 3, 7)), act=relu(), pool=pool("max", (2, 2), (2, 2))),
        Bundle("b", "a", conv(rng, (2, 1, 7, 3)), act=relu()),
    )
    ops = check(net, HW, rng)
    assert len(ops) == 2
    assert ops[0].work.results.l == ops[0].work.results.wo == 1 < ops[0].loops.l


def test_maxima_over_windows_where_the_hardware_has_them(rng: np.random.Generator) -> None:
    net = graph(
        (1, 15, 9, 3), Bundle("a", "input", conv(rng, (2, 2, 3, 40)), act=relu(), pool=pool("max", (2, 2), (2, 2)))
    )
    words = 5 * 3  # pooled columns x channels of an iteration
    for change, in_line in (
        *[({"pool_ram_depth": 16}, True), ({"pool_ram_depth": 8}, False), ({"pool_ram_depth": 0}, False)],
        *[({"rows": 3}, False), ({"rows": 2}, False), ({"rows": 15, "pool_ram_depth": 8}, False)],
        ({"rows": 16, "pool_ram_depth": 8}, True),  # nothing is carried on
    ):
        (op, *own) = check(net, HW.model_copy(update=change), rng)
        assert (op.pool is not None, len(own)) == (in_line, 1 - in_line), (change, words)
