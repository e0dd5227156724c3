"""dsoc_regs through an AXI4-Lite master, against registers.toml."""

from __future__ import annotations

from itertools import cycle
from types import SimpleNamespace
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge
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
    {"Rows": 7, "Cols": 30, "XBits": 4, "KBits": 8, "AddrBits": 40},
    slow=({"Rows": 8, "Cols": 24, "XBits": 8, "KBits": 2, "AddrBits": 64},),
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
        return int.from_bytes((await self._master.read(REGISTERS[name].offset, 4)).data, "little")

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
    await bench.start(busy_i=0, done_i=0, error_i=0, op_index_i=0)
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
    assert await registers.read("OP_INDEX") == 0xABCD
    bench.stop()


async def _count_pulses(bench: Bench, signal: Any, counts: dict[str, int], name: str) -> None:
    while True:
        await RisingEdge(bench.clock)
        counts[name] += int(signal.value)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS[:2])
async def starts_counts_and_interrupts(dut: Any, stall: float) -> None:
    bench, registers = await _start(dut, stall, stall)
    counts = {"start": 0, "reset": 0}
    bench.spawn(_count_pulses(bench, dut.start_o, counts, "start"))
    bench.spawn(_count_pulses(bench, dut.soft_reset_o, counts, "reset"))
    await registers.write("CTRL", _bit("CTRL", "start") | _bit("CTRL", "irq_enable"))
    await bench.clocks(2)
    assert counts == {"start": 1, "reset": 0}
    dut.busy_i.value = 1
    await bench.clocks(100)
    await registers.write("CTRL", _bit("CTRL", "start") | _bit("CTRL", "irq_enable"))  # busy: ignored
    assert await registers.read("STATUS") == _bit("STATUS", "busy")
    busy_clocks = await registers.read("CLOCKS")
    assert busy_clocks > 100
    dut.done_i.value = 1
    dut.busy_i.value = 0
    await bench.clocks(1)
    dut.done_i.value = 0
    await bench.clocks(2)
    assert counts == {"start": 1, "reset": 0}
    assert int(dut.irq_o.value)
    assert await registers.read("STATUS") == _bit("STATUS", "done")
    stopped = await registers.read("CLOCKS")
    assert stopped == await registers.read("CLOCKS") > busy_clocks
    await registers.write("IRQ_ACK", 1)
    assert not int(dut.irq_o.value)
    assert await registers.read("STATUS") == 0
    assert counts == {"start": 1, "reset": 0}
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def tells_errors(dut: Any) -> None:
    bench, registers = await _start(dut, "", 0)
    counts = {"reset": 0}
    bench.spawn(_count_pulses(bench, dut.soft_reset_o, counts, "reset"))
    dut.error_i.value = 5
    await bench.clocks(1)
    assert await registers.field("STATUS", "error") == 1
    assert await registers.field("STATUS", "error_code") == 5
    assert not int(dut.irq_o.value), "not enabled"
    await registers.write("CTRL", _bit("CTRL", "irq_enable"))
    assert int(dut.irq_o.value)
    await registers.write("IRQ_ACK", 1)
    await bench.clocks(2)
    assert counts["reset"] == 1
    await registers.write("CTRL", _bit("CTRL", "soft_reset"))
    await bench.clocks(2)
    assert counts["reset"] == 2
    assert await registers.field("CTRL", "irq_enable") == 0
    bench.stop()
