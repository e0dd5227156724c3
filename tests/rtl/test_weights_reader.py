"""dsoc_weights_reader: blocks of the stream of docs/architecture.md, section 4, arrive whole and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from tests.rtl.axi import Memory, Part, ReadPort
from tests.rtl.bench import PARAMETERS, STALLS, Bench, expect_equal, join, split
from tests.rtl.geometry import word_bits
from tests.rtl.runner import Parameters, check, parameter_sets

ARENA = 0x40_0000_1000
BIAS_BANKS = 8
_HANDSHAKES = {"arvalid": "o", "arready": "i", "rvalid": "i", "rready": "o"}


def _with_word(
    cols: int, k_bits: int, depth: int, axi_bits: int, max_burst: int, ports: int = 1, lanes: int = 1,
    channel: int = 32, resident: int = 0,
) -> Parameters:  # fmt: skip
    sizes = {"Cols": cols, "KBits": k_bits, "WordBits": word_bits(cols, k_bits, axi_bits, ports), "Depth": depth}
    return (
        sizes
        | {"AxiBits": axi_bits, "MaxBurst": max_burst, "Ports": ports, "Lanes": lanes, "ChannelBits": channel}
        | ({"Resident": 1} if resident else {})
    )


@parameter_sets(
    _with_word(30, 4, 20, 32, 16),
    _with_word(6, 2, 33, 128, 4, lanes=4),
    _with_word(30, 8, 20, 64, 4, 3, 2),
    _with_word(13, 8, 20, 64, 4, 2, 2, 64),
    _with_word(9, 8, 20, 64, 4, 2, resident=1),
    slow=(
        _with_word(30, 4, 20, 32, 16, resident=1),
        _with_word(24, 4, 20, 32, 16, 2),
        _with_word(13, 8, 33, 32, 2, 3),
        _with_word(24, 8, 16, 128, 16),
        _with_word(5, 8, 7, 64, 1),
        _with_word(5, 8, 7, 64, 1, channel=64),
        _with_word(24, 8, 9, 256, 4, lanes=4, channel=64),
        _with_word(16, 8, 9, 128, 8),
    ),
)
def test_weights_reader(parameters: Parameters, seed: int) -> None:
    check(__name__, "dsoc_weights_reader", parameters, seed=seed)


@dataclass(frozen=True)
class Block:
    """Words of weights and biases; or words for the resident weights."""

    words: tuple[int, ...]
    biases: tuple[int, ...]
    fills: bool = False

    def beats(self) -> list[int]:
        """The block in the stream."""
        axi, word, ports, channel = (PARAMETERS[name] for name in ("AxiBits", "WordBits", "Ports", "ChannelBits"))
        header = len(self.words) | self.fills << 19 | len(self.biases) << 20
        wide = axi * min(ports, 2)  # that biases fill of a beat
        biases = split(join(self.biases, channel), wide, -(-len(self.biases) * channel // wide))
        stream = axi * ports
        return [header, *biases, *split(join(self.words, word), stream, -(-len(self.words) * word // stream))]


def _in_memory(beats: Sequence[int]) -> bytes:
    """Beats of the stream as they lie in memory: a burst of every port, port by port."""
    width, ports, burst = PARAMETERS["AxiBits"] // 8, PARAMETERS["Ports"], PARAMETERS["MaxBurst"]
    if ports == 1:
        return b"".join(beat.to_bytes(width, "little") for beat in beats)
    data = bytearray(-(-len(beats) // burst) * burst * ports * width)
    for i, beat in enumerate(beats):
        for port, part in enumerate(split(beat, 8 * width, ports)):
            at = ((i // burst * ports + port) * burst + i % burst) * width
            data[at : at + width] = part.to_bytes(width, "little")
    return bytes(data)


def _ports(bench: Bench, memory: Memory, **how: Any) -> list[ReadPort]:
    """What the reader reads by each of its ports."""
    dut, bits, found = bench.dut, PARAMETERS["AxiBits"], []
    for port in range(PARAMETERS["Ports"]):
        shakes = {name: getattr(dut, f"{name}_{way}") for name, way in _HANDSHAKES.items()}
        axi = SimpleNamespace(
            **{name: Part(whole, port, 1) for name, whole in shakes.items()},
            araddr=Part(dut.araddr_o, 40 * port, 40), arlen=dut.arlen_o,
            rdata=Part(dut.rdata_i, bits * port, bits), rlast=None,
        )  # fmt: skip
        found.append(ReadPort(bench, memory, axi=axi, **how))
    return found


def _block(rng: Random, *, chained: bool) -> Block:
    cols, kind = PARAMETERS["Cols"], rng.choice(("words", "biases", "fills")) if "Resident" in PARAMETERS else "words"
    words = (rng.getrandbits(cols * PARAMETERS["KBits"]) for _ in range(rng.randrange(1, PARAMETERS["Depth"] + 1)))
    biases = (rng.getrandbits(PARAMETERS["ChannelBits"]) for _ in range(0 if chained else rng.randrange(1, cols + 1)))
    if kind == "words":
        return Block(tuple(words), tuple(biases))
    if kind == "fills":
        return Block(tuple(words), (), fills=True)
    return Block((), tuple(rng.getrandbits(PARAMETERS["ChannelBits"]) for _ in range(rng.randrange(1, cols + 1))))


async def _read_bias(bench: Bench, bank: int, block: Block) -> None:
    index = bench.rng.choice([bench.rng.randrange(len(block.biases)), len(block.biases) - 1])
    dut = bench.dut
    dut.bias_bank_i.value, dut.bias_index_i.value, dut.bias_read_i.value = bank, index, 1
    await FallingEdge(bench.clock)
    dut.bias_bank_i.value, dut.bias_index_i.value = bench.rng.randrange(8), bench.rng.randrange(len(block.biases))
    dut.bias_read_i.value = 0
    lanes = PARAMETERS["Lanes"]
    wanted = block.biases[index : index + lanes] if index % lanes == 0 else block.biases[index : index + 1]
    expect_equal(split(int(dut.bias_o.value), PARAMETERS["ChannelBits"], len(wanted)), wanted, f"bias {index}")


async def _use(bench: Bench, block: Block, bank: int, stall: float) -> None:
    """Reads words of the block, in order or not, as soon as they are there; the last read gives the bank back."""
    dut, rng, count = bench.dut, bench.rng, len(block.words)
    await _until(bench, lambda: int(dut.block_valid_o.value))
    assert int(dut.block_words_o.value) == count
    if block.biases and rng.randrange(2):
        await _read_bias(bench, bank, block)
    if not count:
        await _until(bench, partial(_any, (dut.block_whole_o,)))
        dut.release_i.value = 1
        await FallingEdge(bench.clock)
        dut.release_i.value = 0
        return
    order = list(range(count)) if rng.randrange(2) else [rng.randrange(count) for _ in range(count)] + [count - 1]
    for number, address in enumerate(order):
        while bench.chance(stall):
            await FallingEdge(bench.clock)
        dut.addr_i.value = address
        await FallingEdge(bench.clock)
        last = number == len(order) - 1
        enough = (dut.block_whole_o,) if last else (dut.block_whole_o, dut.word_valid_o)
        await _until(bench, partial(_any, enough))
        dut.read_i.value = 1
        dut.release_i.value = int(last)
        await FallingEdge(bench.clock)
        dut.read_i.value = dut.release_i.value = 0
        assert int(dut.weights_o.value) == block.words[address], f"word {address} of {count}"


async def _watch_fills(bench: Bench, words: list[int]) -> None:
    while True:
        await RisingEdge(bench.clock)
        if int(bench.dut.fill_o.value):
            words.append(int(bench.dut.fill_word_o.value))


def _any(ports: Iterable[Any]) -> int:
    return any(int(port.value) for port in ports)


async def _until(bench: Bench, condition: Callable[[], int]) -> None:
    for _ in range(5_000):
        if condition():
            return
        await FallingEdge(bench.clock)
    raise TimeoutError("nothing comes")


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(memory_stall=STALLS[:2], use=STALLS[:2])
async def keeps_blocks_apart(dut: Any, memory_stall: float, use: float) -> None:
    bench = Bench(dut, salt=(memory_stall, use))
    width = PARAMETERS["AxiBits"] // 8
    await bench.start(arena_i=ARENA, cmd_valid_i=0, arready_i=0, rvalid_i=0, release_i=0, read_i=0, addr_i=0)
    commands, blocks, data = [], [], bytearray()
    for _ in range(4):
        commands.append({dut.cmd_offset_i: len(data), dut.cmd_beats_i: 0})  # of a pool: nothing is fetched
        data += bytes(width * bench.rng.randrange(8))
        if PARAMETERS["Ports"] > 1:
            data += bytes(-len(data) % (width * PARAMETERS["MaxBurst"]))
        chained = bench.chance(0.3)
        made = [_block(bench.rng, chained=chained and i > 0) for i in range(bench.rng.randrange(1, 4))]
        if not blocks and not (made[0].words and made[0].biases):  # something to read biases from
            made.insert(0, Block((1,), (2,)))
        beats = [beat for block in made for beat in block.beats()]
        commands.append({dut.cmd_offset_i: len(data), dut.cmd_beats_i: len(beats)})
        data += _in_memory(beats)
        blocks += made
    ports = _ports(bench, Memory(ARENA, data), stall=memory_stall, always_ready=True)
    bench.spawn(bench.send(dut.cmd_valid_i, dut.cmd_ready_o, commands, stall=0.3))
    filled: list[int] = []
    bench.spawn(_watch_fills(bench, filled))
    recent: list[tuple[int, Block]] = []  # results of three iterations may still be under way
    for block in (block for block in blocks if not block.fills):
        bank = (recent[-1][0] + 1) % BIAS_BANKS if recent else 0
        if recent:
            await _read_bias(bench, *bench.rng.choice(recent))
        await _use(bench, block, bank, use)
        if block.biases:
            recent = [*recent[-2:], (bank, block)]
        await _read_bias(bench, *recent[-1])
    wanted = [word for block in blocks if block.fills for word in block.words]
    await _until(bench, lambda: len(filled) >= len(wanted))
    expect_equal(filled, wanted, "resident word")
    assert not int(dut.block_valid_o.value)
    assert not int(dut.error_o.value)
    for port in ports:
        assert sum(beats for _, beats in port.bursts) == sum(command[dut.cmd_beats_i] for command in commands)
    bench.stop()


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(fault=["no words", "too many words", "too many biases"])
async def refuses_an_illegal_header(dut: Any, fault: str) -> None:
    bench = Bench(dut)
    words, biases = {
        "no words": (0, int("Resident" not in PARAMETERS)),
        "too many words": (PARAMETERS["Depth"] + 1, 1),
        "too many biases": (1, PARAMETERS["Cols"] + 1),
    }[fault]
    width = PARAMETERS["AxiBits"] // 8
    data = (words | biases << 20).to_bytes(width, "little") + bytes(300 * width)
    await bench.start(arena_i=ARENA, cmd_valid_i=0, arready_i=0, rvalid_i=0, release_i=0, read_i=0, addr_i=0)
    _ports(bench, Memory(ARENA, data), stall=0)
    command = {dut.cmd_offset_i: 0, dut.cmd_beats_i: 4}
    await bench.send(dut.cmd_valid_i, dut.cmd_ready_o, [command], stall=0)
    await bench.until(lambda: int(dut.error_o.value), limit=200)
    bench.stop()
