"""Windows of a trace: beats of the lanes are the bytes that the simulation counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.export import export
from deepsoc.sim import SimResult, simulate
from deepsoc.widgets.runs._wave import MOST_CLOCKS, Wave
from tests.mapping.nets import Bundle, conv, dense, graph, relu
from tests.sim.test_simulate import HW

pytestmark = pytest.mark.xdist_group("simulator")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SimResult:
    rng = np.random.default_rng(4)
    act = relu(0, slope_log2=1, bits=HW.x_bits)
    first = Bundle("first", "input", conv(rng, (3, 3, 2, 4), bits=HW.k_bits), act, flatten=True)
    net = graph((1, 4, 3, 2), first, Bundle("second", "first", dense(rng, 48, 5), act), quant=act.out)
    folder = tmp_path_factory.mktemp("wave") / "out"
    export(net, HW, folder)
    return simulate(folder, trace=True, stall_prob=0.2, mem_latency=3, seed=1)


def lanes(wave: Wave, begin: int, count: int) -> dict[str, list[str]]:
    """Text of every clock, by lane."""
    return {
        lane["name"]: [text for _, length, text in lane["runs"] for _ in range(length)]
        for lane in wave.window(begin, count)
    }


def test_beats_are_the_bytes_and_operations_the_clocks_that_were_counted(run: SimResult) -> None:
    wave = Wave(run.trace)
    whole: dict[str, list[str]] = {}
    for begin in range(0, wave.clocks, MOST_CLOCKS):
        count = min(MOST_CLOCKS, wave.clocks - begin)
        for name, texts in lanes(wave, begin, count).items():
            assert len(texts) == count
            whole.setdefault(name, []).extend(texts)
    assert HW.weights_ports == 2  # weights come by the operands' port as well, and count once
    for names, ports in ((["pixels"], "x"), (["weights", "operands"], "ko"), (["outputs"], "y")):
        beats = sum(whole[name].count("beat") for name in names)
        assert beats * HW.axi_bytes == sum(getattr(op, f"{port}_bytes") for op in run.operations for port in ports), (
            names
        )
    assert whole["outputs"].count("stalled") > 0
    assert len(wave.operations) == len(run.operations)
    for index, (first, last) in enumerate(wave.operations):
        assert whole["start"][first] == "1"
        assert whole["done"][last] == "1"
        begins = next((begin for begin, _ in wave.operations[index + 1 :]), last + 1)  # the next one
        assert set(whole["operation"][first : min(last + 1, begins)]) == {str(index)}
    assert whole["start"].count("1") == len(run.operations)
    assert "products" in whole["array"]


def test_a_window_stays_inside_the_run(run: SimResult) -> None:
    wave = Wave(run.trace)
    assert lanes(wave, 10**9, 50) == lanes(wave, wave.clocks - 50, 50)
    assert lanes(wave, -5, 50) == lanes(wave, 0, 50)
    assert len(lanes(wave, 0, 10**9)["start"]) == min(MOST_CLOCKS, wave.clocks)


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "trace.fst"
    with pytest.raises(InputError, match=r"trace\.fst: cannot read the trace"):
        Wave(file)
    file.write_bytes(b"half of it")
    with pytest.raises(InputError, match="expected a complete FST trace"):
        Wave(file)
