"""The runtime's checks, register accesses and error reports, on an accelerator made of Python functions."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from deepsoc.hw.regmap import load_map
from tests.firmware.library import Context, Info, Machine, Model, Performance, Port, Tensor, status_names

CTRL, STATUS, IRQ_ACK, OP_INDEX, ARENA_LO, ARENA_HI, DESC, N_OPS, NET_ID, CLOCKS, ID, GEOMETRY, HASH = range(0, 0x34, 4)
ARENA_BUS = 0x12_3456_7000
ROWS, COLS, BITS = 4, 6, 8


class Live(dict[int, int]):
    """Registers of which some are read by calling a function."""

    def __init__(self, registers: dict[int, int], functions: dict[int, Callable[[], int]]) -> None:
        super().__init__(registers)
        self.functions = functions

    def __getitem__(self, offset: int) -> int:
        return self.functions[offset]() if offset in self.functions else super().__getitem__(offset)


class Setup:
    """A network of two operations, its arena and its machine."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.status = {value: name for name, value in status_names(library).items()}
        words = np.random.default_rng(5).integers(0, 2**32, 128, np.uint32)
        self.words = words
        self.names = (ctypes.c_char_p * 3)(b"first", b"second", b"beyond the table")
        self.bundles = (ctypes.c_uint16 * 2)(0, 1)
        tensor = Tensor(8192, 64, 16, 64, 1, 4, 2, 3, 0, 0, 0, BITS, 0, 0)
        output = Tensor(8256, 64, 0, 0, 1, 4, 1, 2, 16, 2, 1, 32, 3, 0)
        self.model = Model(
            *(b"net", 0xCAFE, 2, words.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)), self.names, self.bundles),
            *(12288, 4096, 4608, 100, ROWS, COLS, BITS, BITS, 0, 3, 2, 0xBEEF0001, tensor, output),
        )
        self.arena = (ctypes.c_uint8 * 12288)()
        registers = dict.fromkeys(range(0, 52, 4), 0)
        registers[ID] = 0xD50C0003
        registers[HASH] = 0xBEEF0001
        registers[GEOMETRY] = ROWS | COLS << 12 | BITS << 24 | BITS << 28
        self.machine = Machine(registers, self.arena)
        self.context = Context()
        self.info = Info()

    def init(self, bus: int = ARENA_BUS, size: int = 12288) -> str:
        port = ctypes.byref(self.machine.port)
        self.library.dsoc_init.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_uint64, ctypes.c_uint32]
        return self.status[
            self.library.dsoc_init(
                ctypes.byref(self.context), ctypes.byref(self.model), port, ctypes.byref(self.arena), bus, size
            )
        ]

    def call(self, name: str, *arguments: object) -> str:
        return self.status[getattr(self.library, name)(ctypes.byref(self.context), *arguments)]

    def load(self) -> None:
        assert self.init() == "DSOC_OK"
        assert self.call("dsoc_load_weights", bytes(range(100)), 100) == "DSOC_OK"
        assert self.call("dsoc_set_input", bytes(i % 8 for i in range(24)), 24) == "DSOC_OK"

    def finish(self, status: int = 2, index: int = 1, clocks: int = 1234) -> None:
        self.machine.registers.update({STATUS: status, OP_INDEX: index, CLOCKS: clocks})


@pytest.fixture
def setup(firmware: ctypes.CDLL) -> Iterator[Setup]:
    return Setup(firmware)


def test_sizes(setup: Setup) -> None:
    model = ctypes.byref(setup.model)
    assert setup.library.dsoc_arena_bytes(model) == 12288
    assert setup.library.dsoc_input_count(model) == 24
    assert setup.library.dsoc_output_count(model) == 8


def test_init_writes_the_descriptors_little_endian_and_flushes_them(setup: Setup) -> None:
    assert setup.init() == "DSOC_OK"
    table = bytes(setup.arena)[4096 : 4096 + 512]
    assert table == setup.words.astype("<u4").tobytes()
    assert ("flush", 4096, 512) in setup.machine.ranges
    assert setup.machine.writes == [(CTRL, 4)]


