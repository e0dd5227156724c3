/**
 * @file board.h
 * @brief What main.c needs of a machine: the one file board_*.c of a program implements it.
 */
#ifndef BOARD_H
#define BOARD_H

#include "dsoc.h"

/** Ticks of the port that a run may take, or DSOC_WAIT_FOREVER. */
extern const uint32_t board_timeout;

/**
 * Makes the machine ready: registers, caches, time.
 * @return the port for dsoc_init()
 */
dsoc_port_t board_port(void);

/**
 * The accelerator's address of memory that the CPU sees at `memory`.
 * @param[in] memory  the arena
 * @return bus address
 */
uint64_t board_bus_address(const void *memory);

/**
 * Prints a text, e.g. on a serial line.
 * @param[in] text  ends with a zero byte
 */
void board_print(const char *text);

#endif /* BOARD_H */
