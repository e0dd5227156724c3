"""Constants of the timing model, each beside what it was taken from.

Structure comes from the RTL's parameters; its clocks were measured (`python benchmarks/bench_model.py`), the CPU's too.
"""

from __future__ import annotations

__all__ = [
    "BLOCK", "BURST", "BURSTS", "DESCRIPTOR", "DESCRIPTOR_BURST", "DESCRIPTOR_BYTES", "END", "HANDOVER", "NOTABLE",
    "OVER", "POOL_OVER", "REFILL", "SINGLE", "SLOTS", "SOFTMAX_FLOAT_UNIT", "SOFTMAX_SOFT_FLOAT", "START", "STREAM",
    "TABLE", "WEIGHTS_TURN", "WRITE", "WRITES",
]  # fmt: skip

# ---- structure ------------------------------------------------------------------------------------------------------
DESCRIPTOR_BYTES = 256  # hw/registers.toml: 64 words
SLOTS = 4  # chunks that a line reader holds (rtl/memory/dsoc_line_reader.sv, Slots)
BURSTS = 32  # bursts that a line reader has under way (rtl/memory/dsoc_line_reader.sv, depth of i_bursts)
WRITES = 64  # bursts that the writer has under way (rtl/memory/dsoc_writer.sv, Bursts)

# ---- clocks ---------------------------------------------------------------------------------------------------------
START = 4  # from the write of CTRL.start to the first descriptor's address
DESCRIPTOR = 4  # check of a descriptor and its way into the operation
DESCRIPTOR_BURST = 2  # of each burst of a descriptor, beside latency and beats
STREAM = 6  # from a descriptor to the first weights at the reader, beside latency
BLOCK = 3  # between two weights blocks
WEIGHTS_TURN = 3  # of a burst of weights, beside latency and beats
REFILL = 5  # of a chunk of a line buffer, beside latency, addresses and beats
SINGLE = 2  # of a beat that is asked for on its own of every line, beside its addresses
BURST = 4  # of a burst of a line reader, beside latency and beats
WRITE = 4  # of a burst of the writer, beside latency and beats
HANDOVER = 4  # from an operation that is over to the first step of the next, whose pixels are there
OVER = 9  # from the last step to the last result in the writer, beside the channels that leave
POOL_OVER = 14  # the same of a pool
END = 11  # of an operation's fixed overhead, the part behind the last step
TABLE = -3  # from a descriptor to the first address of pixels, besides a clock a line buffer: its reader makes a table

# ---- clocks of the CPU, one an instruction: scripts/measure_softmax.py, GCC 12.2 -O2, counted by QEMU 7.2 ------------
# Rows of 10, 20, 100, 1000: 613, 1,135, 5,297, 52,097 with and 25,674, 51,853, 260,062, 2,602,718 without the unit.
SOFTMAX_FLOAT_UNIT = 52  # an element of dsoc_softmax() on RV32IMAFC; a row takes about 95 more, left out
SOFTMAX_SOFT_FLOAT = 2603  # the same on RV32IMC, whose floating-point operations are functions of libgcc

# ---- reporting ------------------------------------------------------------------------------------------------------
NOTABLE = 0.02  # share of an operation's clocks from which a wait counts as what binds it