@pytest.mark.parametrize(
    ("register", "value", "expected"),
    [
        (ID, 0xD50C0001, "DSOC_ERR_ID"),
        (ID, 0xD50D0003, "DSOC_ERR_ID"),
        (ID, 0xFFFFFFFF, "DSOC_ERR_ID"),
        (GEOMETRY, (ROWS + 1) | COLS << 12 | BITS << 24 | BITS << 28, "DSOC_ERR_GEOMETRY"),
        (GEOMETRY, ROWS | (COLS + 1) << 12 | BITS << 24 | BITS << 28, "DSOC_ERR_GEOMETRY"),
        (GEOMETRY, ROWS | COLS << 12 | 4 << 24 | BITS << 28, "DSOC_ERR_GEOMETRY"),
        (GEOMETRY, ROWS | COLS << 12 | BITS << 24 | 4 << 28, "DSOC_ERR_GEOMETRY"),
        (HASH, 0x00000000, "DSOC_ERR_PARAMS"),
        (HASH, 0xFFFFFFFF, "DSOC_ERR_PARAMS"),
        (STATUS, 1, "DSOC_ERR_BUSY"),
    ],
)
def test_init_checks_the_hardware(setup: Setup, register: int, value: int, expected: str) -> None:
    setup.machine.registers[register] = value
    assert setup.init() == expected
    assert setup.machine.writes == []
    assert not any(setup.arena)


def test_init_checks_its_arguments(setup: Setup) -> None:
    assert setup.init(size=12287) == "DSOC_ERR_SIZE"
    assert setup.init(bus=ARENA_BUS + 2048) == "DSOC_ERR_ALIGNMENT"
    setup.model.map_version = 1
    assert setup.init() == "DSOC_ERR_ID"


def test_null_pointers_are_refused(setup: Setup) -> None:
    library, null = setup.library, setup.status
    assert null[library.dsoc_load_weights(None, b"", 0)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_set_input(None, b"", 0)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_set_packed_input(None)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_start(None)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_wait(None, 0, None)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_abort(None, 0)] == "DSOC_ERR_ARGUMENT"
    assert setup.call("dsoc_abort", 0) == "DSOC_ERR_ARGUMENT"  # never initialised
    assert null[library.dsoc_get_output(None, None, 0)] == "DSOC_ERR_ARGUMENT"
    assert null[library.dsoc_softmax(None, None, None)] == "DSOC_ERR_ARGUMENT"
    setup.machine.port = Port()
    assert setup.init() == "DSOC_ERR_ARGUMENT"


def test_sizes_and_values_are_checked(setup: Setup) -> None:
    assert setup.init() == "DSOC_OK"
    assert setup.call("dsoc_load_weights", bytes(99), 99) == "DSOC_ERR_SIZE"
    assert setup.call("dsoc_set_input", bytes(25), 25) == "DSOC_ERR_SIZE"
    assert setup.call("dsoc_get_output", (ctypes.c_int32 * 9)(), 9) == "DSOC_ERR_SIZE"
    setup.machine.registers[STATUS] = 1
    assert setup.call("dsoc_load_weights", bytes(100), 100) == "DSOC_ERR_BUSY"
    assert setup.call("dsoc_set_input", bytes(24), 24) == "DSOC_ERR_BUSY"


def test_a_refused_input_is_no_input(setup: Setup) -> None:
    setup.model.input.bits = 4
    setup.load()
    assert setup.call("dsoc_set_input", bytes([*range(7), *[8] * 17]), 24) == "DSOC_ERR_VALUE"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"
    assert setup.call("dsoc_set_input", bytes([7] * 24), 24) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_OK"


