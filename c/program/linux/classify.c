/* Classifies images on the accelerator of this machine. */
#define _DEFAULT_SOURCE

#include "images.h"
#include "model.h"
#include "options.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABORT_US 1000000u

const dsoc_model_t *const network = &dsoc_model;

static volatile sig_atomic_t stop;

/* Everything that a run of the program holds. */
typedef struct {
    options_t options;
    dsoc_linux_t machine;
    dsoc_t soc;
    content_t weights, labels;
    FILE *outputs;
    int8_t *input;
    int32_t *output;
    float *probabilities;
    uint64_t clocks, runs, images, time_us;
} program_t;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

/* ---- folder ------------------------------------------------------------------------------------------------------ */
static uint32_t crc32_of(const uint8_t *bytes, size_t count) {
    uint32_t table[16];
    uint32_t sum = UINT32_MAX;
    for (uint32_t i = 0; i < 16u; i++) {
        table[i] = i;
        for (unsigned bit = 0; bit < 4u; bit++) {
            table[i] = table[i] >> 1 ^ ((table[i] & 1u) != 0 ? 0xEDB88320u : 0u);
        }
    }
    for (size_t i = 0; i < count; i++) {
        sum ^= bytes[i];
        sum = sum >> 4 ^ table[sum & 15u];
        sum = sum >> 4 ^ table[sum & 15u];
    }
    return ~sum;
}

static int read_part(const char *folder, const char *name, content_t *content) {
    char path[4096];
    char reason[256];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return complain(BAD_INPUT, "%s: the name is too long", folder);
    }
    if (read_content(path, content, reason, sizeof reason) != 0) {
        return complain(BAD_INPUT, "%s: %s; give the folder that deepsoc deploy wrote with -d", path, reason);
    }
    return DONE;
}

static int read_weights(program_t *program) {
    const char *folder = program->options.folder;
    const int status = read_part(folder, "weights.bin", &program->weights);
    if (status != DONE) {
        return status;
    }
    if (program->weights.count != DESIGN_WEIGHTS_BYTES) {
        return complain(BAD_INPUT, "%s/weights.bin: %zu bytes, expected %u; copy the folder again", folder,
                        program->weights.count, DESIGN_WEIGHTS_BYTES);
    }
    if (crc32_of(program->weights.bytes, program->weights.count) != DESIGN_WEIGHTS_CRC32) {
        return complain(BAD_INPUT,
                        "%s/weights.bin: not the weights of the design \"%s\"; copy the folder again, or build "
                        "this program anew",
                        folder, network->name);
    }
    return DONE;
}

/* ---- machine ----------------------------------------------------------------------------------------------------- */
static int start_machine(program_t *program) {
    if (dsoc_linux_open(&program->machine, &program->options.machine) != 0) {
        return complain(FAILED, "%s", program->machine.error);
    }
    if (program->machine.arena_bytes < DESIGN_ARENA_BYTES) {
        return complain(FAILED,
                        "%s has %llu bytes, expected at least %u; load the module u-dma-buf with %s=%u, or change the "
                        "device tree",
                        program->options.machine.memory, (unsigned long long)program->machine.arena_bytes,
                        DESIGN_ARENA_BYTES, program->options.machine.memory,
                        (DESIGN_ARENA_BYTES + 4095u) / 4096u * 4096u);
    }
    const dsoc_port_t port = dsoc_port_linux(&program->machine);
    dsoc_status_t status = DSOC_ERR_BUSY;
    /* A run that a program before this one left behind is ended first. */
    for (int attempt = 0; attempt < 2 && status == DSOC_ERR_BUSY; attempt++) {
        status = dsoc_init(&program->soc, network, &port, program->machine.arena, program->machine.arena_bus,
                           DESIGN_ARENA_BYTES);
        if (status == DSOC_ERR_BUSY) {
            (void)dsoc_abort(&program->soc, ABORT_US);
        }
    }
    if (status == DSOC_OK) {
        status = dsoc_load_weights(&program->soc, program->weights.bytes, (uint32_t)program->weights.count);
    }
    if (status != DSOC_OK) {
        return complain(FAILED, "%s", dsoc_status_string(status));
    }
    return DONE;
}

