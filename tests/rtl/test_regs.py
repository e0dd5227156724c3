"""dsoc_regs through an AXI4-Lite master, against registers.toml."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import cocotb
from cocotb.triggers import ReadOnly, ReadWrite, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiLiteReadBus, AxiLiteWriteBus
from cocotbext.axi.axil_channels import AxiLiteARBus, AxiLiteAWBus, AxiLiteBBus, AxiLiteRBus, AxiLiteWBus

from deepsoc.hw.regmap import load_map
from tests.rtl.axi import ports
from tests.rtl.bench import PARAMETERS, STALLS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

MAP = load_map()
REGISTERS = {r.name: r for r in MAP.registers}
WRITABLE = {"ARENA_LO": 32, "ARENA_HI": 32, "DESC_OFFSET": 32, "N_OPS": 16, "NET_ID": 32}


@parameter_sets(
    {"Rows": 7, "Cols": 30, "XBits": 4, "KBits": 8, "ParamsHash": 0x9ABCDEF0, "CountersDepth": 32, "AddrBits": 40},
    {"Rows": 1, "Cols": 1, "XBits": 2, "KBits": 2, "ParamsHash": 0, "CountersDepth": 0, "AddrBits": 40},
    slow=(
        {"Rows": 8, "Cols": 24, "XBits": 8, "KBits": 2, "ParamsHash": 0x12345678, "CountersDepth": 2, "AddrBits": 64},
    ),
)
def test_regs(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_regs", parameters, seed=seed)


class _Registers:
    """The module behind a master that pauses at random on every channel."""

    def __init__(self, bench: Bench, stall: float) -> None:
        dut = bench.dut
        names = (
            *("awaddr", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready"),
            *("araddr", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"),
        )
        view = SimpleNamespace(**vars(ports(dut, *names)), _name="registers", _log=dut._log)
        write = AxiLiteWriteBus(AxiLiteAWBus(view), AxiLiteWBus(view), AxiLiteBBus(view))
        read = AxiLiteReadBus(AxiLiteARBus(view), AxiLiteRBus(view))
        master = AxiLiteMaster(AxiLiteBus(write, read), dut.clk_i, dut.rst_ni, reset_active_level=False)
        w, r = master.write_if, master.read_if
        for channel in (w.aw_channel, w.w_channel, w.b_channel, r.ar_channel, r.r_channel):
            channel.set_pause_generator(cycle([bench.chance(stall) for _ in range(97)] + [False]))
        self._master = master

    async def read(self, name: str) -> int:
        return await self.read_at(REGISTERS[name].offset)

    async def read_at(self, offset: int) -> int:
        return int.from_bytes((await self._master.read(offset, 4)).data, "little")

    async def write(self, name: str, value: int, *, first: int = 0, count: int = 4) -> None:
        data = value.to_bytes(4, "little")[first : first + count]
        await self._master.write(REGISTERS[name].offset + first, data)

    async def field(self, register: str, name: str) -> int:
        f = next(f for f in REGISTERS[register].fields_ if f.name == name)
        return (await self.read(register) & f.mask) >> f.lsb


def _bit(register: str, name: str) -> int:
    return next(f for f in REGISTERS[register].fields_ if f.name == name).mask


async def _start(dut: Any, salt: object, stall: float) -> tuple[Bench, _Registers]:
    bench = Bench(dut, salt=salt)
    registers = _Registers(bench, stall)
    await bench.start(busy_i=0, ended_i=0, error_i=0, op_index_i=0, count_ready_i=1, count_i=0)
    return bench, registers


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS)
async def keeps_what_is_written(dut: Any, stall: float) -> None:
    bench, registers = await _start(dut, stall, stall)
    values = dict.fromkeys(WRITABLE, 0)
    for _ in range(40):
        name = bench.rng.choice(list(WRITABLE))
        first = bench.rng.randrange(4)
        count, value = bench.rng.randrange(1, 5 - first), bench.rng.getrandbits(32)
        await registers.write(name, value, first=first, count=count)
        mask = ((1 << 8 * count) - 1) << 8 * first
        values[name] = (values[name] & ~mask | value & mask) & ((1 << WRITABLE[name]) - 1)
        other = bench.rng.choice(list(WRITABLE))
        assert await registers.read(other) == values[other], other
    arena = values["ARENA_HI"] << 32 | values["ARENA_LO"]
    assert int(dut.arena_o.value) == arena & ((1 << PARAMETERS["AddrBits"]) - 1)
    assert int(dut.table_offset_o.value) == values["DESC_OFFSET"]
    assert int(dut.n_ops_o.value) == values["N_OPS"]
    assert int(dut.net_id_o.value) == values["NET_ID"]
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def tells_its_identity(dut: Any) -> None:
    bench, registers = await _start(dut, "", 0.3)
    dut.op_index_i.value = 0xABCD
    assert await registers.field("ID", "magic") == MAP.id_magic
    assert await registers.field("ID", "map_version") == MAP.map_version
    for field, parameter in (("rows", "Rows"), ("cols", "Cols"), ("x_bits", "XBits"), ("k_bits", "KBits")):
        assert await registers.field("GEOMETRY", field) == PARAMETERS[parameter], field
    assert await registers.read("PARAMS_HASH") == PARAMETERS["ParamsHash"]
    assert await registers.read("OP_INDEX") == 0xABCD
    bench.stop()


async def _counters(bench: Bench, stall: float) -> None:
    """dsoc_counters: the word of a row and a counter, two clocks after the read, which waits until it is ready."""
    dut = bench.dut
    while True:
        await RisingEdge(bench.clock)
        await ReadWrite()
        dut.count_ready_i.value = int(not bench.chance(stall))
        await ReadOnly()
        asked = int(dut.count_read_o.value)
        word = _word(int(dut.count_row_o.value), int(dut.counter_o.value)) if asked else bench.rng.getrandbits(32)
        await RisingEdge(bench.clock)
        await ReadWrite()
        dut.count_i.value, dut.count_ready_i.value = bench.rng.getrandbits(32), asked
        await ReadOnly()
        assert not (asked and int(dut.count_read_o.value)), "read twice"
        await RisingEdge(bench.clock)
        await ReadWrite()
        dut.count_i.value, dut.count_ready_i.value = word, 0


def _word(row: int, counter: int) -> int:
    return 0x5A00_0000 | row << 8 | counter


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS)
async def shows_counters(dut: Any, stall: float) -> None:
    """Those of the chosen row, of the last ones; between them other registers, and writes that go on."""
    bench, registers = await _start(dut, stall, stall)
    bench.spawn(_counters(bench, stall))
    depth = PARAMETERS["CountersDepth"]
    names = [name for name in REGISTERS if name.startswith("COUNT_") and name != "COUNT_OPERATION"]
    for index in range(40):
        row = bench.rng.randrange(1 << 16)
        await registers.write("COUNT_OPERATION", row)
        assert await registers.read("COUNT_OPERATION") == (row % depth if depth else 0)
        name = names[index % len(names)]
        counter = (REGISTERS[name].offset - REGISTERS[names[0]].offset) // 4
        assert await registers.read(name) == (_word(row % depth, counter) if depth else 0), name
        await registers.write("NET_ID", row)
        assert await registers.read("NET_ID") == row
    assert await registers.read_at(REGISTERS[names[-1]].offset + 4) == 0
    bench.stop()


async def _count_pulses(bench: Bench, signal: Any, counts: dict[str, int], name: str) -> None:
    while True:
        await RisingEdge(bench.clock)
        counts[name] += int(signal.value)


async def _end(bench: Bench, error: int = 0) -> None:
    """The end of a run, as the sequencer tells it."""
    bench.dut.ended_i.value, bench.dut.error_i.value, bench.dut.busy_i.value = 1, error, 0
    await bench.clocks(1)
    bench.dut.ended_i.value = 0


def _count(bench: Bench) -> dict[str, int]:
    """Counts the clocks in which each of the pulses is high, from now on."""
    counts = dict.fromkeys(("start", "soft_reset", "locked"), 0)
    for name in counts:
        bench.spawn(_count_pulses(bench, getattr(bench.dut, f"{name}_o"), counts, name))
    return counts


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS[:2])
async def starts_counts_and_interrupts(dut: Any, stall: float) -> None:
    bench, registers = await _start(dut, stall, stall)
    counts = _count(bench)
    await registers.write("CTRL", _bit("CTRL", "start") | _bit("CTRL", "irq_enable"))
    await bench.clocks(2)
    assert counts == {"start": 1, "soft_reset": 0, "locked": 0}
    dut.busy_i.value = 1
    await bench.clocks(100)
    await registers.write("CTRL", _bit("CTRL", "start") | _bit("CTRL", "irq_enable"))  # busy: ignored
    assert await registers.read("STATUS") == _bit("STATUS", "busy")
    busy_clocks = await registers.read("CLOCKS")
    assert busy_clocks > 100
    await _end(bench)
    await bench.clocks(2)
    assert counts["start"] == 1
    assert int(dut.irq_o.value)
    assert await registers.read("STATUS") == _bit("STATUS", "done")
    stopped = await registers.read("CLOCKS")
    assert stopped == await registers.read("CLOCKS") > busy_clocks
    await registers.write("IRQ_ACK", 1)
    await bench.clocks(2)
    assert not int(dut.irq_o.value)
    assert await registers.read("STATUS") == 0
    assert counts == {"start": 1, "soft_reset": 0, "locked": 0}
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def tells_errors(dut: Any) -> None:
    """The code as soon as it is known, the error itself at the end; an acknowledgement resets nothing."""
    bench, registers = await _start(dut, "", 0)
    counts = _count(bench)
    dut.busy_i.value, dut.error_i.value = 1, 5
    await registers.write("CTRL", _bit("CTRL", "irq_enable"))
    await registers.write("IRQ_ACK", 1)
    assert await registers.read("STATUS") == _bit("STATUS", "busy") | 5 << 4
    assert not int(dut.irq_o.value), "transfers are still outstanding"
    await _end(bench, 5)
    await bench.clocks(2)
    assert int(dut.irq_o.value)
    assert await registers.read("STATUS") == _bit("STATUS", "error") | 5 << 4
    await registers.write("IRQ_ACK", 1)
    await bench.clocks(2)
    assert not int(dut.irq_o.value)
    assert await registers.read("STATUS") == 0
    await _end(bench, 4)
    assert await registers.field("STATUS", "error_code") == 4
    assert int(dut.irq_o.value)
    await registers.write("CTRL", 0)
    await bench.clocks(2)
    assert not int(dut.irq_o.value), "the interrupt is not enabled"
    assert counts["soft_reset"] == 0
    await registers.write("CTRL", _bit("CTRL", "soft_reset") | _bit("CTRL", "start"))
    await bench.clocks(2)
    assert counts == {"start": 0, "soft_reset": 1, "locked": 0}
    assert await registers.read("STATUS") == 0
    assert await registers.field("CTRL", "irq_enable") == 0
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def keeps_the_table_while_busy(dut: Any) -> None:
    bench, registers = await _start(dut, "", 0.3)
    counts = _count(bench)
    values = {name: bench.rng.getrandbits(width) for name, width in WRITABLE.items()}
    for name, value in values.items():
        await registers.write(name, value)
    dut.busy_i.value = 1
    for number, (name, value) in enumerate(values.items(), 1):
        await registers.write(name, ~value & 0xFFFF)
        await bench.clocks(2)
        assert counts["locked"] == number, name
        assert await registers.read(name) == value, name
    await registers.write("IRQ_ACK", 1)
    await registers.write("CTRL", 0)
    assert counts == {"start": 0, "soft_reset": 0, "locked": len(values)}
    bench.stop()


class _Lines:
    """The bus by hand: which channel shows what in which clock."""

    def __init__(self, bench: Bench) -> None:
        self.dut, self.bench = bench.dut, bench

    def address(self, name: str | None) -> None:
        self.dut.awvalid_i.value = int(name is not None)
        self.dut.awaddr_i.value = REGISTERS[name].offset if name else self.bench.rng.getrandbits(8)

    def data(self, value: int | None, strobes: int = 15) -> None:
        self.dut.wvalid_i.value = int(value is not None)
        self.dut.wdata_i.value = value if value is not None else self.bench.rng.getrandbits(32)
        self.dut.wstrb_i.value = strobes

    async def taken(self, valid: Any, ready: Any, limit: int = 20) -> None:
        """Waits for the handshake of what is shown."""
        for _ in range(limit):
            await RisingEdge(self.bench.clock)
            if int(valid.value) and int(ready.value):
                return
        raise TimeoutError(valid._path)

    async def write(self, name: str, value: int, *, lead: int, strobes: int = 15) -> None:
        """One write whose address comes `lead` clocks before its data (after them, if negative)."""
        dut, bench = self.dut, self.bench

        async def address() -> None:
            await bench.clocks(max(0, -lead))
            self.address(name)
            await self.taken(dut.awvalid_i, dut.awready_o)
            self.address(None)

        first = bench.spawn(address())
        await bench.clocks(max(0, lead))
        self.data(value, strobes)
        await self.taken(dut.wvalid_i, dut.wready_o)
        self.data(None)
        await first
        await self.taken(dut.bvalid_o, dut.bready_i)

    async def read(self, name: str) -> int:
        dut = self.dut
        dut.araddr_i.value, dut.arvalid_i.value = REGISTERS[name].offset, 1
        await self.taken(dut.arvalid_i, dut.arready_o)
        dut.arvalid_i.value = 0
        await self.taken(dut.rvalid_o, dut.rready_i)
        return int(dut.rdata_o.value)


async def _lines(dut: Any, salt: object) -> tuple[Bench, _Lines]:
    bench = Bench(dut, salt=salt)
    idle = ("busy_i", "ended_i", "error_i", "op_index_i", "awvalid_i", "wvalid_i", "arvalid_i")
    await bench.start(bready_i=1, rready_i=1, count_ready_i=1, **dict.fromkeys(idle, 0))
    return bench, _Lines(bench)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(lead=[-5, -1, 0, 1, 5])
async def takes_address_and_data_in_any_order(dut: Any, lead: int) -> None:
    bench, lines = await _lines(dut, lead)
    expected = 0
    for _ in range(20):
        value, strobes = bench.rng.getrandbits(32), bench.rng.randrange(16)
        mask = sum(0xFF << 8 * b for b in range(4) if strobes >> b & 1)
        expected = expected & ~mask | value & mask
        await lines.write("NET_ID", value, lead=lead, strobes=strobes)
        assert await lines.read("NET_ID") == expected
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def takes_writes_back_to_back(dut: Any) -> None:
    """Valid never falls: each address meets its own data, however early the next ones are shown."""
    bench, lines = await _lines(dut, "")
    names = [bench.rng.choice(list(WRITABLE)) for _ in range(60)]
    writes = [(name, bench.rng.getrandbits(WRITABLE[name])) for name in names]
    answers = []

    async def addresses() -> None:
        for name, _ in writes:
            lines.address(name)
            await lines.taken(dut.awvalid_i, dut.awready_o)
        lines.address(None)

    async def data() -> None:
        for _, value in writes:
            lines.data(value)
            await lines.taken(dut.wvalid_i, dut.wready_o)
            if bench.chance(0.2):
                lines.data(None)
                await bench.clocks(bench.rng.randrange(1, 4))
        lines.data(None)

    bench.spawn(addresses())
    bench.spawn(data())
    for _ in writes:
        await lines.taken(dut.bvalid_o, dut.bready_i)
        answers.append(int(dut.bresp_o.value))
    await bench.clocks(20)
    assert not int(dut.bvalid_o.value), "more answers than writes"
    assert answers == [0] * len(writes)
    last = dict(writes)
    for name, value in last.items():
        assert await lines.read(name) == value, name
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_with_answers_that_nobody_takes(dut: Any) -> None:
    """While an answer waits, no further write is made and no further read answered."""
    bench, lines = await _lines(dut, "")
    await lines.write("NET_ID", 0x1111, lead=0)
    dut.bready_i.value = dut.rready_i.value = 0
    lines.address("NET_ID")
    lines.data(0x2222)
    dut.araddr_i.value, dut.arvalid_i.value = REGISTERS["NET_ID"].offset, 1
    await lines.taken(dut.awvalid_i, dut.awready_o)
    assert int(dut.arready_o.value)
    lines.data(0x3333)
    await bench.clocks(30)  # the second write waits in the registers, the second read at the port
    assert int(dut.bvalid_o.value)
    assert int(dut.rvalid_o.value)
    assert int(dut.net_id_o.value) == 0x2222
    assert int(dut.rdata_o.value) == 0x1111
    assert not int(dut.awready_o.value)
    assert not int(dut.wready_o.value)
    assert not int(dut.arready_o.value)
    lines.address(None)
    lines.data(None)
    dut.bready_i.value = dut.rready_i.value = 1
    await bench.clocks(10)
    assert int(dut.net_id_o.value) == 0x3333
    assert int(dut.rdata_o.value) == 0x3333  # read again and again
    dut.arvalid_i.value = 0
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(register=["IRQ_ACK", "CTRL"], error=[0, 4], offset=list(range(-4, 5)))
async def loses_no_end(dut: Any, register: str, error: int, offset: int) -> None:
    """A run that ends around the clock of an acknowledgement is still told; a soft reset takes it away or comes before.

    The write is made in clock 0, `ended_i` is high in clock `offset`.
    """
    bench, lines = await _lines(dut, (register, error, offset))
    value = _bit("IRQ_ACK", "ack") if register == "IRQ_ACK" else _bit("CTRL", "soft_reset")
    for clock in range(-5, 6):
        dut.ended_i.value, dut.error_i.value = int(clock == offset), error
        if clock == -1:  # kept in its registers at the end of this clock
            lines.address(register)
            lines.data(value)
        else:
            lines.address(None)
            lines.data(None)
        await RisingEdge(bench.clock)
    status = await lines.read("STATUS")
    told = _bit("STATUS", "error") | error << 4 if error else _bit("STATUS", "done")
    # A reset reaches the sequencer in clock 1: an end that is told up to then belongs to the run that it ended.
    kept = offset >= (0 if register == "IRQ_ACK" else 2)
    assert status == (told if kept else 0)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(offset=list(range(-4, 5)), act=["read", "start"])
async def leaves_no_gap_between_busy_and_done(dut: Any, offset: int, act: str) -> None:
    """Whenever STATUS is read it tells one of them; a start at that moment is ignored, or begins a run without done."""
    bench, lines = await _lines(dut, (offset, act))
    counts = _count(bench)
    dut.busy_i.value = 1
    told = bench.spawn(lines.read("STATUS") if act == "read" else lines.write("CTRL", _bit("CTRL", "start"), lead=0))
    await bench.clocks(4 + offset)
    await _end(bench)
    answer = await told
    await bench.clocks(2)
    if act == "read":
        assert answer in (_bit("STATUS", "busy"), _bit("STATUS", "done"))
    else:
        assert await lines.read("STATUS") == (0 if counts["start"] else _bit("STATUS", "done"))
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def readies_and_interrupt_come_from_registers(dut: Any) -> None:
    """Nothing that an input does in a clock shows at them before the next edge."""
    bench, lines = await _lines(dut, "")
    outputs = (dut.awready_o, dut.wready_o, dut.arready_o, dut.irq_o)
    for _ in range(200):
        await RisingEdge(bench.clock)
        await ReadWrite()
        before = [int(signal.value) for signal in outputs]
        for name in ("awvalid_i", "wvalid_i", "arvalid_i", "bready_i", "rready_i", "ended_i", "busy_i"):
            getattr(dut, name).value = bench.rng.randrange(2)
        lines.dut.awaddr_i.value = REGISTERS[bench.rng.choice(["CTRL", "IRQ_ACK"])].offset
        lines.dut.wdata_i.value = bench.rng.randrange(4)
        dut.error_i.value = bench.rng.choice([0, 4])
        await ReadOnly()
        assert [int(signal.value) for signal in outputs] == before
    bench.stop()
