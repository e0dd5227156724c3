/*
 * Runs the network once on the input of the export, compares every output with the reference, and prints the classes.
 * Weights, input and reference are in data.c.
 */
#include "board.h"
#include "data.h"
#include "design.h"
#include "model.h"

#define CLASSES 5u

#ifndef DESIGN_WEIGHTS
/* -DDESIGN_WEIGHTS='((const void *)0x10000000)': weights.bin was loaded there, e.g. by a debugger. */
#define DESIGN_WEIGHTS design_weights
#endif

/* Whole pages: no cache line is shared with other data. */
static uint8_t arena[(DESIGN_ARENA_BYTES + DSOC_ARENA_ALIGN - 1u) / DSOC_ARENA_ALIGN * DSOC_ARENA_ALIGN]
    __attribute__((aligned(4096)));
static int32_t outputs[DESIGN_BATCH * DESIGN_OUTPUTS];
static float probabilities[DESIGN_BATCH * DESIGN_OUTPUTS];
static dsoc_t soc;

int main(void);

static void print_number(uint32_t value) {
    char text[11];
    uint32_t at = sizeof text;
    text[--at] = '\0';
    do {
        text[--at] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    board_print(text + at);
}

static void print_signed(int32_t value) {
    if (value < 0) {
        board_print("-");
    }
    print_number(value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}

/* The largest values of one image, as percentages after a softmax. */
static void print_classes(uint32_t image) {
    const int32_t *values = outputs + image * DESIGN_OUTPUTS;
    const float *shares = probabilities + image * DESIGN_OUTPUTS;
    uint32_t last = 0;
    for (uint32_t rank = 0; rank < CLASSES && rank < DESIGN_OUTPUTS; rank++) {
        uint32_t best = DESIGN_OUTPUTS;
        for (uint32_t i = 0; i < DESIGN_OUTPUTS; i++) {
            const int after = rank == 0 || values[i] < values[last] || (values[i] == values[last] && i > last);
            if (after && (best == DESIGN_OUTPUTS || values[i] > values[best])) {
                best = i;
            }
        }
        last = best;
        board_print("  class ");
        print_number(best);
        board_print(": ");
        if (dsoc_model.softmax) {
            const uint32_t tenths = (uint32_t)(shares[best] * 1000.0f + 0.5f);
            print_number(tenths / 10u);
            board_print(".");
            print_number(tenths % 10u);
            board_print(" %\n");
        } else {
            print_signed(values[best]);
            board_print("\n");
        }
    }
}

static uint32_t count_differences(void) {
    uint32_t differences = 0;
    for (uint32_t i = 0; i < DESIGN_BATCH * DESIGN_OUTPUTS; i++) {
        differences += (uint32_t)outputs[i] != design_expected[i];
    }
    return differences;
}

static dsoc_status_t infer(dsoc_info_t *info) {
    const dsoc_port_t port = board_port();
    dsoc_status_t status = DSOC_ERR_BUSY;
    /* A run that an earlier program left behind is ended first. */
    for (uint32_t attempt = 0; attempt < 2 && status == DSOC_ERR_BUSY; attempt++) {
        status = dsoc_init(&soc, &dsoc_model, &port, arena, board_bus_address(arena), sizeof arena);
        if (status == DSOC_ERR_BUSY) {
            (void)dsoc_abort(&soc, board_timeout);
        }
    }
    if (status == DSOC_OK) {
        status = dsoc_load_weights(&soc, DESIGN_WEIGHTS, DESIGN_WEIGHTS_BYTES);
    }
    if (status == DSOC_OK) {
        status = dsoc_set_input(&soc, (const int8_t *)design_input, dsoc_input_count(&dsoc_model));
    }
    if (status == DSOC_OK) {
        status = dsoc_run(&soc, board_timeout, info);
    }
    if (status == DSOC_OK) {
        status = dsoc_get_output(&soc, outputs, dsoc_output_count(&dsoc_model));
    }
    if (status == DSOC_OK && dsoc_model.softmax) {
        status = dsoc_softmax(&dsoc_model, outputs, probabilities);
    }
    return status;
}

int main(void) {
    dsoc_info_t info = {0, 0, 0};
    const dsoc_status_t status = infer(&info);
    board_print("design ");
    board_print(dsoc_model.name);
    if (status != DSOC_OK) {
        board_print(": error: ");
        board_print(dsoc_status_string(status));
        if (info.op_name != 0) {
            board_print(", at operation ");
            board_print(info.op_name);
        }
        board_print("\n");
        return 1;
    }
    board_print(": ");
    print_number(info.clocks);
    board_print(" clocks\n");
    for (uint32_t image = 0; image < DESIGN_BATCH; image++) {
        board_print("image ");
        print_number(image);
        board_print("\n");
        print_classes(image);
    }
    const uint32_t differences = count_differences();
    if (differences != 0) {
        print_number(differences);
        board_print(" outputs differ from the reference\n");
        return 1;
    }
    board_print("every output equals the reference\n");
    return 0;
}
