/*
 * The memory-mapped port on QEMU's RISC-V "virt". Nothing lies at ACCELERATOR_BASE: each access of the port faults, and
 * the handler lets the accelerator answer. Its interrupt is the timer's. With DEPLOYED port and output are those of a
 * deployment.
 */
#include "accelerator.h"
#include "board.h"
#include "dsoc_port_mmio.h"

#define DEVICE(type, address) (*(volatile type *)(address))
#define TIMER_COMPARE DEVICE(uint32_t, 0x2004000u)
#define TIMER_COMPARE_HIGH DEVICE(uint32_t, 0x2004004u)
#define TIMER_NOW DEVICE(uint32_t, 0x200BFF8u)

void program(void);
void trap(uint32_t cause, uint32_t address, uint32_t *saved);
void _start(void);
void vector(void);

#ifndef DEPLOYED
void board_print(const char *text) {
    while (*text != '\0') {
        DEVICE(uint8_t, 0x10000000u) = (uint8_t)*text++;
    }
}
#endif

void board_exit(void) {
    DEVICE(uint32_t, 0x100000u) = 0x5555u;
    for (;;) {
    }
}

uint32_t board_ticks(void) {
    return TIMER_NOW;
}

/* saved[i]: register i; saved[0]: the instruction's address. */
void trap(uint32_t cause, uint32_t address, uint32_t *saved) {
    const uint32_t instruction = DEVICE(uint32_t, saved[0]);
    if (cause == 5 && (instruction & 0x707Fu) == 0x2003u) { /* lw */
        saved[instruction >> 7 & 31u] = accelerator_read(address);
    } else if (cause == 7 && (instruction & 0x707Fu) == 0x2023u) { /* sw */
        accelerator_write(address, saved[instruction >> 20 & 31u]);
    } else {
        fail("an exception");
    }
    saved[0] += 4;
}

#ifndef DEPLOYED
/* Wakes by the accelerator's interrupt, or by a tick of the board. */
static void sleep(void) {
    const uint32_t tick = 500, left = accelerator.done_at - TIMER_NOW;
    const uint32_t now = TIMER_NOW;
    if (!accelerator.irq_enabled) {
        fail("sleeps without an interrupt");
    }
    TIMER_COMPARE_HIGH = 0;
    TIMER_COMPARE = now + (left < tick ? left : tick);
    __asm__ volatile("wfi");
    TIMER_COMPARE_HIGH = UINT32_MAX;
}

dsoc_port_t board_port(void) {
    static dsoc_mmio_t none = {ACCELERATOR_BASE, 0, 0, 0, 0};
    static dsoc_mmio_t board = {ACCELERATOR_BASE, accelerator_cleaned, accelerator_dropped, board_ticks, sleep};
    const dsoc_port_t nothing = dsoc_port_mmio(&none);
    if (nothing.flush != 0 || nothing.invalidate != 0 || nothing.ticks != 0 || nothing.wait_irq != 0) {
        fail("a function that the board does not have");
    }
#ifdef POLLING
    board.sleep = 0;
    return dsoc_port_mmio(&board);
#else
    const dsoc_port_t port = dsoc_port_mmio(&board);
    if (port.wait_irq == 0) {
        fail("polls though the board can sleep");
    }
    return port;
#endif
}
#endif /* DEPLOYED */

__attribute__((naked, aligned(4))) void vector(void) {
    __asm__ volatile("addi sp, sp, -128\n"
                     ".irp i, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
                     "sw x\\i, 4*\\i(sp)\n"
                     ".endr\n"
                     "csrr t0, mepc\n"
                     "sw t0, 0(sp)\n"
                     "csrr a0, mcause\n"
                     "csrr a1, mtval\n"
                     "mv a2, sp\n"
                     "call trap\n"
                     "lw t0, 0(sp)\n"
                     "csrw mepc, t0\n"
                     ".irp i, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
                     "lw x\\i, 4*\\i(sp)\n"
                     ".endr\n"
                     "addi sp, sp, 128\n"
                     "mret");
}

/* Timer interrupts are enabled to wake the core, and never taken. */
__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("la sp, stack_top\n"
                     "la t0, vector\n"
                     "csrw mtvec, t0\n"
                     "li t0, 128\n"
                     "csrw mie, t0\n"
                     "j program");
}
