/*
 * A machine whose caches the accelerator follows, or that has none, with its memory at the same address for both.
 * Fill in what yours has: an output for board_print(), a clock, cache functions, an interrupt (dsoc_port_mmio.h).
 */
#include "board.h"
#include "design.h"
#include "dsoc_port_mmio.h"

#ifndef BOARD_UART
#define BOARD_UART 0 /* address of a register that sends the byte written to it; 0: nothing is printed */
#endif

const uint32_t board_timeout = DSOC_WAIT_FOREVER;

dsoc_port_t board_port(void) {
    static dsoc_mmio_t board = {.base = (uintptr_t)DESIGN_BASE_ADDRESS};
    return dsoc_port_mmio(&board);
}

uint64_t board_bus_address(const void *memory) {
    return (uint64_t)(uintptr_t)memory;
}

void board_print(const char *text) {
    while (BOARD_UART != 0 && *text != '\0') {
        *(volatile uint8_t *)(uintptr_t)BOARD_UART = (uint8_t)*text++;
    }
}