def test_a_packed_input_is_flushed_and_counts_once(setup: Setup) -> None:
    setup.load()
    setup.finish()
    setup.machine.on_start = lambda: None
    assert setup.call("dsoc_run", 1000, ctypes.byref(setup.info)) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"
    setup.machine.ranges.clear()
    setup.machine.registers[STATUS] = 1
    assert setup.call("dsoc_set_packed_input") == "DSOC_ERR_BUSY"
    setup.machine.registers[STATUS] = 0
    assert setup.call("dsoc_set_packed_input") == "DSOC_OK"
    assert setup.machine.ranges == [("flush", 8192, 64)]
    assert setup.call("dsoc_start") == "DSOC_OK"


def test_start_needs_weights_and_input(setup: Setup) -> None:
    assert setup.init() == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"
    assert setup.call("dsoc_wait", 0, None) == "DSOC_ERR_STATE"
    assert setup.call("dsoc_load_weights", bytes(100), 100) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"
    assert setup.call("dsoc_set_input", bytes(24), 24) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"  # the input's memory may be in use by now


def test_an_input_alone_does_not_start(setup: Setup) -> None:
    assert setup.init() == "DSOC_OK"
    assert setup.call("dsoc_set_input", bytes(24), 24) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"
    assert setup.call("dsoc_load_weights", bytes(100), 100) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_OK"


def test_run_programs_every_register_and_flushes(setup: Setup) -> None:
    setup.load()
    setup.machine.writes.clear()
    setup.machine.on_start = setup.finish
    assert setup.call("dsoc_run", 0, ctypes.byref(setup.info)) == "DSOC_OK"
    programs = [
        (ARENA_LO, 0x34567000),
        (ARENA_HI, 0x12),
        (DESC, 4096),
        (N_OPS, 2),
        (NET_ID, 0xCAFE),
        (CTRL, 3),
        (IRQ_ACK, 1),
    ]
    # Behind new weights a reset: what the accelerator has of the old ones is gone.
    assert setup.machine.writes == [(IRQ_ACK, 1), (CTRL, 4), *programs]
    assert (setup.info.op_index, setup.info.op_name, setup.info.clocks) == (1, b"second", 1234)
    assert bytes(setup.arena)[4608:4708] == bytes(range(100))
    assert [r for r in setup.machine.ranges if r[0] == "flush"] == [
        ("flush", 4096, 512),
        ("flush", 4608, 100),
        ("flush", 8192, 64),
    ]
    setup.machine.writes.clear()
    assert setup.call("dsoc_set_packed_input") == "DSOC_OK"
    assert setup.call("dsoc_run", 0, ctypes.byref(setup.info)) == "DSOC_OK"
    assert setup.machine.writes == [(IRQ_ACK, 1), *programs]


def test_weights_already_in_place_are_only_flushed(setup: Setup) -> None:
    assert setup.init() == "DSOC_OK"
    place = ctypes.c_void_p(ctypes.addressof(setup.arena) + 4608)
    setup.arena[4700] = 77
    assert setup.call("dsoc_load_weights", place, 100) == "DSOC_OK"
    assert setup.arena[4700] == 77
    assert setup.machine.ranges[-1] == ("flush", 4608, 100)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, "DSOC_ERR_HW_DESCRIPTOR"),
        (2, "DSOC_ERR_HW_NET_ID"),
        (3, "DSOC_ERR_HW_ORDER"),
        (4, "DSOC_ERR_HW_AXI_READ"),
        (5, "DSOC_ERR_HW_AXI_WRITE"),
        (6, "DSOC_ERR_HW_WEIGHTS"),
        (7, "DSOC_ERR_HW_EMPTY"),
        (8, "DSOC_ERR_HW_ALIGNMENT"),
        (9, "DSOC_ERR_HW_LOCKED"),
        (15, "DSOC_ERR_HW_UNKNOWN"),
    ],
)
def test_hardware_errors_have_names(setup: Setup, code: int, expected: str) -> None:
    setup.load()
    setup.machine.on_start = lambda: setup.finish(4 | code << 4, index=0)
    assert setup.call("dsoc_run", 0, ctypes.byref(setup.info)) == expected
    assert setup.info.op_name == b"first"
    assert setup.library.dsoc_status_string(status_names(setup.library)[expected]).startswith(b"hardware:")


