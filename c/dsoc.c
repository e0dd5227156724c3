#include "dsoc.h"
#include "dsoc_map.h"
#include "dsoc_tensor.h"

#include <stddef.h>

#define FIELD(value, name) (((value)&name##_MASK) >> name##_LSB)

static uint32_t reg_read(const dsoc_t *ctx, uint32_t offset) {
    return ctx->port.read32(ctx->port.user, offset);
}

static void reg_write(const dsoc_t *ctx, uint32_t offset, uint32_t value) {
    ctx->port.write32(ctx->port.user, offset, value);
}

static void flush(const dsoc_t *ctx, uint32_t offset, uint32_t bytes) {
    if (ctx->port.flush != NULL) {
        ctx->port.flush(ctx->port.user, ctx->arena + offset, bytes);
    }
}

static int is_busy(const dsoc_t *ctx) {
    return (reg_read(ctx, DSOC_REG_STATUS) & DSOC_STATUS_BUSY_MASK) != 0;
}

const char *dsoc_status_string(dsoc_status_t status) {
    switch (status) {
    case DSOC_OK:
        return "ok";
    case DSOC_ERR_ARGUMENT:
        return "null pointer";
    case DSOC_ERR_SIZE:
        return "buffer size does not fit the network";
    case DSOC_ERR_ALIGNMENT:
        return "arena is not aligned to 4096 bytes";
    case DSOC_ERR_VALUE:
        return "input value outside the network's input bits";
    case DSOC_ERR_ID:
        return "no accelerator of this register map version answers";
    case DSOC_ERR_GEOMETRY:
        return "accelerator has other rows, columns or bits than the network";
    case DSOC_ERR_PARAMS:
        return "accelerator's PARAMS_HASH differs from the network's params_hash: not the hardware it was made for";
    case DSOC_ERR_STATE:
        return "weights, input or start is missing";
    case DSOC_ERR_BUSY:
        return "a run is going on";
    case DSOC_ERR_TIMEOUT:
        return "the run did not end in time";
    case DSOC_ERR_COUNTERS:
        return "no performance counters, or not kept of that operation";
    case DSOC_ERR_HW_DESCRIPTOR:
        return "hardware: magic number or checksum of a descriptor";
    case DSOC_ERR_HW_NET_ID:
        return "hardware: descriptor of another network";
    case DSOC_ERR_HW_ORDER:
        return "hardware: descriptor out of order";
    case DSOC_ERR_HW_AXI_READ:
        return "hardware: AXI read error";
    case DSOC_ERR_HW_AXI_WRITE:
        return "hardware: AXI write error";
    case DSOC_ERR_HW_WEIGHTS:
        return "hardware: weights block disagrees with the descriptor";
    case DSOC_ERR_HW_EMPTY:
        return "hardware: started with no operations";
    case DSOC_ERR_HW_ALIGNMENT:
        return "hardware: arena or descriptor table not aligned";
    case DSOC_ERR_HW_LOCKED:
        return "hardware: a register of the table was written during the run";
    case DSOC_ERR_HW_UNKNOWN:
        return "hardware: unknown error code";
    }
    return "unknown status";
}

uint32_t dsoc_arena_bytes(const dsoc_model_t *model) {
    return model->arena_bytes;
}

uint32_t dsoc_input_count(const dsoc_model_t *model) {
    return dsoc_tensor_count(&model->input);
}

uint32_t dsoc_output_count(const dsoc_model_t *model) {
    return dsoc_tensor_count(&model->output);
}

static dsoc_status_t check_hardware(const dsoc_t *ctx) {
    const dsoc_model_t *model = ctx->model;
    const uint32_t id = reg_read(ctx, DSOC_REG_ID);
    if (FIELD(id, DSOC_ID_MAGIC) != DSOC_ID_MAGIC || FIELD(id, DSOC_ID_MAP_VERSION) != DSOC_MAP_VERSION ||
        model->map_version != DSOC_MAP_VERSION) {
        return DSOC_ERR_ID;
    }
    const uint32_t geometry = reg_read(ctx, DSOC_REG_GEOMETRY);
    if (FIELD(geometry, DSOC_GEOMETRY_ROWS) != model->rows || FIELD(geometry, DSOC_GEOMETRY_COLS) != model->cols ||
        FIELD(geometry, DSOC_GEOMETRY_X_BITS) != model->x_bits ||
        FIELD(geometry, DSOC_GEOMETRY_K_BITS) != model->k_bits) {
        return DSOC_ERR_GEOMETRY;
    }
    if (reg_read(ctx, DSOC_REG_PARAMS_HASH) != model->params_hash) {
        return DSOC_ERR_PARAMS;
    }
    return is_busy(ctx) ? DSOC_ERR_BUSY : DSOC_OK;
}

