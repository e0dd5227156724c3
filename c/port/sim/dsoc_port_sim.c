#include "dsoc_port_sim.h"

#include <stddef.h>

/* What lies behind the weights are tensors. */
static void spoil_tensors(const dsoc_sim_job_t *job, void *sim) {
    const uint32_t begin = job->model->weights_offset + job->model->weights_bytes, end = job->model->arena_bytes;
    for (uint32_t i = begin; i < end; i++) {
        job->arena[i] = (uint8_t)~job->arena[i];
    }
    dsoc_sim_flush(sim, job->arena + begin, end - begin);
}

dsoc_status_t dsoc_sim_firmware(void *sim, const dsoc_sim_job_t *job, dsoc_info_t *info) {
    const dsoc_port_t port = {
        .user = sim,
        .read32 = dsoc_sim_read32,
        .write32 = dsoc_sim_write32,
        .flush = dsoc_sim_flush,
        .invalidate = dsoc_sim_invalidate,
        .ticks = dsoc_sim_ticks,
        .wait_irq = dsoc_sim_wait_irq,
    };
    const dsoc_model_t *model = job->model;
    dsoc_t soc;
    dsoc_status_t status = dsoc_init(&soc, model, &port, job->arena, job->arena_bus, dsoc_arena_bytes(model));
    if (status == DSOC_OK) {
        status = dsoc_load_weights(&soc, job->weights, job->weights_bytes);
    }
    for (uint32_t i = 1; status == DSOC_OK && i < job->runs; i++) {
        status = dsoc_set_input(&soc, job->input, job->input_bytes);
        if (status == DSOC_OK) {
            status = dsoc_run(&soc, DSOC_WAIT_FOREVER, info);
        }
        spoil_tensors(job, sim);
    }
    if (status == DSOC_OK) {
        status = dsoc_set_input(&soc, job->input, job->input_bytes);
    }
    if (status == DSOC_OK) {
        status = dsoc_run(&soc, DSOC_WAIT_FOREVER, info);
        for (uint32_t i = 0; job->performance != NULL && i < model->n_ops; i++) {
            (void)dsoc_performance(&soc, i, &job->performance[i]);
        }
    }
    if (status == DSOC_OK) {
        status = dsoc_get_output(&soc, job->output, dsoc_output_count(model));
    }
    if (status == DSOC_OK && model->softmax) {
        status = dsoc_softmax(model, job->output, job->probabilities);
    }
    return status;
}
