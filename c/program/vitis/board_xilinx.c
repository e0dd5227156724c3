/* AMD Zynq-7000 and Zynq UltraScale+ without an operating system: polling, time-outs in microseconds. */
#include "board.h"
#include "design.h"
#include "dsoc_port_xilinx.h"
#include "xil_printf.h"
#include "xparameters.h"

/*
 * The accelerator's registers. xparameters.h names them after the cell of the block design, here dsoc_0: since 2023.2
 * (SDT) by the cell alone, before by cell and interface. -DBOARD_BASE_ADDRESS=... is for any other name.
 */
#if defined(BOARD_BASE_ADDRESS)
#elif defined(SDT) && defined(XPAR_DSOC_0_BASEADDR)
#define BOARD_BASE_ADDRESS XPAR_DSOC_0_BASEADDR
#elif defined(XPAR_DSOC_0_S_AXIL_BASEADDR)
#define BOARD_BASE_ADDRESS XPAR_DSOC_0_S_AXIL_BASEADDR
#elif defined(XPAR_DSOC_0_BASEADDR)
#define BOARD_BASE_ADDRESS XPAR_DSOC_0_BASEADDR
#else
#define BOARD_BASE_ADDRESS DESIGN_BASE_ADDRESS
#endif

const uint32_t board_timeout = 10u * 1000u * 1000u;

dsoc_port_t board_port(void) {
    static dsoc_xilinx_t board = {.base = (uintptr_t)BOARD_BASE_ADDRESS};
    return dsoc_port_xilinx(&board);
}

/* The standalone package maps memory at its own addresses. */
uint64_t board_bus_address(const void *memory) {
    return (uint64_t)(uintptr_t)memory;
}

void board_print(const char *text) {
    xil_printf("%s", text);
}
