/* What the program needs of a machine under QEMU; riscv.c and arm.c are the machines. */
#ifndef BOARD_H
#define BOARD_H

#include "dsoc.h"

/* Prints a text; the last one printed is "passed" or names the first fault. */
void board_print(const char *text);

/* Ends QEMU. */
__attribute__((noreturn)) void board_exit(void);

/* The free-running counter of the port. */
uint32_t board_ticks(void);

/* The port under test. */
dsoc_port_t board_port(void);

/* Prints what is wrong and ends QEMU. */
__attribute__((noreturn)) void fail(const char *what);

#endif
