/**
 * @file dsoc_port_linux.h
 * @brief Port for Linux: registers by UIO or /dev/mem, memory by u-dma-buf, one process at a time.
 */
#ifndef DSOC_PORT_LINUX_H
#define DSOC_PORT_LINUX_H

#include "dsoc.h"

#include <signal.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the accelerator and its memory are. */
typedef struct {
    const char *uio;  /**< Name in /sys/class/uio/uioN/name, that of the device tree's node; or uioN. NULL: /dev/mem. */
    uint64_t address; /**< With /dev/mem: bus address of the registers, a multiple of 4. */
    const char *memory;                /**< Name of the u-dma-buf, e.g. udmabuf0. */
    int polling;                       /**< Not 0: the interrupt is not used. /dev/mem has none. */
    const volatile sig_atomic_t *stop; /**< Not 0 there, e.g. set by a signal's handler: waits give up. May be NULL. */
} dsoc_linux_options_t;

/** An opened machine; fields but `arena*` and `error` are private to the port. Must outlive the port. */
typedef struct {
    uint8_t *arena;       /**< The CPU's view of the u-dma-buf. */
    uint64_t arena_bus;   /**< Its bus address, of up to 64 bits. */
    uint64_t arena_bytes; /**< Its size. */
    char error[320];      /**< Why dsoc_linux_open() failed, and what to do. */
    uint8_t lost_irq;     /**< Not 0: a run ended and its interrupt did not come; the status is polled since then. */
    volatile uint32_t *registers;
    void *map;
    size_t map_bytes;
    int uio, for_device, for_cpu, locks[2];
    int polling;
    const volatile sig_atomic_t *stop;
} dsoc_linux_t;

/**
 * Opens registers and memory, which are this process's alone until dsoc_linux_close() or its end.
 * @param[out] machine  to fill; on failure nothing is left open
 * @param[in] options   where things are
 * @return 0, or -1 with the reason in machine->error
 */
int dsoc_linux_open(dsoc_linux_t *machine, const dsoc_linux_options_t *options);

/**
 * Gives everything back. The accelerator must be at rest: dsoc_abort().
 * @param[in] machine  opened, or not
 */
void dsoc_linux_close(dsoc_linux_t *machine);

/**
 * Makes the port; time-outs count microseconds.
 * @param[in] machine  opened
 * @return the port for dsoc_init()
 */
dsoc_port_t dsoc_port_linux(dsoc_linux_t *machine);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_PORT_LINUX_H */
