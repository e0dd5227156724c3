"""States of the array in the RTL's trace: the same, clock by clock, as those computed from the dataflow."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepsoc.assets import rtl_module
from deepsoc.errors import InputError
from deepsoc.export import Artifacts, export
from deepsoc.graph.ir import Graph
from deepsoc.hw import Hardware
from deepsoc.mapping import ArrayStates, Plan, array_steps, operation_input, plan, step_indices
from deepsoc.mapping.steps import CONFIG, MAC, SHIFT
from deepsoc.perf import layers_of
from deepsoc.sim import read_states, simulate
from deepsoc.sim.states import CONTROLLER_STATES
from deepsoc.viz import activity
from tests.mapping.nets import Bundle, conv, dense, graph, relu
from tests.sim.test_simulate import HW

FIELDS = ("events", "zero", "pixels", "weights", "sums", "leaves")

pytestmark = pytest.mark.xdist_group("simulator")


def net(bits: int) -> Graph:
    """Overlapping and strided windows, decimation, passes, a flattened and a chained dense layer; no weight is 0."""
    rng = np.random.default_rng(1)
    act = relu(0, slope_log2=1, bits=bits)
    shapes = (((3, 3, 2, 5), (1, 1)), ((3, 2, 5, 24), (2, 2)), ((3, 3, 24, 7), (1, 1)), ((1, 1, 7, 6), (2, 1)))
    cores = [conv(rng, shape, strides=strides, bits=bits) for shape, strides in shapes]
    cores += [dense(rng, 6 * 2 * 3, 70), dense(rng, 70, 5)]
    cores = [replace(core, weights=np.where(core.weights == 0, 1, core.weights)) for core in cores]
    cores = [replace(core, k_quant=replace(core.k_quant, bits=bits)) for core in cores]
    quant = replace(act.out, frac=2)
    names = ("input", "overlap", "strided", "passes", "decimated", "flat", "chained")
    layers = [
        Bundle(name, source, core, act, flatten=name == "decimated")
        for source, name, core in zip(names, names[1:], cores, strict=False)
    ]
    return graph((2, 8, 6, 2), *layers, quant=quant)


@pytest.fixture(scope="module", params=["8 bit", pytest.param("4 bit", marks=pytest.mark.slow)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Artifacts]:
    hw = HW if request.param == "8 bit" else Hardware(rows=3, cols=10, x_bits=4, k_bits=4, weights_ram_depth=40)
    folder = tmp_path_factory.mktemp("states") / "out"
    integers = net(hw.x_bits)
    x = np.random.default_rng(2).integers(1, 1 << (hw.x_bits - 1), integers.input_shape)
    export(integers, hw, folder, x=x)
    # Stalls of every kind: they must not show.
    simulate(folder, trace=True, stall_prob=0.3, mem_latency=5, seed=3).raise_for_mismatch()
    return plan(integers, hw), Artifacts.load(folder)


def both(run: tuple[Plan, Artifacts], index: int) -> tuple[ArrayStates, ArrayStates]:
    """Computed and traced states of an operation."""
    found, export = run
    source = operation_input(found, index, export.input())
    computed = array_steps(found.operations[index], found.hw, source)
    return computed, read_states(export.path / "trace.fst", found.hw, index)


def test_the_trace_shows_the_computed_states(run):
    found, _ = run
    for index, op in enumerate(found.operations):
        computed, traced = both(run, index)
        rows = op.loops.y_rows if op.flat else found.hw.rows  # without a batch element a row holds anything
        for field in FIELDS:
            a, b = getattr(computed, field), getattr(traced, field)
            if field in ("pixels", "sums"):
                a, b = a[:, :rows], b[:, :rows]
            assert np.array_equal(a, b), (op.name, field)
        assert computed.group == traced.group
    assert {op.chain for op in found.operations} == {False, True}


def test_the_map_of_utilization_is_the_trace(run):
    """Clocks of configuration, products and shifts in one order, and the columns and rows that work in each."""
    found, _ = run
    layers = {layer.name: layer for layer in layers_of(found.graph)}
    seen = set()
    for index, op in enumerate(found.operations):
        if op.name not in layers or op.chain:
            continue  # a pass, or clocks for chained blocks
        _, traced = both(run, index)
        by_row, by_column = activity(layers[op.name], rows=found.hw.rows, cols=found.hw.cols, stop=1 << 16)
        assert by_row.shape[1] == len(traced), op.name
        assert not (by_row.any(axis=0) & by_column.any(axis=0))[traced.events != MAC].any(), op.name
        products = traced.events == MAC
        assert np.array_equal(by_column.T[products], traced.useful()[products]), op.name
        if index == 0:  # its pixels are not 0
            row = step_indices(op, found.hw)[:, 2:3] * found.hw.rows + np.arange(found.hw.rows)
            assert np.array_equal(by_row.T, (traced.pixels != 0) & (row < op.loops.y_rows))
        assert (traced.events == SHIFT).sum() == (
            op.loops.w * op.loops.t * op.loops.n * op.loops.l if op.loops.kw > 1 else 0
        )
        assert (traced.events == CONFIG).sum() == op.loops.t
        seen.add(op.name)
    assert seen == {"overlap", "strided", "decimated", "flat"}


@pytest.mark.parametrize(
    ("index", "says"), [(99, "index: the trace holds N operations, received 99"), (-1, "received -1")]
)
def test_operations_that_are_not_there(run, index, says):
    found, export = run
    with pytest.raises(InputError, match=says.replace("N", str(len(found.operations)))):
        read_states(export.path / "trace.fst", found.hw, index)


def test_what_is_no_trace(run, tmp_path: Path):
    found, _ = run
    (tmp_path / "trace.fst").write_bytes(b"no trace")
    with pytest.raises(InputError, match="expected a complete FST trace"):
        read_states(tmp_path / "trace.fst", found.hw, 0)
    with pytest.raises(InputError, match="cannot read the trace"):
        read_states(tmp_path / "gone.fst", found.hw, 0)
    export = run[1].path / "trace.fst"
    with pytest.raises(
        InputError,
        match=r"the trace lacks TOP\.dsoc_top\.i_core\.i_engine\.i_array\.gen_portable\.gen_row.*at most 32 columns",
    ):
        read_states(export, found.hw.model_copy(update={"cols": 99}), 0)


def test_the_states_are_those_of_the_controller() -> None:
    source = rtl_module("dsoc_controller").read_text(encoding="utf-8")
    codes = {
        name: int(code, 2) for name, code in re.findall(r"^    ([A-Z][a-z]+) = 3'b([01]{3})", source, re.MULTILINE)
    }
    titles = {"Idle": "idle", "Config": "configure", "Shift": "shift", "Chain": "chain", "Mac": "products"}
    assert {titles[name]: code for name, code in codes.items()} == {
        title: i for i, title in enumerate(CONTROLLER_STATES)
    }
    assert (codes["Config"], codes["Chain"]) == (CONTROLLER_STATES.index("configure"), CONTROLLER_STATES.index("chain"))
