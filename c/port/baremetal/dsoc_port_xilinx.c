#include "dsoc_port_xilinx.h"

#include "xil_cache.h"
#include "xil_io.h"
#include "xtime_l.h"

#include <stddef.h>

static uint32_t xilinx_read32(void *user, uint32_t offset) {
    const dsoc_xilinx_t *board = user;
    return Xil_In32(board->base + offset);
}

static void xilinx_write32(void *user, uint32_t offset, uint32_t value) {
    const dsoc_xilinx_t *board = user;
    Xil_Out32(board->base + offset, value);
}

static void xilinx_flush(void *user, const void *address, uint32_t bytes) {
    (void)user;
    Xil_DCacheFlushRange((INTPTR)address, bytes);
}

static void xilinx_invalidate(void *user, const void *address, uint32_t bytes) {
    (void)user;
    Xil_DCacheInvalidateRange((INTPTR)address, bytes);
}

/* Adds up what has passed since the last look: some processors' timers have 32 bits, and any frequency. */
static uint32_t xilinx_ticks(void *user) {
    dsoc_xilinx_t *board = user;
    XTime now;
    XTime_GetTime(&now);
    board->rest += (uint64_t)((uint32_t)now - board->counted) * 1000000u;
    board->counted = (uint32_t)now;
    board->microseconds += (uint32_t)(board->rest / COUNTS_PER_SECOND);
    board->rest %= COUNTS_PER_SECOND;
    return board->microseconds;
}

static int xilinx_wait_irq(void *user, uint32_t ticks) {
    const dsoc_xilinx_t *board = user;
    (void)ticks; /* A timer interrupt of the board, if any, ends the sleep as well. */
    board->sleep();
    return 0;
}

dsoc_port_t dsoc_port_xilinx(dsoc_xilinx_t *board) {
    dsoc_port_t port = {
        .user = board,
        .read32 = xilinx_read32,
        .write32 = xilinx_write32,
        .flush = xilinx_flush,
        .invalidate = xilinx_invalidate,
        .ticks = xilinx_ticks,
    };
    if (board->sleep != NULL) {
        port.wait_irq = xilinx_wait_irq;
    }
    return port;
}
