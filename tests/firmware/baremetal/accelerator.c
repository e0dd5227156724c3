#include "accelerator.h"

#include "board.h"
#include "vectors.h"
#include "dsoc_map.h"
#include "model.h"

accelerator_t accelerator = {.bus = ACCELERATOR_BUS};

static uint8_t memory[ARENA_BYTES];
static uint32_t registers[64];

static uint32_t offset_in_arena(uintptr_t address, uint32_t bytes) {
    const uintptr_t offset = address - (uintptr_t)accelerator.arena;
    if (address < (uintptr_t)accelerator.arena || offset + bytes > ARENA_BYTES || bytes == 0) {
        fail("cache maintenance outside the arena");
    }
    return (uint32_t)offset;
}

void accelerator_cleaned(uintptr_t address, uint32_t bytes) {
    if (accelerator.arena == 0) { /* The table of operations comes first, and lies at the start. */
        accelerator.arena = (uint8_t *)address;
    }
    const uint32_t offset = offset_in_arena(address, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        memory[offset + i] = accelerator.arena[offset + i];
    }
    accelerator.cleaned++;
}

void accelerator_dropped(uintptr_t address, uint32_t bytes) {
    const uint32_t offset = offset_in_arena(address, bytes);
    for (uint32_t i = 0; i < bytes; i++) {
        accelerator.arena[offset + i] = memory[offset + i];
    }
    accelerator.dropped++;
}

static uint32_t *cell(uintptr_t address) {
    const uintptr_t offset = address - ACCELERATOR_BASE;
    if (offset % 4 != 0 || offset >= sizeof registers) {
        fail("access outside the registers");
    }
    return &registers[offset / 4];
}

static void check_start(void) {
    if (accelerator.coherent) {
        accelerator.arena = (uint8_t *)(uintptr_t)registers[DSOC_REG_ARENA_LO / 4];
        accelerator_cleaned((uintptr_t)accelerator.arena, ARENA_BYTES);
    }
    const uint64_t bus = accelerator.bus != 0 ? accelerator.bus : (uintptr_t)accelerator.arena;
    if (registers[DSOC_REG_ARENA_LO / 4] != (uint32_t)bus ||
        registers[DSOC_REG_ARENA_HI / 4] != (uint32_t)(bus >> 32) ||
        registers[DSOC_REG_N_OPS / 4] != dsoc_model.n_ops || registers[DSOC_REG_NET_ID / 4] != dsoc_model.net_id ||
        registers[DSOC_REG_DESC_OFFSET / 4] != dsoc_model.desc_offset) {
        fail("a register is wrong at the start");
    }
    for (uint32_t i = 0; i < ARENA_BYTES; i++) {
        if (needed[0][i] && memory[i] != found[accelerator.run][i]) {
            fail("descriptors, weights or input have not reached the accelerator");
        }
    }
}

/* Time passes between two looks only. */
static void look(void) {
    const uint32_t late = board_ticks() - accelerator.done_at;
    if (!accelerator.busy || late > UINT32_MAX / 2) {
        return;
    }
    accelerator.busy = 0;
    if (accelerator.error_code != 0) {
        registers[DSOC_REG_STATUS / 4] = DSOC_STATUS_ERROR_MASK | accelerator.error_code << DSOC_STATUS_ERROR_CODE_LSB;
        return;
    }
    for (uint32_t i = 0; i < dsoc_model.output.bytes; i++) {
        memory[dsoc_model.output.offset + i] = left[accelerator.run][i];
    }
    if (accelerator.coherent) {
        accelerator_dropped((uintptr_t)accelerator.arena, ARENA_BYTES);
    }
    registers[DSOC_REG_STATUS / 4] = DSOC_STATUS_DONE_MASK;
    registers[DSOC_REG_OP_INDEX / 4] = dsoc_model.n_ops - 1u;
    registers[DSOC_REG_CLOCKS / 4] = 1000u + accelerator.run;
}

uint32_t accelerator_read(uintptr_t address) {
    const uint32_t *value = cell(address);
    accelerator.reads++;
    look();
    if (address == ACCELERATOR_BASE + DSOC_REG_ID) {
        return DSOC_ID_MAGIC << DSOC_ID_MAGIC_LSB | (uint32_t)DSOC_MAP_VERSION << DSOC_ID_MAP_VERSION_LSB;
    }
    if (address == ACCELERATOR_BASE + DSOC_REG_GEOMETRY) {
        return (uint32_t)dsoc_model.rows << DSOC_GEOMETRY_ROWS_LSB |
               (uint32_t)dsoc_model.cols << DSOC_GEOMETRY_COLS_LSB |
               (uint32_t)dsoc_model.x_bits << DSOC_GEOMETRY_X_BITS_LSB |
               (uint32_t)dsoc_model.k_bits << DSOC_GEOMETRY_K_BITS_LSB;
    }
    if (address == ACCELERATOR_BASE + DSOC_REG_PARAMS_HASH) {
        return dsoc_model.params_hash;
    }
    return *value;
}

void accelerator_write(uintptr_t address, uint32_t value) {
    *cell(address) = value;
    if (address == ACCELERATOR_BASE + DSOC_REG_IRQ_ACK) {
        registers[DSOC_REG_STATUS / 4] &= ~(uint32_t)DSOC_STATUS_DONE_MASK;
    }
    if (address != ACCELERATOR_BASE + DSOC_REG_CTRL) {
        return;
    }
    if ((value & DSOC_CTRL_SOFT_RESET_MASK) != 0) {
        registers[DSOC_REG_STATUS / 4] = 0;
        accelerator.busy = 0;
    }
    if ((value & DSOC_CTRL_START_MASK) != 0) {
        check_start();
        registers[DSOC_REG_STATUS / 4] = DSOC_STATUS_BUSY_MASK;
        registers[DSOC_REG_OP_INDEX / 4] = 0;
        accelerator.irq_enabled = (value & DSOC_CTRL_IRQ_ENABLE_MASK) != 0;
        accelerator.busy = 1;
        accelerator.starts++;
        accelerator.done_at = board_ticks() + accelerator.ticks;
    }
}
