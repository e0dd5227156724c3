/**
 * @file dsoc_port_mmio.h
 * @brief Bare-metal port: registers by volatile access, caches and interrupt by functions of the board.
 */
#ifndef DSOC_PORT_MMIO_H
#define DSOC_PORT_MMIO_H

#include "dsoc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The board's functions; any may be NULL. Must outlive the port. */
typedef struct {
    uintptr_t base;                                         /**< Address of the register file. */
    void (*clean_cache)(uintptr_t address, uint32_t bytes); /**< Writes dirty lines back. NULL: coherent. */
    void (*drop_cache)(uintptr_t address, uint32_t bytes);  /**< Invalidates lines. NULL: coherent. */
    uint32_t (*ticks)(void);                                /**< Free-running counter. NULL: polls are counted. */
    void (*sleep)(void);                                    /**< Sleeps until an interrupt. NULL: polling. */
} dsoc_mmio_t;

/**
 * Makes a port of the board's functions.
 * @param[in] mmio  board
 * @return the port for dsoc_init()
 */
dsoc_port_t dsoc_port_mmio(dsoc_mmio_t *mmio);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_PORT_MMIO_H */
