"""dsoc_soc_write_arb: bursts of two masters reach one slave whole, and each gets its own answers."""

from __future__ import annotations

from typing import Any

import cocotb

from tests.rtl.bench import STALLS, Bench, expect_equal
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets({"AddrBits": 40, "DataBits": 32, "MaxPending": 16}, {"AddrBits": 32, "DataBits": 64, "MaxPending": 2})
def test_soc_write_arb(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_soc_write_arb", parameters, seed=seed)


async def _answer(bench: Bench, addresses: list[Any], beats: list[Any], done: list[Any], stall: float) -> None:
    """Answers a burst when its address and all its beats are there; keeps (address, its beats)."""
    dut = bench.dut
    while True:
        await bench.until(lambda: addresses and len(beats) > addresses[0][1], limit=10**9)
        address, length = addresses.pop(0)
        burst, beats[: length + 1] = beats[: length + 1], []
        assert [beat[2] for beat in burst] == [0] * length + [1], "last beat"
        done.append((address, [beat[:2] for beat in burst]))
        await bench.send(dut.m_bvalid_i, dut.m_bready_o, [{}], stall=stall)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(ask=STALLS, answer=STALLS)
async def keeps_bursts_together(dut: Any, ask: float, answer: float) -> None:
    bench = Bench(dut, salt=(ask, answer))
    zero = {f"s{s}_{name}_i": 0 for s in (0, 1) for name in ("awvalid", "wvalid", "bready")}
    await bench.start(m_awready_i=0, m_wready_i=0, m_bvalid_i=0, **zero)
    addresses: list[Any] = []
    beats: list[Any] = []
    done: list[Any] = []
    bench.spawn(
        bench.receive(dut.m_awvalid_o, dut.m_awready_i, (dut.m_awaddr_o, dut.m_awlen_o), addresses, stall=answer)
    )
    payload = (dut.m_wdata_o, dut.m_wstrb_o, dut.m_wlast_o)
    bench.spawn(bench.receive(dut.m_wvalid_o, dut.m_wready_i, payload, beats, stall=answer))
    bench.spawn(_answer(bench, addresses, beats, done, answer))
    expected: list[list[Any]] = [[], []]
    answers: list[list[Any]] = [[], []]
    for s in (0, 1):
        handles = {name: getattr(dut, f"s{s}_{name}_i") for name in ("awaddr", "awlen", "wdata", "wstrb", "wlast")}
        width = len(handles["wstrb"])
        for _ in range(25):
            words = [
                (bench.rng.getrandbits(8 * width), bench.rng.getrandbits(width))
                for _ in range(bench.rng.randrange(1, 6))
            ]
            expected[s].append((bench.rng.getrandbits(20) << 12 | s, words))
        asks = [{handles["awaddr"]: at, handles["awlen"]: len(words) - 1} for at, words in expected[s]]
        sends = [
            {handles["wdata"]: data, handles["wstrb"]: strobes, handles["wlast"]: int(i == len(words) - 1)}
            for _, words in expected[s]
            for i, (data, strobes) in enumerate(words)
        ]
        aw = getattr(dut, f"s{s}_awvalid_i"), getattr(dut, f"s{s}_awready_o")
        w = getattr(dut, f"s{s}_wvalid_i"), getattr(dut, f"s{s}_wready_o")
        b = getattr(dut, f"s{s}_bvalid_o"), getattr(dut, f"s{s}_bready_i")
        bench.spawn(bench.send(*aw, asks, stall=ask))
        bench.spawn(bench.send(*w, sends, stall=ask))
        bench.spawn(bench.receive(*b, [], answers[s], stall=ask))
    await bench.until(lambda: [len(a) for a in answers] == [25, 25])
    for s in (0, 1):
        expect_equal([burst for burst in done if burst[0] & 1 == s], expected[s], f"burst of master {s}")
    bench.stop()
