/**
 * @file dsoc_port_xilinx.h
 * @brief Bare-metal port for Xilinx standalone boards (Zynq-7000, Zynq UltraScale+), polling.
 */
#ifndef DSOC_PORT_XILINX_H
#define DSOC_PORT_XILINX_H

#include "dsoc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The accelerator's place in the address map. Must outlive the port. */
typedef struct {
    uintptr_t base; /**< XPAR_<instance>_BASEADDR of xparameters.h. */
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
