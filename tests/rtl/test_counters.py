"""dsoc_counters: every clock's cause and every beat, of runs that end well or not, read while they go on and after."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import cocotb
from cocotb.triggers import ReadWrite, RisingEdge

from deepsoc.hw.regmap import load_map
from tests.rtl.bench import PARAMETERS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

_OFFSETS = {r.name.removeprefix("COUNT_"): r.offset for r in load_map().registers if r.name.startswith("COUNT_")}
NAMES = {name: (offset - _OFFSETS["CLOCKS"]) // 4 for name, offset in _OFFSETS.items() if name != "OPERATION"}
BEATS = ("x", "k", "o", "y")
BODY = ("ARRAY", "PIXELS", "WEIGHTS", "OPERANDS", "RESULTS", "OUTPUTS")
_INPUTS = (
    *("start", "busy", "op_done", "active", "step", "first", "px_valid", "lacks_pixels", "lacks_weights"),
    *("lacks_operand", "blocked", "finished", *(f"{port}_beat" for port in BEATS), "read", "row", "counter"),
)
_LAG = 45  # clocks that the word of a running operation may be behind


@parameter_sets({"Depth": 2}, {"Depth": 8}, slow=({"Depth": 64},))
def test_counters(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_counters", parameters, seed=seed)


class _Machine:
    """An accelerator that says what it does, and counts it; each call of `clock` is one clock.

    Attributes:
        rows: counts by operation of the run.
        reads: probability of a read in a clock.
        age: clocks of the operation that runs.
    """

    def __init__(self, bench: Bench, reads: float) -> None:
        self.bench, self.reads = bench, reads
        self.rows: list[Counter[str]] = []
        self.running = False
        self._history: deque[Counter[str]] = deque(maxlen=_LAG)
        self._asked: tuple[int, str, bool] | None = None  # operation, counter, and whether it still counts
        self._last_read = 0
        self.age = 0
        self._found = 0
        self._inputs = dict.fromkeys(_INPUTS, 0)

    async def clock(self, cause: str = "", *, beats: str = "", done: bool = False, **inputs: int) -> None:
        """One clock of a run that goes on, of which the cause is known.

        Args:
            cause: the counter besides CLOCKS that counts it.
            beats: ports that move one.
            done: it is the operation's last.
            inputs: what the accelerator shows.
        """
        self.age += 1
        mine = self.rows[-1]
        mine["CLOCKS"] += 1
        mine[cause] += 1
        for port in beats:
            mine[f"{port.upper()}_BEATS"] += 1
        await self._edge(busy=1, op_done=int(done), **inputs, **{f"{port}_beat": 1 for port in beats})
        if done:
            self.next()

    def next(self) -> None:
        """The next operation begins."""
        self.rows.append(Counter())
        self._history.clear()
        self.age = 0

    async def start(self) -> None:
        """A run begins."""
        self.rows = []
        self.next()
        self._asked = None
        await self._edge(reads=0.0, start=1)
        self.running = True

    async def rest(self, clocks: int) -> None:
        """No run goes on; what the ports do does not count. A read in the first clock comes before the last round."""
        for _ in range(clocks):
            noise = {name: self.bench.rng.randrange(2) for name in ("active", "step", "x_beat", "k_beat", "finished")}
            await self._edge(**noise)
            self.running = False

    async def read_all(self) -> None:
        """Compares every row that is kept, also that of an operation that was stopped."""
        last = len(self.rows) - (not self.rows[-1])
        for index in reversed(range(max(0, last - PARAMETERS["Depth"]), last)):
            for name in reversed(NAMES):  # what is written last is read first
                found = self._found
                while self._found == found:
                    await self._edge(reads=1.0, want=(index, name))

    async def _edge(self, *, reads: float | None = None, want: tuple[int, str] | None = None, **inputs: int) -> None:
        dut = self.bench.dut
        await RisingEdge(self.bench.clock)
        await ReadWrite()
        if self._asked is not None and self._last_read == 1:
            self._compare(*self._asked, int(dut.data_o.value))
            self._asked = None
        self._history.append(self.rows[-1].copy() if self.rows else Counter())
        self._last_read += 1
        ready = int(dut.ready_o.value) and self.rows and self._last_read >= 4
        if ready and self.bench.chance(self.reads if reads is None else reads):
            first = max(0, len(self.rows) - PARAMETERS["Depth"])
            index, name = want or (self.bench.rng.randrange(first, len(self.rows)), self.bench.rng.choice([*NAMES]))
            self._asked = (index, name, self.running and index == len(self.rows) - 1)
            self._last_read = 0
            inputs |= {"row": index % PARAMETERS["Depth"], "counter": NAMES[name], "read": 1}
        for name in _INPUTS:
            if (value := inputs.get(name, 0)) != self._inputs[name]:
                self._inputs[name] = value
                getattr(dut, f"{name}_i").value = value

    def _compare(self, index: int, name: str, counting: bool, value: int) -> None:
        self._found += 1
        what = f"{name} of operation {index} of {len(self.rows)}"
        if not counting:
            if self.rows[index]:
                assert value == self.rows[index][name], f"{what}: {value}, expected {self.rows[index][name]}"
        elif len(self._history) == _LAG:  # its first words are there
            low, high = self._history[0][name], self.rows[index][name]
            assert low <= value <= high, f"{what}: {value}, expected {low} … {high}"


def _body(bench: Bench, cause: str) -> dict[str, int]:
    """What the array and the results show in a clock of that cause; what does not matter is random."""
    any_, held = bench.rng.randrange(2), cause in ("OPERANDS", "RESULTS", "OUTPUTS")
    waiting = {"lacks_operand": int(cause == "OPERANDS"), "blocked": int(cause == "OUTPUTS")}
    free = {"lacks_operand": bench.rng.randrange(2), "blocked": bench.rng.randrange(2)}
    return {
        "active": 1, "step": int(cause == "ARRAY"), "first": any_ if cause == "ARRAY" else 0,
        "px_valid": int(cause != "PIXELS" and any_), "lacks_pixels": int(cause == "PIXELS"),
        "lacks_weights": int(cause == "WEIGHTS"), "finished": bench.rng.randrange(2), **(waiting if held else free),
    }  # fmt: skip


async def _operation(bench: Bench, machine: _Machine) -> None:
    """From the first clock to the last acknowledgement, at least as slow as the accelerator."""
    rng = bench.rng
    ports = lambda names: "".join(p for p in names if rng.random() < 0.6)  # noqa: E731
    for at in range(rng.randrange(9, 30)):
        beats = ports("k") + (ports("xo") if at >= 6 else "")
        if at >= 2 and rng.random() < 0.2:  # the array gets ready
            await machine.clock("ARRAY", beats=beats, active=1, step=1)
        elif rng.random() < 0.5:
            lacks = rng.choice(["lacks_pixels", "lacks_weights"])
            await machine.clock(beats=beats, active=1, **{lacks: 1})  # the first pixels: nothing is blamed
        else:
            await machine.clock(beats=beats, finished=rng.randrange(2))
    for _ in range(rng.randrange(6)):  # pixels are there and weights are not
        await machine.clock("WEIGHTS", beats=ports("kx"), active=1, lacks_weights=1, px_valid=1)
    await machine.clock("ARRAY", beats=ports("kxo"), active=1, step=1, first=1, px_valid=1)
    for _ in range(rng.choice([0, 0, 3, 10, 60])):
        cause = rng.choice(BODY if machine.age >= 14 else BODY[:3])  # the first result has a way to go
        for _ in range(rng.randrange(1, 20)):
            await machine.clock(cause, beats=ports(BEATS), **_body(bench, cause))
    for _ in range(rng.randrange(5, 14)):
        await machine.clock("END", beats=ports("kxoy"), lacks_operand=rng.randrange(2), blocked=rng.randrange(2))
    for left in reversed(range(rng.randrange(2, 20))):
        await machine.clock("WRITES", beats=ports("ky"), finished=1, done=left == 0)


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(reads=(0.0, 0.1, 1.0))
async def counts_operations(dut: Any, reads: float) -> None:
    bench = Bench(dut, salt=reads)
    await bench.start(**{f"{name}_i": 0 for name in _INPUTS})
    machine = _Machine(bench, reads)
    for _ in range(4):
        await machine.start()
        for _ in range(bench.rng.randrange(1, 2 * min(PARAMETERS["Depth"], 8))):
            await _operation(bench, machine)
        await machine.rest(bench.rng.choice([1, 5, 50]))
        await machine.read_all()
        if bench.chance(0.5):
            await machine.start()  # and nothing of it is read
            await machine.clock(beats="k")
            await machine.rest(1)
    bench.stop()


@cocotb.test(timeout_time=4, timeout_unit="ms")
@cocotb.parametrize(reads=(0.0, 0.3))
async def keeps_what_a_stopped_run_counted(dut: Any, reads: float) -> None:
    """The run ends in the midst of an operation, also in the round that closes the one before."""
    bench = Bench(dut, salt=reads)
    await bench.start(**{f"{name}_i": 0 for name in _INPUTS})
    machine = _Machine(bench, reads)
    for clocks in (*range(1, 18), 40, 100):
        await machine.start()
        await _operation(bench, machine)
        for _ in range(clocks):
            await machine.clock(beats="k" if bench.chance(0.5) else "")
        await machine.rest(1)
        await machine.read_all()
    bench.stop()