/* Runs what is in `input`. */
static int run(program_t *program) {
    dsoc_info_t info = {0, "?", 0};
    const dsoc_port_t port = dsoc_port_linux(&program->machine);
    if (stop != 0) {
        return complain(STOPPED, "interrupted");
    }
    dsoc_status_t status = dsoc_set_input(&program->soc, program->input, dsoc_input_count(network));
    const uint32_t begin = port.ticks(port.user);
    if (status == DSOC_OK) {
        status = dsoc_run(&program->soc, program->options.timeout_us, &info);
    }
    program->time_us += port.ticks(port.user) - begin;
    program->clocks += info.clocks;
    program->runs++;
    if (status != DSOC_OK) {
        const int stopped = stop != 0 && status == DSOC_ERR_TIMEOUT;
        if (dsoc_abort(&program->soc, ABORT_US) != DSOC_OK) {
            (void)complain(FAILED, "the accelerator does not come to rest: its memory does not answer");
        }
        return stopped ? complain(STOPPED, "interrupted")
                       : complain(FAILED, "%s, at operation %u (%s)", dsoc_status_string(status),
                                  (unsigned)info.op_index, info.op_name);
    }
    status = dsoc_get_output(&program->soc, program->output, dsoc_output_count(network));
    if (status == DSOC_OK && network->softmax) {
        status = dsoc_softmax(network, program->output, program->probabilities);
    }
    return status == DSOC_OK ? DONE : complain(FAILED, "%s", dsoc_status_string(status));
}

/* ---- results ----------------------------------------------------------------------------------------------------- */
/* Prints the name of a class, if there is a list of names that long. */
static void print_label(const content_t *labels, uint32_t class) {
    const char *line = (const char *)labels->bytes;
    for (uint32_t i = 0; line != NULL && i < class; i++) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line != NULL && *line != '\0') {
        printf("  %.*s", (int)strcspn(line, "\r\n"), line);
    }
}

/* The largest values of image `index` of the run. */
static void print_classes(const program_t *program, size_t index) {
    const int32_t *values = program->output + index * DESIGN_OUTPUTS;
    const float *shares = program->probabilities + index * DESIGN_OUTPUTS;
    uint32_t last = 0;
    for (uint32_t rank = 0; rank < program->options.classes && rank < DESIGN_OUTPUTS; rank++) {
        uint32_t best = DESIGN_OUTPUTS;
        for (uint32_t i = 0; i < DESIGN_OUTPUTS; i++) {
            const int left = rank == 0 || values[i] < values[last] || (values[i] == values[last] && i > last);
            if (left && (best == DESIGN_OUTPUTS || values[i] > values[best])) {
                best = i;
            }
        }
        last = best;
        if (network->softmax) {
            printf("%6u %6.2f %%", (unsigned)best, 100.0 * (double)shares[best]);
        } else {
            printf("%6u %12.6g", (unsigned)best,
                   ldexp((double)(values[best] - network->output.zero) * (double)network->output.scale,
                         -network->output.frac));
        }
        print_label(&program->labels, best);
        printf("\n");
    }
}

static int write_outputs(const program_t *program, size_t images) {
    for (size_t i = 0; program->outputs != NULL && i < images * DESIGN_OUTPUTS; i++) {
        const uint32_t word = (uint32_t)program->output[i];
        const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
        if (fwrite(bytes, sizeof bytes, 1, program->outputs) != 1) {
            return complain(FAILED, "%s: %s", program->options.outputs, strerror(errno));
        }
    }
    return DONE;
}

/* Runs all images of a file, in as many runs as they need. */
static int classify_file(program_t *program, const char *name) {
    char reason[256];
    content_t content;
    int8_t *images = NULL;
    size_t count = 0;
    if (read_content(name, &content, reason, sizeof reason) != 0) {
        return complain(BAD_INPUT, "%s: %s", name, reason);
    }
    const int failed = read_images(&content, &program->options.scale, &images, &count, reason, sizeof reason);
    free(content.bytes);
    if (failed) {
        return complain(BAD_INPUT, "%s: %s", name, reason);
    }
    int status = DONE;
    for (size_t done = 0; status == DONE && done < count; done += DESIGN_BATCH) {
        const size_t part = count - done < DESIGN_BATCH ? count - done : DESIGN_BATCH;
        memset(program->input, 0, IMAGE_VALUES * DESIGN_BATCH);
        memcpy(program->input, images + done * IMAGE_VALUES, part * IMAGE_VALUES);
        status = run(program);
        for (size_t i = 0; status == DONE && i < part; i++) {
            if (count > 1) {
                printf("%s, image %zu\n", name, done + i);
            } else {
                printf("%s\n", name);
            }
            print_classes(program, i);
            program->images++;
        }
        status = status == DONE ? write_outputs(program, part) : status;
    }
    free(images);
    return status;
}

