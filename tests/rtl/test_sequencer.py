"""dsoc_sequencer: operations run in order, weights are asked for ahead, a wrong descriptor or a fault stops the run."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from deepsoc.hw.regmap import load_map, pack_descriptor
from tests.rtl.axi import Memory, ReadPort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, join
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA, TABLE, NET_ID = 0x12_0000_0000, 0x300, 0xCAFE_F00D
FAULTS = {
    "fault_read_i": "axi_read",
    "fault_write_i": "axi_write",
    "fault_weights_i": "weights",
    "fault_locked_i": "locked",
}
ERRORS = next(f for r in load_map().registers for f in r.fields_ if f.name == "error_code").values


@parameter_sets(
    {"AxiBits": 32, "MaxBurst": 16},
    {"AxiBits": 128, "MaxBurst": 16, "Resident": 1},
    slow=({"AxiBits": 128, "MaxBurst": 16}, {"AxiBits": 64, "MaxBurst": 1}, {"AxiBits": 512, "MaxBurst": 8}),
)
def test_sequencer(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_sequencer", parameters, seed=seed)


def _operation(rng: Random, tag: int) -> dict[str, int]:
    beats = rng.choice([0, rng.randrange(1, 2**32)])
    return {"tag": tag, "net_id": NET_ID, "k_addr": rng.getrandbits(32), "k_beats": beats, "ci": rng.getrandbits(32)}


class _Run:
    """Plays the datapath: takes operations and weights commands and finishes after random times.

    Attributes:
        started: (index, descriptor as a number) of every operation.
        weights: (offset, beats) of every weights command.
        ended: `error_o` at every pulse of `ended_o`.
        delays: clocks that an operation may take.
        last_faults: inputs to be raised in the clock in which an operation ends.
    """

    def __init__(self, bench: Bench, table: list[list[int]], *, stall: float) -> None:
        self.started: list[tuple[int, int]] = []
        self.weights: list[tuple[int, ...]] = []
        self.ended: list[int] = []
        self.delays = [1, 3, 200]
        self.last_faults: dict[int, Any] = {}
        self.bench = bench
        data = bytes(TABLE) + b"".join(word.to_bytes(4, "little") for words in table for word in words)
        ReadPort(bench, Memory(ARENA, data), stall=stall)
        dut = bench.dut
        payload = (dut.weights_offset_o, dut.weights_beats_o)
        bench.spawn(bench.receive(dut.weights_valid_o, dut.weights_ready_i, payload, self.weights, stall=stall))
        bench.spawn(self._operate())
        bench.spawn(self._watch())

    async def _operate(self) -> None:
        dut, bench = self.bench.dut, self.bench
        while True:
            await RisingEdge(bench.clock)
            if not int(dut.op_start_o.value):
                continue
            index = int(dut.op_index_o.value)
            self.started.append((index, int(dut.desc_o.value)))
            dut.op_finished_i.value = 0
            await bench.clocks(bench.rng.choice(self.delays))
            assert (int(dut.op_index_o.value), int(dut.desc_o.value)) == self.started[-1], "changed under way"
            dut.op_finished_i.value = 1
            if index in self.last_faults:
                self.last_faults[index].value = 1

    async def _watch(self) -> None:
        while True:
            await RisingEdge(self.bench.clock)
            dut = self.bench.dut
            if int(dut.ended_o.value):
                self.ended.append(int(dut.error_o.value))
            assert not (int(dut.stop_o.value) and int(dut.op_start_o.value)), "an operation begins after the stop"
            assert int(dut.busy_o.value) == int(dut.run_rst_no.value), "not in reset between runs, or during one"

    async def start(self, n_ops: int) -> None:
        dut = self.bench.dut
        dut.n_ops_i.value, dut.start_i.value = n_ops, 1
        await RisingEdge(self.bench.clock)
        dut.start_i.value = 0
        await self.bench.until(lambda: int(dut.busy_o.value), limit=10)


async def _bench(dut: Any, salt: object) -> Bench:
    bench = Bench(dut, salt=salt)
    zero = ("start_i", "abort_i", *FAULTS, "weights_ready_i", "arready_i", "rvalid_i")
    inputs = dict.fromkeys(zero, 0) | {"op_finished_i": 1, "written_i": 1, "settled_i": 1, "quiet_i": 1}
    await bench.start(arena_i=ARENA, table_offset_i=TABLE, net_id_i=NET_ID, n_ops_i=1, **inputs)
    return bench


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS, n_ops=[1, 2, 7])
async def runs_the_table(dut: Any, stall: float, n_ops: int) -> None:
    bench = await _bench(dut, (stall, n_ops))
    operations = [_operation(bench.rng, tag) for tag in range(n_ops)]
    table = [pack_descriptor(op) for op in operations]
    run = _Run(bench, table, stall=stall)
    for _ in range(2):  # a second run without a reset
        run.started.clear()
        run.weights.clear()
        run.ended.clear()
        await run.start(n_ops)
        await bench.until(lambda: not int(dut.busy_o.value))
        await bench.clocks(20)
        expect_equal(run.started, [(i, join(words, 32)) for i, words in enumerate(table)], "operation")
        expected = [(op["k_addr"], op["k_beats"]) for op in operations if op["k_beats"]]
        expect_equal(run.weights, expected, "weights command")
        assert run.ended == [0]
        assert int(dut.op_index_o.value) == n_ops - 1
    bench.stop()


def _flipped_bit(rng: Random, words: list[int]) -> list[int]:
    words = list(words)
    words[rng.randrange(len(words))] ^= 1 << rng.randrange(32)
    return words


def _other_magic(rng: Random, words: list[int]) -> list[int]:
    """A whole descriptor of something else: its checksum holds."""
    magic, checksum = load_map().field("magic"), load_map().field("checksum")
    bit = 1 << magic.lsb + rng.randrange(magic.width)
    words = list(words)
    words[magic.word] ^= bit
    words[checksum.word] ^= bit
    return words


_WRONG: dict[str, tuple[str, Callable[[Random, dict[str, int]], list[int]]]] = {
    "a flipped bit": ("magic", lambda rng, op: _flipped_bit(rng, pack_descriptor(op))),
    "zeros": ("magic", lambda rng, op: [0] * load_map().descriptor_words),
    "another magic": ("magic", lambda rng, op: _other_magic(rng, pack_descriptor(op))),
    "another network": ("net_id", lambda rng, op: pack_descriptor(op | {"net_id": NET_ID ^ 1})),
    "stale": ("order", lambda rng, op: pack_descriptor(op | {"tag": op["tag"] + 1})),
}


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(wrong=list(_WRONG), at=[0, 2])
async def stops_at_a_wrong_descriptor(dut: Any, wrong: str, at: int) -> None:
    bench = await _bench(dut, (wrong, at))
    operations = [_operation(bench.rng, tag) for tag in range(4)]
    table = [pack_descriptor(op) for op in operations]
    code, damage = _WRONG[wrong]
    table[at] = damage(bench.rng, operations[at])
    run = _Run(bench, table, stall=0.3)
    await run.start(4)
    await bench.until(lambda: not int(dut.busy_o.value))
    await bench.clocks(100)
    assert run.ended == [ERRORS[code]]
    assert int(dut.op_index_o.value) == at
    assert [index for index, _ in run.started] == list(range(at))
    expected = [(op["k_addr"], op["k_beats"]) for op in operations[:at] if op["k_beats"]]
    expect_equal(run.weights, expected, "weights command")
    bench.stop()


async def _two_operations(dut: Any, salt: object) -> tuple[Bench, _Run]:
    bench = await _bench(dut, salt)
    run = _Run(bench, [pack_descriptor(_operation(bench.rng, tag)) for tag in range(2)], stall=0)
    run.delays = [100]
    return bench, run


async def _drain(bench: Bench, run: _Run) -> None:
    """Checks that the run is not over while transfers are outstanding, and is with the last of them."""
    dut = bench.dut
    await bench.until(lambda: int(dut.stop_o.value), limit=10)
    await bench.clocks(300)
    assert int(dut.busy_o.value)
    assert int(dut.stop_o.value)
    assert run.ended == []
    dut.quiet_i.value = 1
    await bench.until(lambda: not int(dut.busy_o.value), limit=4)
    assert not int(dut.run_rst_no.value)
    await bench.clocks(3)


async def _runs_again(bench: Bench, run: _Run) -> None:
    """A whole run after everything else."""
    run.ended.clear()
    run.started.clear()
    run.last_faults = {}
    await run.start(2)
    await bench.until(lambda: run.ended, limit=2_000)
    assert run.ended == [0]
    assert [index for index, _ in run.started] == [0, 1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(fault=list(FAULTS), finishing=[False, True], quiet=[False, True])
async def stops_at_a_fault(dut: Any, fault: str, finishing: bool, quiet: bool) -> None:
    """In the last operation: while it runs, or in the clock in which it ends, as when its last write fails."""
    bench, run = await _two_operations(dut, (fault, finishing, quiet))
    signal = getattr(dut, fault)
    if finishing:
        run.last_faults = {1: signal}
    await run.start(2)
    dut.quiet_i.value = int(quiet)
    await bench.until(lambda: len(run.started) == 2)
    if not finishing:
        await bench.clocks(50)
        signal.value = 1
    if not quiet:
        await bench.until(lambda: int(signal.value), limit=200)
        await _drain(bench, run)
    await bench.until(lambda: run.ended, limit=200)
    await bench.clocks(300)
    signal.value = 0
    assert run.ended == [ERRORS[FAULTS[fault]]]
    assert int(dut.op_index_o.value) == 1
    assert len(run.started) == 2
    await _runs_again(bench, run)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(after=[1, 2, 3, 4, 20, 60, 150], error_first=[False, True])
async def can_be_aborted(dut: Any, after: int, error_first: bool) -> None:
    """Whatever the run is at, and also while it drains after an error; nothing is told of it."""
    bench, run = await _two_operations(dut, (after, error_first))
    dut.n_ops_i.value, dut.start_i.value = 2, 1
    await RisingEdge(bench.clock)
    dut.start_i.value, dut.quiet_i.value = 0, 0
    await bench.clocks(after)
    if error_first:
        dut.fault_read_i.value = 1
        await bench.clocks(1)
        dut.fault_read_i.value = 0
        await bench.clocks(after)
    dut.abort_i.value = 1
    await bench.clocks(1)
    dut.abort_i.value = 0
    started = len(run.started)
    await _drain(bench, run)
    await bench.clocks(100)
    assert run.ended == []
    assert len(run.started) == started
    await _runs_again(bench, run)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_for_reads_that_nobody_needed(dut: Any) -> None:
    """A table that asks for more than it uses: the run is done, after the last beat."""
    bench, run = await _two_operations(dut, "")
    await run.start(2)
    dut.quiet_i.value = 0
    await bench.until(lambda: len(run.started) == 2)
    await bench.clocks(100)
    await _drain(bench, run)
    assert run.ended == [0]
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(
    wrong=[("n_ops_i", 0, "empty"), ("arena_i", ARENA + 2048, "alignment"), ("table_offset_i", 128, "alignment")]
)
async def refuses_to_start(dut: Any, wrong: tuple[str, int, str]) -> None:
    name, value, code = wrong
    bench, run = await _two_operations(dut, name)
    signal = getattr(dut, name)
    right = int(signal.value)
    dut.n_ops_i.value = 2
    signal.value, dut.start_i.value = value, 1
    await RisingEdge(bench.clock)
    dut.start_i.value = 0
    await bench.clocks(100)
    assert run.ended == [ERRORS[code]]
    assert run.started == []
    signal.value = right
    await _runs_again(bench, run)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(after=[1, 2, 3, 50, 150])
async def ignores_a_start_during_a_run(dut: Any, after: int) -> None:
    bench, run = await _two_operations(dut, after)
    await run.start(2)
    await bench.clocks(after)
    dut.start_i.value = 1
    await bench.clocks(1)
    dut.start_i.value = 0
    await bench.until(lambda: run.ended, limit=2_000)
    await bench.clocks(100)
    assert run.ended == [0]
    assert [index for index, _ in run.started] == [0, 1]
    bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS[:2])
async def loads_resident_weights_once(dut: Any, stall: float) -> None:
    """Before those of the operation, until the run is done; again behind another network's, a reset, or an error."""
    bench = await _bench(dut, stall)
    networks = {name: (NET_ID + i, TABLE + 2 * 256 * i) for i, name in enumerate(("a", "b", "none"))}
    operations = {}
    for name, (net_id, _) in networks.items():
        loads = name != "none"
        operations[name] = [
            _operation(bench.rng, tag)
            | {
                "net_id": net_id,
                "k_beats": 5,
                "load_addr": bench.rng.getrandbits(32),
                "load_beats": 7 * loads * (1 - tag),
            }
            for tag in range(2)
        ]
    run = _Run(bench, [pack_descriptor(op) for ops in operations.values() for op in ops], stall=stall)
    run.delays = [30]

    async def runs(name: str, *, loads: bool, fault: bool = False) -> None:
        dut.net_id_i.value, dut.table_offset_i.value = networks[name]
        run.weights.clear()
        run.ended.clear()
        run.started.clear()
        await run.start(2)
        if fault:
            await bench.until(lambda: len(run.started) == 2)
            dut.fault_read_i.value = 1
        await bench.until(lambda: run.ended)
        dut.fault_read_i.value = 0
        await bench.clocks(100)
        assert run.ended == [ERRORS["axi_read"] if fault else 0]
        wanted = [(op["k_addr"], op["k_beats"]) for op in operations[name]]
        first = operations[name][0]
        if loads and "Resident" in PARAMETERS:
            wanted.insert(0, (first["load_addr"], first["load_beats"]))
        expect_equal(run.weights, wanted, f"weights command of network {name}")

    await runs("a", loads=True, fault=True)
    await runs("a", loads=True)
    await runs("a", loads=False)
    await runs("none", loads=False)
    await runs("a", loads=False, fault=True)
    await runs("a", loads=False)
    await runs("b", loads=True)
    await runs("a", loads=True)
    dut.abort_i.value = 1
    await bench.clocks(1)
    dut.abort_i.value = 0
    await bench.clocks(5)
    await runs("a", loads=True)
    await runs("a", loads=False)
    bench.stop()