def test_a_run_after_an_error_starts_at_once(setup: Setup) -> None:
    """The hardware shows an error only when nothing is outstanding any more: no reset is needed."""
    setup.load()
    setup.machine.on_start = lambda: setup.finish(4 | 1 << 4)
    assert setup.call("dsoc_run", 0, None) == "DSOC_ERR_HW_DESCRIPTOR"
    assert setup.call("dsoc_set_input", bytes(24), 24) == "DSOC_OK"
    setup.machine.writes.clear()
    setup.machine.on_start = setup.finish
    assert setup.call("dsoc_run", 0, None) == "DSOC_OK"
    assert (CTRL, 4) not in setup.machine.writes


def test_abort_waits_until_the_accelerator_is_quiet(setup: Setup) -> None:
    setup.load()
    setup.machine.on_start = lambda: setup.finish(status=1)
    assert setup.call("dsoc_start") == "DSOC_OK"
    setup.machine.writes.clear()
    looks = []

    def busy_for_three_looks() -> int:
        looks.append(1)
        return int(len(looks) <= 3)

    setup.machine.registers = Live(setup.machine.registers, {STATUS: busy_for_three_looks})
    assert setup.call("dsoc_abort", 1000) == "DSOC_OK"
    assert setup.machine.writes == [(CTRL, 4)]
    assert len(looks) == 4
    assert setup.call("dsoc_wait", 0, None) == "DSOC_ERR_STATE"
    assert setup.call("dsoc_start") == "DSOC_ERR_STATE"  # the input's memory may be in use by now
    assert setup.call("dsoc_set_input", bytes(24), 24) == "DSOC_OK"
    assert setup.call("dsoc_start") == "DSOC_OK"


@pytest.mark.parametrize("clock", [True, False])
def test_abort_gives_up_in_time(setup: Setup, clock: bool) -> None:
    if not clock:
        setup.machine.port.ticks = type(setup.machine.port.ticks)()
    setup.load()
    setup.machine.registers[STATUS] = 1
    assert setup.call("dsoc_abort", 100) == "DSOC_ERR_TIMEOUT"
    setup.machine.registers[STATUS] = 0
    assert setup.call("dsoc_abort", 100) == "DSOC_OK"


def test_abort_ends_what_an_earlier_program_left(setup: Setup) -> None:
    setup.machine.registers[STATUS] = 1
    assert setup.init() == "DSOC_ERR_BUSY"
    assert setup.call("dsoc_abort", 100) == "DSOC_ERR_TIMEOUT"
    setup.machine.registers[STATUS] = 0
    assert setup.call("dsoc_abort", 100) == "DSOC_OK"
    assert setup.init() == "DSOC_OK"


def test_time_out_names_the_operation_and_the_run_can_be_waited_for_again(setup: Setup) -> None:
    setup.load()
    setup.machine.on_start = lambda: setup.finish(status=1, index=1)
    waits: list[int] = []
    setup.machine.on_wait = lambda ticks: waits.append(ticks) or 0
    setup.machine.now = 0xFFFFFFE0  # wraps on the way
    assert setup.call("dsoc_run", 100, ctypes.byref(setup.info)) == "DSOC_ERR_TIMEOUT"
    assert (setup.info.op_index, setup.info.op_name) == (1, b"second")
    assert waits
    assert all(0 < ticks < 100 for ticks in waits)
    setup.finish()
    assert setup.call("dsoc_wait", 100, None) == "DSOC_OK"
    assert setup.call("dsoc_wait", 100, None) == "DSOC_ERR_STATE"


@pytest.mark.parametrize("index", [2, 3, 0xFFFF])
def test_an_operation_beyond_the_table_has_no_name(setup: Setup, index: int) -> None:
    setup.load()
    setup.machine.on_start = lambda: setup.finish(4 | 3 << 4, index=index)
    assert setup.call("dsoc_run", 0, ctypes.byref(setup.info)) == "DSOC_ERR_HW_ORDER"
    assert (setup.info.op_index, setup.info.op_name) == (index, b"?")


