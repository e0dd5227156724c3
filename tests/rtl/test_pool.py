"""Pooling, driven by the controller, against windows computed one by one."""

from __future__ import annotations

from random import Random
from typing import Any

import cocotb
import numpy as np

from tests.rtl.bench import PARAMETERS, STALLS
from tests.rtl.engine import (
    SETS,
    SLOW_SETS,
    EngineBench,
    Operation,
    Windows,
    pixel_bytes,
    random_tensor,
)
from tests.rtl.runner import Parameters, check, parameter_sets

MAX, AVERAGE = 1, 2


@parameter_sets(*SETS, slow=SLOW_SETS)
def test_pool(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_engine", parameters, seed=seed)


def _average(total: int, count: int, left_shift: int) -> int:
    """Four times the quotient and two bits that tell what is left: nothing, below, at or above one half."""
    quotient, rest = divmod(abs(total) << left_shift, count)
    code = 0 if rest == 0 else 1 + (2 * rest >= count) + (2 * rest > count)
    return (4 * quotient + code) * (-1 if total < 0 else 1)


def _random_pool(rng: Random) -> Operation:
    windows = Windows.draw(rng, rows=2 * PARAMETERS["Rows"] * PARAMETERS["ShMax"], columns=10)
    most = min(6, PARAMETERS["EdgesDepth"] // -(-windows.kernel[1] // windows.strides[1]))
    return _pool(rng, windows, n=rng.randrange(1, 3), ci=rng.randrange(1, most + 1))


def _pool(rng: Random, windows: Windows, *, n: int, ci: int) -> Operation:
    p = PARAMETERS
    kind = rng.choice([MAX, AVERAGE])
    (kh, kw), sw = windows.kernel, windows.strides[1]
    ns = -(-kw // sw)
    x = random_tensor(rng, p["XBits"], n, *windows.size, ci)
    ho, wo = windows.out
    columns = (wo - 1) * sw - windows.pad[1] + kw
    shift = rng.randrange(4)
    desc = windows.fields(columns) | {"kind": kind, "n_count": n, "ci": ci, "ns": ns, "avg_lsh": shift}
    desc |= {"kh_count": max(kh, ns, -(-4 // ci)), "t_count": 1, "ch_per_t": ci, "ch_last": ci}
    pixels, results = [], []
    for b in range(n):
        for block in range(desc["l_count"]):
            for w, c in np.ndindex(desc["x_cols"], ci):
                pixels.append(pixel_bytes(rng, x[b], windows, block, w, c))
            for w, c in np.ndindex(wo, ci):
                numbers = []
                for r in range(block * p["Rows"], min((block + 1) * p["Rows"], ho)):
                    part = windows.window(x[b], r, w)[0][:, :, c]
                    average = _average(int(part.sum()), part.size, shift)
                    numbers.append(average if kind == AVERAGE else int(part.max()))
                results.append(numbers)
    steps = 1 + n * desc["l_count"] * desc["w_count"] * ci * desc["kh_count"]
    return Operation(desc, pixels, results, steps)


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(stall=STALLS)
async def pools(dut: Any, stall: float) -> None:
    engine = EngineBench(dut, salt=stall, stall=stall)
    await engine.start()
    for _ in range(15):
        await engine.run(_random_pool(engine.rng))
    engine.bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def waits_for_room_for_results(dut: Any) -> None:
    """Windows that end in every clock, and results that hardly ever leave: none is lost."""
    engine = EngineBench(dut, salt="room", stall=0, results=0.97)
    await engine.start()
    await engine.run(_pool(engine.rng, Windows((1, 12), (1, 1), (1, 1), same=False), n=1, ci=6))
    engine.bench.stop()