/* The self-test: the design's own input, every output compared. */
static int check(program_t *program) {
    content_t input, expected;
    int status = read_part(program->options.folder, "input.bin", &input);
    if (status != DONE) {
        return status;
    }
    status = read_part(program->options.folder, "expected.bin", &expected);
    if (status == DONE &&
        (input.count != dsoc_input_count(network) || expected.count != 4u * dsoc_output_count(network))) {
        status = complain(BAD_INPUT,
                          "%s: input.bin or expected.bin has another size than the design's; copy the folder again",
                          program->options.folder);
    }
    if (status == DONE) {
        memcpy(program->input, input.bytes, input.count);
        status = run(program);
    }
    if (status == DONE) {
        unsigned differences = 0;
        for (size_t i = 0; i < dsoc_output_count(network); i++) {
            const uint8_t *place = expected.bytes + 4u * i;
            const uint32_t word =
                (uint32_t)place[0] | (uint32_t)place[1] << 8 | (uint32_t)place[2] << 16 | (uint32_t)place[3] << 24;
            differences += (uint32_t)program->output[i] != word;
        }
        if (differences != 0) {
            status = complain(FAILED, "%u of %u outputs differ from the reference", differences,
                              (unsigned)dsoc_output_count(network));
        } else {
            printf("every output equals the reference\n");
        }
        program->images += DESIGN_BATCH;
        free(expected.bytes);
    }
    free(input.bytes);
    return status;
}

static int work(program_t *program) {
    char reason[256];
    int status = read_weights(program);
    if (status == DONE && program->options.labels != NULL &&
        read_content(program->options.labels, &program->labels, reason, sizeof reason) != 0) {
        status = complain(BAD_INPUT, "%s: %s", program->options.labels, reason);
    }
    program->input = calloc(DESIGN_BATCH, IMAGE_VALUES);
    program->output = calloc(DESIGN_BATCH * DESIGN_OUTPUTS, sizeof *program->output);
    program->probabilities = calloc(DESIGN_BATCH * DESIGN_OUTPUTS, sizeof *program->probabilities);
    if (program->input == NULL || program->output == NULL || program->probabilities == NULL) {
        status = complain(FAILED, "no memory");
    }
    if (status == DONE && program->options.outputs != NULL) {
        program->outputs = fopen(program->options.outputs, "wb");
        if (program->outputs == NULL) {
            status = complain(BAD_INPUT, "%s: %s", program->options.outputs, strerror(errno));
        }
    }
    status = status == DONE ? start_machine(program) : status;
    if (status == DONE && program->options.check) {
        status = check(program);
    }
    for (int i = 0; status == DONE && i < program->options.file_count; i++) {
        status = classify_file(program, program->options.files[i]);
    }
    if (program->outputs != NULL && fclose(program->outputs) != 0 && status == DONE) {
        status = complain(FAILED, "%s: %s", program->options.outputs, strerror(errno));
    }
    if (status == DONE) {
        printf("%llu images in %llu runs, %.0f us and %.0f clocks a run\n", (unsigned long long)program->images,
               (unsigned long long)program->runs, (double)program->time_us / (double)program->runs,
               (double)program->clocks / (double)program->runs);
    }
    if (program->machine.lost_irq) {
        (void)fputs(
            "warning: the accelerator was done, but its interrupt did not come, and its status was polled; check "
            "the interrupt of its node in the device tree\n",
            stderr);
    }
    return status;
}

int main(int argc, char **argv) {
    static program_t program;
    struct sigaction action;
    program.options.machine.stop = &stop;
    const int ended = read_options(&program.options, argc, argv);
    if (ended >= 0) {
        return ended;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* no SA_RESTART: waits end */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    const int status = work(&program);
    dsoc_linux_close(&program.machine);
    free(program.weights.bytes);
    free(program.labels.bytes);
    free(program.input);
    free(program.output);
    free(program.probabilities);
    return status;
}
