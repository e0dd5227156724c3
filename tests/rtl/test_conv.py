"""Weights reader, controller, pixel shifter, array and drain against plain convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import cocotb
import numpy as np

from tests.rtl.bench import PARAMETERS, STALLS, join, signed
from tests.rtl.engine import (
    SCALED_SETS,
    SETS,
    SLOW_SETS,
    EngineBench,
    Operation,
    Tensor,
    Windows,
    add_weights,
    pixel_bytes,
    random_tensor,
)
from tests.rtl.runner import Parameters, check, parameter_sets


@parameter_sets(SETS[0], *SCALED_SETS, slow=(*SETS[1:], *SLOW_SETS))
def test_conv(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_engine", parameters, seed=seed)


def _set_words(k: Tensor, windows: Windows, t: int, ch_per_t: int) -> list[int]:
    """Words of one block: sets, channels in, kernel rows."""
    (kh, kw, ci, co), sw = k.shape, windows.strides[1]
    group = kw + sw - 1
    words = []
    for sigma in range(sw):
        for c in range(ci):
            for i in range(kh):
                word = [0] * PARAMETERS["Cols"]
                for column in range(PARAMETERS["Cols"] // group * group):
                    e, q = divmod(column, group)
                    s = (q - sigma) % sw
                    channel = t * ch_per_t + e * sw + s
                    if 0 <= q - s < kw and channel < co:
                        word[column] = int(k[i, q - s, c, channel])
                words.append(join(word, PARAMETERS["KBits"]))
    return words


def _channels_per_iteration(windows: Windows) -> int:
    kw, sw = windows.kernel[1], windows.strides[1]
    return PARAMETERS["Cols"] // (kw + sw - 1) * sw


def _random_convolution(rng: Random) -> Operation:
    windows = Windows.draw(rng, rows=2 * PARAMETERS["Rows"] * PARAMETERS["ShMax"], columns=8)
    ci_max = PARAMETERS["WeightsDepth"] // (windows.kernel[0] * windows.strides[1])
    ci, co = rng.randrange(1, min(4, ci_max) + 1), rng.randrange(1, 3 * _channels_per_iteration(windows))
    return _convolution(rng, windows, n=rng.randrange(1, 3), ci=ci, co=co)


def _thin(rng: Random) -> Operation:
    """Columns of one step each, of which results leave more slowly: the array is held in every state."""
    p = PARAMETERS
    windows = Windows((rng.randrange(1, 2 * p["Rows"] + 1), 12), (1, min(p["KwMax"], p["Cols"])), (1, 1), same=True)
    return _convolution(rng, windows, n=1, ci=1, co=3 * _channels_per_iteration(windows))


def _convolution(rng: Random, windows: Windows, *, n: int, ci: int, co: int) -> Operation:
    p = PARAMETERS
    (kh, kw), sw = windows.kernel, windows.strides[1]
    ch_per_t = _channels_per_iteration(windows)
    x = random_tensor(rng, p["XBits"], n, *windows.size, ci)
    k = random_tensor(rng, p["KBits"], kh, kw, ci, co)
    ho, wo = windows.out
    zero = rng.choice((0, int(random_tensor(rng, p["XBits"], 1)[0]))) if p["ScaleBits"] else 0
    y = np.zeros((n, ho, wo, co), dtype=np.int64)
    for b, r, c in np.ndindex(n, ho, wo):
        part, rows, cols = windows.window(x[b], r, c)
        whole = np.full((kh, kw, ci), zero)
        whole[rows, cols] = part
        y[b, r, c] = np.einsum("hwi,hwio->o", whole, k)
    used = min(windows.size[1], (wo - 1) * sw - windows.pad[1] + kw)
    desc = windows.fields(used) | {"kind": 0, "n_count": n, "ci": ci, "kh_count": kh}
    if p["ScaleBits"] and (zero or rng.randrange(2)):  # columns of padding are steps
        desc |= {"x_zero": zero, "x_before": windows.pad[1], "pos0": 0, "w_count": (wo - 1) * sw + kw}
    t_count = -(-co // ch_per_t)
    desc |= {"t_count": t_count, "ch_per_t": ch_per_t, "ch_last": co - (t_count - 1) * ch_per_t, "n_words": ci * kh}
    pixels, results = [], []
    for t in range(t_count):
        channels = range(t * ch_per_t, min((t + 1) * ch_per_t, co))
        for b in range(n):
            for block in range(desc["l_count"]):
                rows_here = slice(block * p["Rows"], min((block + 1) * p["Rows"], ho))
                for w, c in np.ndindex(used, ci):
                    pixels.append(pixel_bytes(rng, x[b], windows, block, w, c))
                results += [[_wrap(v) for v in y[b, rows_here, w, ch]] for w in range(wo) for ch in channels]
    lanes = p["Lanes"]
    if lanes > 1 and sw == 1 and (t_count == 1 or ch_per_t % lanes == 0):
        desc["wide"] = rng.randrange(2)
    words = [[_set_words(k, windows, t, ch_per_t)] for t in range(t_count)]
    steps = t_count * (1 + n * desc["l_count"] * desc["w_count"] * ((kw > 1) + kh * ci))
    return add_weights(rng, Operation(desc, pixels, results, steps), words)


def _wrap(value: int) -> int:
    return signed(int(value), PARAMETERS["YBits"])


_UNIT = {"kind": 0, "kh": 1, "kw": 1, "sw": 1, "tap": 1, "kh_count": 1, "w_count": 1, "wo_count": 1, "x_cols": 1}


def _channels(t_count: int, co: int) -> dict[str, int]:
    cols = PARAMETERS["Cols"]
    return {"t_count": t_count, "ch_per_t": cols, "ch_last": co - (t_count - 1) * cols}


def _flat(rng: Random) -> Operation:
    """A dense layer on a flattened tensor: batch elements on the rows, features in the order of memory."""
    p = PARAMETERS
    rows, rpb = p["Rows"], 8 // p["XBits"]
    n = rng.randrange(1, 2 * rows + 1)
    h = rng.randrange(1, 2 * rows + 2)
    line_bytes = rng.randrange(1, max(2, p["WeightsDepth"] // h // 2))
    x = random_tensor(rng, p["XBits"], n, h, line_bytes)
    tiles = [range(tile, min(tile + rows, h)) for tile in range(0, h, rows)]
    lines = [list(tile[i : i + rpb]) for tile in tiles for i in range(0, len(tile), rpb)]
    order = [(row, at) for line in lines for at in range(line_bytes) for row in line]
    co = rng.randrange(1, 2 * p["Cols"] + 1)
    k = random_tensor(rng, p["KBits"], len(order), co)
    y = np.stack([x[:, row, at] for row, at in order], axis=1) @ k
    t_count, l_count = -(-co // p["Cols"]), -(-n // rows)
    desc = _UNIT | _channels(t_count, co) | {"flat": 1, "tap": rpb, "x_rows": h, "row_step": 0, "n_count": 1}
    desc |= {"l_count": l_count, "lines_flat": len(lines), "ci": line_bytes, "n_words": len(order)}
    pixels, results, blocks = [], [], []
    for t in range(t_count):
        first, last = t * p["Cols"], min((t + 1) * p["Cols"], co)
        blocks.append([[join(word, p["KBits"]) for word in k[:, first:last].tolist()]])
        for block in range(l_count):
            batch = range(block * rows, min((block + 1) * rows, n))
            for line in lines:
                for at in range(line_bytes):
                    # Rows of other lines and batch elements that do not exist may hold anything.
                    parts = [join(x[b, line, at].tolist(), p["XBits"]) for b in batch]
                    garbage = rng.getrandbits(8 * p["Nf"]) >> (8 * len(batch)) << (8 * len(batch))
                    pixels.append(join(parts, 8) | garbage)
            results += [[_wrap(v) for v in y[batch, ch]] for ch in range(first, last)]
    return add_weights(rng, Operation(desc, pixels, results, t_count * (1 + l_count * len(order))), blocks)


def _chained(rng: Random) -> Operation:
    """A dense layer deeper than the weights RAM: several blocks in one column."""
    return _dense(
        rng, ci=rng.randrange(1, 4 * PARAMETERS["WeightsDepth"]), co=rng.randrange(1, 2 * PARAMETERS["Cols"] + 1)
    )


def _shallow(rng: Random) -> Operation:
    """A dense layer with hardly any input: the weights of many iterations pass while results wait."""
    return _dense(rng, ci=rng.choice([1, 1, 2]), co=rng.randrange(6 * PARAMETERS["Cols"], 9 * PARAMETERS["Cols"] + 1))


def _dense(rng: Random, *, ci: int, co: int) -> Operation:
    p = PARAMETERS
    n = rng.randrange(1, p["Rows"] + 1)
    x = random_tensor(rng, p["XBits"], n, 1, ci)
    k = random_tensor(rng, p["KBits"], ci, co)
    y = x[:, 0] @ k
    t_count = -(-co // p["Cols"])
    desc = _UNIT | _channels(t_count, co) | {"chain": 1, "x_rows": n, "row_step": p["Rows"], "n_count": 1, "l_count": 1}
    desc |= {"lines_flat": 1, "ci": ci, "n_words": ci}
    windows = Windows((n, 1), (1, 1), (1, 1), same=False)
    pixels, results, blocks = [], [], []
    for t in range(t_count):
        first, last = t * p["Cols"], min((t + 1) * p["Cols"], co)
        words = [join(word, p["KBits"]) for word in k[:, first:last].tolist()]
        cuts = [0]
        while cuts[-1] < ci:
            cuts.append(min(cuts[-1] + rng.randrange(1, p["WeightsDepth"] + 1), ci))
        blocks.append([words[a:b] for a, b in pairwise(cuts)])
        pixels += [pixel_bytes(rng, x, windows, 0, 0, c) for c in range(ci)]
        results += [[_wrap(v) for v in y[:, ch]] for ch in range(first, last)]
    steps = sum(map(len, blocks)) + t_count * ci  # one for each block, and one for each channel
    return add_weights(rng, Operation(desc, pixels, results, steps), blocks)


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(make=[_random_convolution, _thin, _flat, _chained, _shallow], stall=STALLS[:2])
async def computes(dut: Any, make: Callable[[Random], Operation], stall: float) -> None:
    kind = make.__name__
    engine = EngineBench(dut, salt=(kind, stall), stall=stall)
    await engine.start()
    for _ in range(10 if make is _random_convolution else 3):
        await engine.run(make(engine.rng))
    engine.bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def takes_the_published_clocks(dut: Any) -> None:
    """No clock is lost where results leave as fast as they come and weights are fetched ahead."""
    p = PARAMETERS
    kernel = min(3, p["KhMax"]), min(3, p["KwMax"], p["Cols"])
    windows = Windows((2 * p["Rows"], 12), kernel, (1, 1), same=True)
    channels = _channels_per_iteration(windows)
    engine = EngineBench(dut, salt="clocks", stall=0)
    await engine.start()
    ci = 4 if kernel[1] > 1 else 2 * p["Cols"]
    op = _convolution(engine.rng, windows, n=1, ci=min(ci, p["WeightsDepth"] // kernel[0]), co=2 * channels)
    clocks = await engine.run(op)
    column = (kernel[1] > 1) + kernel[0] * op.desc["ci"]
    published = 2 * (1 + op.desc["l_count"] * op.desc["w_count"] * column)
    first_block = len(op.beats) // 2
    assert published <= clocks <= published + first_block + kernel[1] * channels + 15
    engine.bench.stop()


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def results_leave_in_every_clock(dut: Any) -> None:
    """Where sums are ready at once, the next column's follow without a gap."""
    engine = EngineBench(dut, salt="results", stall=0)
    await engine.start()
    windows = Windows((4 * PARAMETERS["Rows"], 12), (1, 1), (1, 1), same=False)
    op = _convolution(engine.rng, windows, n=1, ci=1, co=2 * PARAMETERS["Cols"])
    clocks = await engine.run(op)
    columns = 2 * op.desc["l_count"] * op.desc["w_count"]
    assert clocks <= len(op.results) + len(op.beats) // 2 + 15, f"{columns} columns"
    engine.bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(words=[-1, 1])
async def refuses_a_block_of_another_size(dut: Any, words: int) -> None:
    """Of a word more or less than the descriptor says."""
    engine = EngineBench(dut, salt=words, stall=0)
    await engine.start()
    op = _convolution(engine.rng, Windows((2, 4), (1, 1), (1, 1), same=False), n=1, ci=3, co=1)
    await engine.run(op)
    op.desc["n_words"] -= words
    await engine.begin(op)
    await engine.bench.until(lambda: int(dut.error_o.value), limit=200)
    engine.bench.stop()
