/* Uses the runtime as a program on a board does: two inputs, a run that takes too long, a run that fails. */
#include "accelerator.h"
#include "board.h"
#include "vectors.h"
#include "dsoc_map.h"
#include "model.h"

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(64)));
static dsoc_t soc;
static dsoc_info_t info;

void fail(const char *what) {
    board_print("failed: ");
    board_print(what);
    board_exit();
}

static void expect(int good, const char *what) {
    if (!good) {
        fail(what);
    }
}

static void memory_functions(void) {
    static uint8_t place[16];
    uint8_t numbers[8];
    for (uint32_t i = 0; i < sizeof numbers; i++) {
        numbers[i] = (uint8_t)(i + 1u);
    }
    expect(memset(place, 0x1A5, 15) == place, "memset returns another place");
    expect(memcpy(place + 2, numbers, 7) == place + 2, "memcpy returns another place");
    for (uint32_t i = 0; i < sizeof place; i++) {
        const uint32_t value = i == 15 ? 0u : i >= 2 && i < 9 ? i - 1u : 0xA5u;
        expect(place[i] == value, "memset or memcpy");
    }
}

static void run(uint32_t input) {
    static int32_t values[OUTPUT_COUNT];
    static float probabilities[OUTPUT_COUNT];
    accelerator.run = input;
    expect(dsoc_set_input(&soc, inputs[input], INPUT_COUNT) == DSOC_OK, "dsoc_set_input");
    expect(dsoc_run(&soc, 1000000u, &info) == DSOC_OK, "dsoc_run");
    expect(info.op_index == dsoc_model.n_ops - 1u && info.clocks == 1000u + input, "info");
    expect(dsoc_get_output(&soc, values, OUTPUT_COUNT) == DSOC_OK, "dsoc_get_output");
    for (uint32_t i = 0; i < OUTPUT_COUNT; i++) {
        expect(values[i] == expected[input][i], "a result");
    }
    expect(dsoc_softmax(&dsoc_model, values, probabilities) == DSOC_OK, "dsoc_softmax");
    for (uint32_t i = 0; i < OUTPUT_COUNT; i++) {
        const float difference = probabilities[i] - softmax[input][i];
        expect(difference < 1e-6f && difference > -1e-6f, "a probability");
    }
}

void program(void) {
    memory_functions();
    memset(arena, 0xA5, sizeof arena);
    const dsoc_port_t port = board_port();
    accelerator.arena = arena;
    accelerator.ticks = 500;
    expect(dsoc_arena_bytes(&dsoc_model) == ARENA_BYTES, "dsoc_arena_bytes");
    expect(dsoc_init(&soc, &dsoc_model, &port, arena, ACCELERATOR_BUS, sizeof arena) == DSOC_OK, "dsoc_init");
    expect(dsoc_load_weights(&soc, weights[0], WEIGHTS_BYTES) == DSOC_OK, "dsoc_load_weights");
    run(0);
    run(1);
    expect(accelerator.cleaned == 4 && accelerator.dropped == 2, "number of cache operations");
    expect(accelerator.irq_enabled == (port.wait_irq != NULL), "interrupt enabled");

    accelerator.ticks = 10000;
    expect(dsoc_set_input(&soc, inputs[1], INPUT_COUNT) == DSOC_OK, "dsoc_set_input of a long run");
    const uint32_t before = board_ticks();
    expect(dsoc_run(&soc, 2000u, &info) == DSOC_ERR_TIMEOUT, "no time-out");
    const uint32_t waited = board_ticks() - before;
    expect(waited >= 2000u && waited < 6000u, "time-out at another time");
    expect(dsoc_wait(&soc, DSOC_WAIT_FOREVER, &info) == DSOC_OK, "a run that was waited for again");
    expect(info.clocks == 1001u, "clocks of that run");

    accelerator.ticks = 500;
    accelerator.error_code = DSOC_STATUS_ERROR_CODE_AXI_READ;
    accelerator.run = 0;
    expect(dsoc_set_input(&soc, inputs[0], INPUT_COUNT) == DSOC_OK, "dsoc_set_input before an error");
    expect(dsoc_run(&soc, DSOC_WAIT_FOREVER, &info) == DSOC_ERR_HW_AXI_READ, "an error of the accelerator");
    accelerator.error_code = 0;
    run(0);
    expect(accelerator.starts == 5, "number of starts");
    board_print("passed");
    board_exit();
}
