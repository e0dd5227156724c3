/**
 * @file dsoc_port_xilinx.h
 * @brief Bare-metal port for Xilinx standalone boards (Zynq-7000, Zynq UltraScale+).
 */
#ifndef DSOC_PORT_XILINX_H
#define DSOC_PORT_XILINX_H

#include "dsoc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The accelerator's place in the address map, and the port's clock. Must outlive the port. */
typedef struct {
    uintptr_t base; /**< XPAR_<instance>_BASEADDR of xparameters.h. */
    /**
     * Sleeps until the accelerator's interrupt, or any other, and returns, e.g. by the instruction wfi with the
     * interrupt enabled in its controller; the status register says the rest. NULL: polling.
     */
    void (*sleep)(void);
    uint32_t counted, microseconds; /**< Private: the timer at the last look, and the time that it has shown. */
    uint64_t rest;                  /**< Private. */
} dsoc_xilinx_t;

/**
 * Makes a port with the board support package's cache functions; time-outs count microseconds.
 * @param[in] board  register address
 * @return the port for dsoc_init()
 */
dsoc_port_t dsoc_port_xilinx(dsoc_xilinx_t *board);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_PORT_XILINX_H */