def test_the_port_may_give_up(setup: Setup) -> None:
    setup.load()
    setup.machine.on_start = lambda: setup.finish(status=1, index=0)
    setup.machine.on_wait = lambda ticks: 1
    assert setup.call("dsoc_run", 0, ctypes.byref(setup.info)) == "DSOC_ERR_TIMEOUT"
    assert setup.info.op_name == b"first"


def test_polling_without_interrupt_and_clock_counts_looks(setup: Setup) -> None:
    setup.machine.port.wait_irq = type(setup.machine.port.wait_irq)()
    setup.machine.port.ticks = type(setup.machine.port.ticks)()
    setup.load()
    setup.machine.writes.clear()
    assert setup.call("dsoc_run", 50, None) == "DSOC_ERR_TIMEOUT"
    assert (CTRL, 1) in setup.machine.writes  # interrupt not enabled
    setup.finish()
    assert setup.call("dsoc_wait", 50, None) == "DSOC_OK"


def test_output_is_invalidated_before_it_is_read(setup: Setup) -> None:
    setup.load()
    words = np.arange(-4, 4, dtype="<i4").reshape(2, 4)  # two slots of four rows
    ctypes.memmove(ctypes.addressof(setup.arena) + 8256, words.tobytes(), 32)
    values = (ctypes.c_int32 * 8)()
    assert setup.call("dsoc_get_output", values, 8) == "DSOC_OK"
    assert setup.machine.ranges[-1] == ("invalidate", 8256, 64)
    np.testing.assert_array_equal(np.array(values).reshape(4, 2), words.T)


def test_every_status_has_a_text(setup: Setup) -> None:
    texts = {setup.library.dsoc_status_string(value) for value in setup.status}
    assert len(texts) == len(setup.status)
    assert setup.library.dsoc_status_string(999) == b"unknown status"


COUNTERS = {r.name.removeprefix("COUNT_").lower(): r.offset for r in load_map().registers if r.name[:6] == "COUNT_"}


def test_performance_reads_the_counters_of_an_operation(setup: Setup) -> None:
    figures = Performance()
    assert (
        setup.library.dsoc_performance(None, 0, ctypes.byref(figures))
        == status_names(setup.library)["DSOC_ERR_ARGUMENT"]
    )
    setup.load()
    assert setup.call("dsoc_performance", 0, None) == "DSOC_ERR_ARGUMENT"
    setup.machine.registers[OP_INDEX] = 1  # of another program's run
    assert setup.call("dsoc_performance", 0, ctypes.byref(figures)) == "DSOC_ERR_STATE"
    assert setup.call("dsoc_start") == "DSOC_OK"
    for operation in (0, 1):
        values = {name: 100 * operation + number for number, name in enumerate(COUNTERS)} | {"clocks": 5000}
        setup.machine.registers.update({COUNTERS[name]: value for name, value in values.items()})
        setup.machine.writes.clear()
        assert setup.call("dsoc_performance", operation, ctypes.byref(figures)) == "DSOC_OK"
        assert setup.machine.writes == [(COUNTERS["operation"], operation)]
        for name in ("clocks", *(name for name in COUNTERS if name not in ("operation", "clocks"))):
            assert getattr(figures, name) == values[name], name
        causes = ("array", "pixels", "weights", "operands", "results", "outputs", "end", "writes")
        assert figures.start == 5000 - sum(values[name] for name in causes)
    assert setup.call("dsoc_performance", 2, ctypes.byref(figures)) == "DSOC_ERR_STATE"
    setup.machine.registers[OP_INDEX] = 2
    assert setup.call("dsoc_performance", 0, ctypes.byref(figures)) == "DSOC_ERR_COUNTERS"
    assert setup.call("dsoc_performance", 1, ctypes.byref(figures)) == "DSOC_OK"
    setup.model.counters_depth = 0
    assert setup.call("dsoc_performance", 2, ctypes.byref(figures)) == "DSOC_ERR_COUNTERS"
