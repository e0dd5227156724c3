"""dsoc_soc_bus: every access reaches its region, with its answer or its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly, RisingEdge

from deepsoc.hw.socmap import load_map
from tests.rtl.bench import PARAMETERS, STALLS, Bench
from tests.rtl.runner import Parameters, check, parameter_sets

_BASE = {region.name: region.base for region in load_map().regions}
_BYTES = 0x8000  # of the shared memory
_SIZES = {"ROM": 4 * 256, "RAM": 4 * 512, "UART": 4096, "TIMER": 4096, "SYSTEM": 4096, "ACCELERATOR": 4096}
_FAST = {"ROM": "rom", "RAM": "ram", "UART": "uart", "TIMER": "timer", "SYSTEM": "timer"}  # who gives the word
_SLOW = {"ACCELERATOR": "lite", "MEMORY": "mem"}


@parameter_sets({"AxiBits": 32, "RomWords": 256, "RamWords": 512}, {"AxiBits": 128, "RomWords": 256, "RamWords": 512})
def test_soc_bus(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_soc_bus", parameters, seed=seed)


@dataclass(frozen=True)
class Access:
    """One access: `region` is empty where there is none, or none that can be written."""

    region: str
    address: int
    write: bool
    strobes: int
    data: int


def _access(bench: Bench) -> Access:
    rng, sizes = bench.rng, _SIZES | {"MEMORY": _BYTES}
    region = rng.choice([*sizes, "MEMORY", "ACCELERATOR"])
    write = bool(rng.randrange(2))
    beyond = region in ("ROM", "RAM", "MEMORY") and bench.chance(0.2)
    offset = rng.choice([0, sizes[region] - 4, 4 * rng.randrange(sizes[region] // 4)])
    if beyond:
        offset = sizes[region] + 4 * rng.choice([0, 1, rng.randrange(1000)])
    known = not beyond and not (region == "ROM" and write)
    return Access(region if known else "", _BASE[region] + offset, write, rng.randrange(1, 16), rng.getrandbits(32))


async def _slave(bench: Bench, port: str, stall: float, seen: list[Any], answers: list[tuple[int, int]]) -> None:
    """Takes address and data in any order, then answers with the next of `answers`: word of 32 bits, response."""
    dut, rng = bench.dut, bench.rng
    handle = {name: getattr(dut, f"{port}_{name}_i") for name in ("awready", "wready", "arready", "bvalid", "rvalid")}
    valid = {name: getattr(dut, f"{port}_{name}valid_o") for name in ("aw", "w", "ar")}
    got: dict[str, tuple[int, ...]] = {}
    while True:
        ready = {name: not bench.chance(stall) for name in valid}
        for name, value in ready.items():
            handle[f"{name}ready"].value = int(value)
        await RisingEdge(bench.clock)
        for name in valid:
            if ready[name] and int(valid[name].value):
                assert name not in got, f"{port}: {name} twice"
                beat = (int(dut.mem_wdata_o.value), int(dut.mem_wstrb_o.value)) if port == "mem" else ()
                got[name] = (int(dut.addr_o.value), int(dut.wdata_o.value), int(dut.be_o.value), *beat)
        if set(got) not in ({"aw", "w"}, {"ar"}):
            continue
        for name in valid:
            handle[f"{name}ready"].value = 0
        while bench.chance(stall):
            await RisingEdge(bench.clock)
        seen.append((port, "w" in got, got.popitem()[1]))
        got.clear()
        word, response = answers.pop(0)
        lane = seen[-1][2][0] // 4 % (PARAMETERS["AxiBits"] // 32) if port == "mem" else 0
        write = seen[-1][1]
        if not write:
            width = PARAMETERS["AxiBits"] if port == "mem" else 32
            mask = 0xFFFFFFFF << 32 * lane
            getattr(dut, f"{port}_rdata_i").value = rng.getrandbits(width) & ~mask | word << 32 * lane
        getattr(dut, f"{port}_{'b' if write else 'r'}resp_i").value = response
        handle["bvalid" if write else "rvalid"].value = 1
        await RisingEdge(bench.clock)
        handle["bvalid"].value = handle["rvalid"].value = 0


async def _start(bench: Bench) -> None:
    ports = [f"{p}_{n}_i" for p in ("lite", "mem") for n in ("awready", "wready", "arready", "bvalid", "rvalid")]
    await bench.start(req_i=0, memory_bytes_i=_BYTES, **dict.fromkeys(ports, 0))


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS)
async def every_access_has_its_answer(dut: Any, stall: float) -> None:
    bench = Bench(dut, salt=stall)
    await _start(bench)
    seen: list[Any] = []
    answers: list[tuple[int, int]] = []
    for port in ("lite", "mem"):
        bench.spawn(_slave(bench, port, stall, seen, answers))
    await FallingEdge(bench.clock)
    for _ in range(300):
        access, word = _access(bench), bench.rng.getrandbits(32)
        response = bench.rng.choice([0, 0, 0, 2, 3])
        if access.region in _SLOW:
            answers.append((word, response))
        dut.req_i.value, dut.we_i.value, dut.be_i.value = 1, int(access.write), access.strobes
        dut.addr_i.value, dut.wdata_i.value = access.address, access.data
        for name in {*_FAST.values()}:
            mine = _FAST.get(access.region) == name
            getattr(dut, f"{name}_rdata_i").value = word if mine else bench.rng.getrandbits(32)
        await FallingEdge(bench.clock)
        dut.req_i.value = 0
        for _ in range(1000):
            if int(dut.rvalid_o.value):
                break
            await FallingEdge(bench.clock)
        assert int(dut.rvalid_o.value), f"no answer: {access}"
        wrong = not access.region or (access.region in _SLOW and response != 0)
        assert int(dut.err_o.value) == wrong, f"error {int(dut.err_o.value)}, response {response}: {access}"
        if not access.write and not wrong:
            assert int(dut.rdata_o.value) == word, f"{int(dut.rdata_o.value):#x}, expected {word:#x}: {access}"
        if access.region in _SLOW:
            _check_port(access, seen.pop())
        assert not seen, f"reached {seen}: {access}"
    bench.stop()


def _check_port(access: Access, found: tuple[str, bool, tuple[int, ...]]) -> None:
    """What a port got of the access; a write to the memory holds the word in its own lane alone."""
    port, write, (address, data, strobes, *beat) = found
    assert (port, write, address) == (_SLOW[access.region], access.write, access.address)
    if write:
        assert (data, strobes) == (access.data, access.strobes)
    if write and beat:
        lane = address // 4 % (PARAMETERS["AxiBits"] // 32)
        assert beat[1] == access.strobes << 4 * lane
        assert beat[0] >> 32 * lane & 0xFFFFFFFF == access.data


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_region_is_enabled(dut: Any) -> None:
    """In the clock of a request, that of its address, and of no other one."""
    bench = Bench(dut)
    await _start(bench)
    names = ("rom", "ram", "uart", "timer", "system")
    for _ in range(200):
        access = _access(bench)
        if access.region in _SLOW:
            continue
        await FallingEdge(bench.clock)
        dut.req_i.value, dut.we_i.value, dut.addr_i.value = 1, int(access.write), access.address
        await ReadOnly()
        enabled = [name for name in names if int(getattr(dut, f"{name}_en_o").value)]
        assert enabled == ([access.region.lower()] if access.region else []), access
    bench.stop()
