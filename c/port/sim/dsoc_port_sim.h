/**
 * @file dsoc_port_sim.h
 * @brief Port to a simulated accelerator, and the program that runs on it.
 *
 * The simulator implements the dsoc_sim_* functions; each advances the simulated clock as far as it needs. The CPU's
 * view of the arena and the simulated memory are two buffers: only flush and invalidate copy between them, so that a
 * missing one shows as wrong data, as it would on a machine with caches.
 */
#ifndef DSOC_PORT_SIM_H
#define DSOC_PORT_SIM_H

#include "dsoc.h"

#ifdef __cplusplus
extern "C" {
#endif

uint32_t dsoc_sim_read32(void *sim, uint32_t offset);
void dsoc_sim_write32(void *sim, uint32_t offset, uint32_t value);
void dsoc_sim_flush(void *sim, const void *address, uint32_t bytes);
void dsoc_sim_invalidate(void *sim, const void *address, uint32_t bytes);
uint32_t dsoc_sim_ticks(void *sim);
int dsoc_sim_wait_irq(void *sim, uint32_t ticks);

/** Everything one run needs; buffers are the caller's. */
typedef struct {
    const dsoc_model_t *model;
    uint8_t *arena;      /**< CPU's view, model->arena_bytes. */
    uint64_t arena_bus;  /**< Simulated bus address of the arena. */
    const void *weights; /**< Contents of weights.bin. */
    uint32_t weights_bytes;
    const int8_t *input; /**< NHWC or NC integers. */
    uint32_t input_bytes;
    uint32_t runs;                   /**< How often the network runs, each time on this input; 0 counts as 1. */
    int32_t *output;                 /**< dsoc_output_count() integers, filled. */
    float *probabilities;            /**< As many, filled when the network ends in a softmax. */
    dsoc_performance_t *performance; /**< model->n_ops of them, filled where they are kept; NULL: not wanted. */
} dsoc_sim_job_t;

/**
 * The firmware of a simulation: initialises, loads, runs the network by interrupt and reads the results. Before a
 * further run all tensors are spoilt, so that none of the run before passes for its own.
 * @param[in] sim   handle passed to the dsoc_sim_* functions
 * @param[in] job   network and buffers
 * @param[out] info where the run ended
 * @return the first status that is not DSOC_OK, or DSOC_OK
 */
dsoc_status_t dsoc_sim_firmware(void *sim, const dsoc_sim_job_t *job, dsoc_info_t *info);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_PORT_SIM_H */
