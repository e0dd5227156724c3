/*
 * The Xilinx port on QEMU's Zynq-7000. The functions of the board support package reach the accelerator; time is that
 * of the processor's global timer, as in the package.
 */
#include "accelerator.h"
#include "board.h"
#include "dsoc_port_xilinx.h"
#include "xil_cache.h"
#include "xil_io.h"
#include "xil_printf.h"
#include "xtime_l.h"

#include <stdarg.h>
#include <stddef.h>

#define TIMER(offset) (*(volatile uint32_t *)(0xF8F00200u + (offset)))

void program(void);
void begin(void);
void _start(void);

static uint32_t semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}

#ifdef DEPLOYED /* Port and output are those of a deployment, which prints texts alone. */
void xil_printf(const char8 *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    semihost(0x04, va_arg(arguments, const char *));
    va_end(arguments);
}
#else
void board_print(const char *text) {
    semihost(0x04, text);
}
#endif

void board_exit(void) {
    semihost(0x18, (const void *)0x20026u);
    for (;;) {
    }
}

void XTime_GetTime(XTime *time) {
    uint32_t high, low;
    do {
        high = TIMER(4);
        low = TIMER(0);
    } while (TIMER(4) != high);
    *time = (uint64_t)high << 32 | low;
}

uint32_t board_ticks(void) {
    XTime now;
    XTime_GetTime(&now);
    return (uint32_t)(now / (COUNTS_PER_SECOND / 1000000u));
}

u32 Xil_In32(UINTPTR address) {
    return accelerator_read(address);
}

void Xil_Out32(UINTPTR address, u32 value) {
    accelerator_write(address, value);
}

void Xil_DCacheFlushRange(INTPTR address, u32 bytes) {
    accelerator_cleaned((uintptr_t)address, bytes);
}

void Xil_DCacheInvalidateRange(INTPTR address, u32 bytes) {
    accelerator_dropped((uintptr_t)address, bytes);
}

#ifndef DEPLOYED
#ifdef INTERRUPT
/* Any interrupt may have ended it: here none is needed. */
static void nap(void) {
    if (!accelerator.irq_enabled) {
        fail("sleeps without an interrupt");
    }
}
#else
#define nap NULL
#endif

dsoc_port_t board_port(void) {
    static dsoc_xilinx_t board = {.base = ACCELERATOR_BASE, .sleep = nap};
    const dsoc_port_t port = dsoc_port_xilinx(&board);
    if ((port.wait_irq != NULL) != (board.sleep != NULL)) {
        fail("sleeps and polls as the board cannot");
    }
    return port;
}
#endif

void begin(void) {
    TIMER(8) = 1; /* counts */
    program();
}

__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("ldr sp, =stack_top\n b begin");
}