/* The table is little-endian in memory whatever the CPU is. */
static void write_descriptors(const dsoc_t *ctx) {
    const uint32_t words = ctx->model->n_ops * DSOC_DESCRIPTOR_WORDS;
    uint8_t *bytes = ctx->arena + ctx->model->desc_offset;
    for (uint32_t i = 0; i < words; i++) {
        const uint32_t word = ctx->model->descriptors[i];
        for (uint32_t b = 0; b < 4; b++) {
            *bytes++ = (uint8_t)(word >> (8u * b));
        }
    }
    flush(ctx, ctx->model->desc_offset, 4u * words);
}

dsoc_status_t dsoc_init(dsoc_t *ctx, const dsoc_model_t *model, const dsoc_port_t *port, void *arena,
                        uint64_t arena_bus, uint32_t arena_bytes) {
    if (ctx == NULL || model == NULL || port == NULL || arena == NULL || port->read32 == NULL ||
        port->write32 == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    if (arena_bytes < model->arena_bytes) {
        return DSOC_ERR_SIZE;
    }
    if (arena_bus % DSOC_ARENA_ALIGN != 0) {
        return DSOC_ERR_ALIGNMENT;
    }
    ctx->model = model;
    ctx->port = *port;
    ctx->arena = arena;
    ctx->arena_bus = arena_bus;
    ctx->has_weights = 0;
    ctx->new_weights = 0;
    ctx->has_input = 0;
    ctx->started = 0;
    ctx->has_run = 0;
    const dsoc_status_t status = check_hardware(ctx);
    if (status == DSOC_OK) {
        reg_write(ctx, DSOC_REG_CTRL, DSOC_CTRL_SOFT_RESET_MASK);
        write_descriptors(ctx);
    }
    return status;
}

dsoc_status_t dsoc_load_weights(dsoc_t *ctx, const void *data, uint32_t bytes) {
    if (ctx == NULL || data == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    if (bytes != ctx->model->weights_bytes) {
        return DSOC_ERR_SIZE;
    }
    if (is_busy(ctx)) {
        return DSOC_ERR_BUSY;
    }
    const uint8_t *source = data;
    uint8_t *place = ctx->arena + ctx->model->weights_offset;
    if (source != place) {
        for (uint32_t i = 0; i < bytes; i++) {
            place[i] = source[i];
        }
    }
    flush(ctx, ctx->model->weights_offset, bytes);
    ctx->has_weights = 1;
    ctx->new_weights = 1;
    return DSOC_OK;
}

dsoc_status_t dsoc_set_input(dsoc_t *ctx, const int8_t *values, uint32_t bytes) {
    if (ctx == NULL || values == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    const dsoc_tensor_t *input = &ctx->model->input;
    if (bytes != dsoc_tensor_count(input)) {
        return DSOC_ERR_SIZE;
    }
    if (is_busy(ctx)) {
        return DSOC_ERR_BUSY;
    }
    const dsoc_status_t status = dsoc_tensor_pack(input, ctx->model->rows, ctx->arena + input->offset, values);
    flush(ctx, input->offset, input->bytes);
    ctx->has_input = status == DSOC_OK;
    return status;
}

dsoc_status_t dsoc_set_packed_input(dsoc_t *ctx) {
    if (ctx == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    if (is_busy(ctx)) {
        return DSOC_ERR_BUSY;
    }
    flush(ctx, ctx->model->input.offset, ctx->model->input.bytes);
    ctx->has_input = 1;
    return DSOC_OK;
}

dsoc_status_t dsoc_start(dsoc_t *ctx) {
    if (ctx == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    if (!ctx->has_weights || !ctx->has_input) {
        return DSOC_ERR_STATE;
    }
    if (is_busy(ctx)) {
        return DSOC_ERR_BUSY;
    }
    reg_write(ctx, DSOC_REG_IRQ_ACK, DSOC_IRQ_ACK_ACK_MASK);
    if (ctx->new_weights) { /* those that stay on chip are of before */
        reg_write(ctx, DSOC_REG_CTRL, DSOC_CTRL_SOFT_RESET_MASK);
        ctx->new_weights = 0;
    }
    reg_write(ctx, DSOC_REG_ARENA_LO, (uint32_t)ctx->arena_bus);
    reg_write(ctx, DSOC_REG_ARENA_HI, (uint32_t)(ctx->arena_bus >> 32));
    reg_write(ctx, DSOC_REG_DESC_OFFSET, ctx->model->desc_offset);
    reg_write(ctx, DSOC_REG_N_OPS, ctx->model->n_ops);
    reg_write(ctx, DSOC_REG_NET_ID, ctx->model->net_id);
    reg_write(ctx, DSOC_REG_CTRL, DSOC_CTRL_START_MASK | (ctx->port.wait_irq != NULL ? DSOC_CTRL_IRQ_ENABLE_MASK : 0u));
    ctx->has_input = 0;
    ctx->started = 1;
    ctx->has_run = 1;
    return DSOC_OK;
}

static dsoc_status_t hardware_status(uint32_t status) {
    if ((status & DSOC_STATUS_ERROR_MASK) == 0) {
        return DSOC_OK;
    }
    switch (FIELD(status, DSOC_STATUS_ERROR_CODE)) {
    case DSOC_STATUS_ERROR_CODE_MAGIC:
        return DSOC_ERR_HW_DESCRIPTOR;
    case DSOC_STATUS_ERROR_CODE_NET_ID:
        return DSOC_ERR_HW_NET_ID;
    case DSOC_STATUS_ERROR_CODE_ORDER:
        return DSOC_ERR_HW_ORDER;
    case DSOC_STATUS_ERROR_CODE_AXI_READ:
        return DSOC_ERR_HW_AXI_READ;
    case DSOC_STATUS_ERROR_CODE_AXI_WRITE:
        return DSOC_ERR_HW_AXI_WRITE;
    case DSOC_STATUS_ERROR_CODE_WEIGHTS:
        return DSOC_ERR_HW_WEIGHTS;
    case DSOC_STATUS_ERROR_CODE_EMPTY:
        return DSOC_ERR_HW_EMPTY;
    case DSOC_STATUS_ERROR_CODE_ALIGNMENT:
        return DSOC_ERR_HW_ALIGNMENT;
    case DSOC_STATUS_ERROR_CODE_LOCKED:
        return DSOC_ERR_HW_LOCKED;
    default:
        return DSOC_ERR_HW_UNKNOWN;
    }
}

/* Waits until any of the bits `mask` of the status register is `wanted`, or gives up; returns the last status. */
static uint32_t wait_status(const dsoc_t *ctx, uint32_t mask, int wanted, uint32_t timeout, int by_irq) {
    const dsoc_port_t *port = &ctx->port;
    const uint32_t begin = port->ticks != NULL ? port->ticks(port->user) : 0u;
    uint32_t looks = 0;
    int give_up = 0;
    for (;;) {
        const uint32_t status = reg_read(ctx, DSOC_REG_STATUS);
        const uint32_t elapsed = port->ticks != NULL ? port->ticks(port->user) - begin : looks;
        looks++;
        if (give_up || ((status & mask) != 0) == wanted || (timeout != DSOC_WAIT_FOREVER && elapsed >= timeout)) {
            return status;
        }
        if (by_irq && port->wait_irq != NULL) {
            give_up = port->wait_irq(port->user, timeout == DSOC_WAIT_FOREVER ? timeout : timeout - elapsed);
        }
    }
}

dsoc_status_t dsoc_wait(dsoc_t *ctx, uint32_t timeout, dsoc_info_t *info) {
    if (ctx == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    if (!ctx->started) {
        return DSOC_ERR_STATE;
    }
    const uint32_t status = wait_status(ctx, DSOC_STATUS_DONE_MASK | DSOC_STATUS_ERROR_MASK, 1, timeout, 1);
    if (info != NULL) {
        const uint32_t index = FIELD(reg_read(ctx, DSOC_REG_OP_INDEX), DSOC_OP_INDEX_INDEX);
        info->op_index = index;
        info->op_name = index < ctx->model->n_ops ? ctx->model->op_names[index] : "?";
        info->clocks = reg_read(ctx, DSOC_REG_CLOCKS);
    }
    if ((status & (DSOC_STATUS_DONE_MASK | DSOC_STATUS_ERROR_MASK)) == 0) {
        return DSOC_ERR_TIMEOUT;
    }
    ctx->started = 0;
    reg_write(ctx, DSOC_REG_IRQ_ACK, DSOC_IRQ_ACK_ACK_MASK);
    return hardware_status(status);
}

dsoc_status_t dsoc_run(dsoc_t *ctx, uint32_t timeout, dsoc_info_t *info) {
    const dsoc_status_t status = dsoc_start(ctx);
    return status == DSOC_OK ? dsoc_wait(ctx, timeout, info) : status;
}

dsoc_status_t dsoc_abort(dsoc_t *ctx, uint32_t timeout) {
    if (ctx == NULL || ctx->port.read32 == NULL || ctx->port.write32 == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    reg_write(ctx, DSOC_REG_CTRL, DSOC_CTRL_SOFT_RESET_MASK);
    ctx->started = 0;
    const uint32_t status = wait_status(ctx, DSOC_STATUS_BUSY_MASK, 0, timeout, 0);
    return (status & DSOC_STATUS_BUSY_MASK) != 0 ? DSOC_ERR_TIMEOUT : DSOC_OK;
}

dsoc_status_t dsoc_performance(const dsoc_t *ctx, uint32_t operation, dsoc_performance_t *figures) {
    if (ctx == NULL || figures == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    const uint32_t depth = ctx->model->counters_depth;
    const uint32_t current = FIELD(reg_read(ctx, DSOC_REG_OP_INDEX), DSOC_OP_INDEX_INDEX);
    if (!ctx->has_run || operation > current) {
        return DSOC_ERR_STATE;
    }
    if (current - operation >= depth) {
        return DSOC_ERR_COUNTERS;
    }
    reg_write(ctx, DSOC_REG_COUNT_OPERATION, operation);
    figures->array = reg_read(ctx, DSOC_REG_COUNT_ARRAY);
    figures->pixels = reg_read(ctx, DSOC_REG_COUNT_PIXELS);
    figures->weights = reg_read(ctx, DSOC_REG_COUNT_WEIGHTS);
    figures->operands = reg_read(ctx, DSOC_REG_COUNT_OPERANDS);
    figures->results = reg_read(ctx, DSOC_REG_COUNT_RESULTS);
    figures->outputs = reg_read(ctx, DSOC_REG_COUNT_OUTPUTS);
    figures->end = reg_read(ctx, DSOC_REG_COUNT_END);
    figures->writes = reg_read(ctx, DSOC_REG_COUNT_WRITES);
    figures->x_beats = reg_read(ctx, DSOC_REG_COUNT_X_BEATS);
    figures->k_beats = reg_read(ctx, DSOC_REG_COUNT_K_BEATS);
    figures->o_beats = reg_read(ctx, DSOC_REG_COUNT_O_BEATS);
    figures->y_beats = reg_read(ctx, DSOC_REG_COUNT_Y_BEATS);
    /* read last: of a running operation it holds all clocks above */
    figures->clocks = reg_read(ctx, DSOC_REG_COUNT_CLOCKS);
    figures->start = figures->clocks - figures->array - figures->pixels - figures->weights - figures->operands -
                     figures->results - figures->outputs - figures->end - figures->writes;
    return DSOC_OK;
}

dsoc_status_t dsoc_get_output(dsoc_t *ctx, int32_t *values, uint32_t count) {
    if (ctx == NULL || values == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    const dsoc_tensor_t *output = &ctx->model->output;
    if (count != dsoc_tensor_count(output)) {
        return DSOC_ERR_SIZE;
    }
    uint8_t *base = ctx->arena + output->offset;
    if (ctx->port.invalidate != NULL) {
        ctx->port.invalidate(ctx->port.user, base, output->bytes);
    }
    dsoc_tensor_unpack(output, ctx->model->rows, base, values);
    return DSOC_OK;
}
