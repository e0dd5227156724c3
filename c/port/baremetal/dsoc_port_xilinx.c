#include "dsoc_port_xilinx.h"

#include "xil_cache.h"
#include "xil_io.h"
#include "xtime_l.h"

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

static uint32_t xilinx_ticks(void *user) {
    XTime now;
    (void)user;
    XTime_GetTime(&now);
    return (uint32_t)(now / (COUNTS_PER_SECOND / 1000000u));
}

dsoc_port_t dsoc_port_xilinx(dsoc_xilinx_t *board) {
    const dsoc_port_t port = {
        .user = board,
        .read32 = xilinx_read32,
        .write32 = xilinx_write32,
        .flush = xilinx_flush,
        .invalidate = xilinx_invalidate,
        .ticks = xilinx_ticks,
    };
    return port;
}
