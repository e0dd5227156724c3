/*
 * Program of the RISC-V SoC: one inference of the network in model.h, told on the serial port.
 *
 * The arena lies at the start of the shared memory, the job at the next 4096 bytes behind it. Lines it prints:
 *   deepsoc NAME
 *   output N, probabilities N       and then N words in hexadecimal, eight a line; probabilities are float
 *   instructions PHASE N            retired by the core in a phase
 *   clocks N                        of the accelerator
 *   end 0 ok | end STATUS TEXT      the last one; then the boot loader waits for commands
 */
#include "dsoc.h"
#include "dsoc_port_mmio.h"
#include "dsoc_soc.h"
#include "model.h"

#define JOB_ALIGN 4096u
#define TIMEOUT 0x7FFFFFFFu /* clocks */

void program(void);
void _start(void);

/* The image's header: size and sum are filled in by the tool that makes the image. */
__asm__(".section .text.header, \"ax\"\n.word 0x434F5364, 0, 0, _start\n.text\n");

static dsoc_mmio_t board = {.base = DSOC_SOC_ACCELERATOR, .ticks = dsoc_soc_ticks, .sleep = dsoc_soc_sleep};
static dsoc_t soc;

static void print_words(const char *name, const void *data, uint32_t count) {
    const uint32_t *words = data;
    dsoc_soc_print(name);
    dsoc_soc_print_number(count);
    for (uint32_t i = 0; i < count; i++) {
        dsoc_soc_print(i % 8u == 0 ? "\n" : " ");
        dsoc_soc_print_hex(words[i]);
    }
    dsoc_soc_print("\n");
}

static void print_count(const char *name, uint32_t count) {
    dsoc_soc_print(name);
    dsoc_soc_print_number(count);
    dsoc_soc_print("\n");
}

static void print_end(dsoc_status_t status, const char *text, const char *where) {
    dsoc_soc_print("end ");
    dsoc_soc_print_number((uint32_t)status);
    dsoc_soc_print(" ");
    dsoc_soc_print(text);
    if (where != 0) {
        dsoc_soc_print(" in ");
        dsoc_soc_print(where);
    }
    dsoc_soc_print("\n");
    while ((dsoc_soc_read(DSOC_SOC_UART_STATUS) & DSOC_SOC_UART_STATUS_TX_IDLE) == 0) {
    }
}

/* The parts of an inference that are counted: from the input to integers in the caller's hands, and softmax. */
static dsoc_status_t infer(const dsoc_soc_job_t *job, dsoc_info_t *info) {
    int32_t *values = (int32_t *)(uintptr_t)job->results;
    const uint32_t count = dsoc_output_count(&dsoc_model);
    float *probabilities = (float *)(values + count);
    const uint32_t begin = dsoc_soc_instructions();
    dsoc_status_t status =
        (job->flags & DSOC_SOC_JOB_PACKED_INPUT) != 0
            ? dsoc_set_packed_input(&soc)
            : dsoc_set_input(&soc, (const int8_t *)(uintptr_t)job->input, dsoc_input_count(&dsoc_model));
    const uint32_t packed = dsoc_soc_instructions();
    if (status == DSOC_OK) {
        status = dsoc_run(&soc, TIMEOUT, info);
    }
    const uint32_t ran = dsoc_soc_instructions();
    if (status == DSOC_OK) {
        status = dsoc_get_output(&soc, values, count);
    }
    const uint32_t got = dsoc_soc_instructions();
    if (status == DSOC_OK && dsoc_model.softmax != 0) {
        status = dsoc_softmax(&dsoc_model, values, probabilities);
    }
    const uint32_t end = dsoc_soc_instructions();
    if (status == DSOC_OK) {
        print_words("output ", values, count);
        if (dsoc_model.softmax != 0) {
            print_words("probabilities ", probabilities, count);
        }
        print_count("instructions input ", packed - begin);
        print_count("instructions run ", ran - packed);
        print_count("instructions output ", got - ran);
        print_count("instructions softmax ", end - got);
        print_count("clocks ", info->clocks);
    }
    return status;
}

static dsoc_status_t work(dsoc_info_t *info, const char **text) {
    const uint32_t base = DSOC_SOC_MEMORY, room = dsoc_soc_read(DSOC_SOC_SYSTEM_MEMORY_BYTES);
    const uint32_t behind = (dsoc_model.arena_bytes + JOB_ALIGN - 1u) & ~(JOB_ALIGN - 1u);
    const dsoc_port_t port = dsoc_port_mmio(&board);
    const uint32_t begin = dsoc_soc_instructions();
    dsoc_status_t status = dsoc_init(&soc, &dsoc_model, &port, (void *)(uintptr_t)base, base, room);
    const uint32_t ready = dsoc_soc_instructions();
    if (status != DSOC_OK) {
        return status;
    }
    const dsoc_soc_job_t *job = (const dsoc_soc_job_t *)(uintptr_t)(base + behind);
    if (room < behind + sizeof *job || job->magic != DSOC_SOC_JOB_MAGIC) {
        *text = "there is no job behind the arena";
        return DSOC_ERR_ARGUMENT;
    }
    const uint8_t *weights = (const uint8_t *)(uintptr_t)base + dsoc_model.weights_offset;
    if (dsoc_soc_sum(weights, dsoc_model.weights_bytes) != job->weights_sum) {
        *text = "the sum of the weights is wrong";
        return DSOC_ERR_ARGUMENT;
    }
    status = dsoc_load_weights(&soc, weights, dsoc_model.weights_bytes);
    if (status == DSOC_OK) {
        status = infer(job, info);
        print_count("instructions start ", ready - begin);
    }
    return status;
}

void program(void) {
    dsoc_info_t info = {0, 0, 0};
    const char *text = 0;
    dsoc_soc_write(DSOC_SOC_RAM,
                   0); /* after a reset the boot loader does not start what is no longer as it was loaded */
    dsoc_soc_print("deepsoc ");
    dsoc_soc_print(dsoc_model.name);
    dsoc_soc_print("\n");
    const dsoc_status_t status = work(&info, &text);
    print_end(status, text != 0 ? text : dsoc_status_string(status), status != DSOC_OK ? info.op_name : 0);
}

/*
 * Uninitialized data become 0; when the program returns, the boot loader waits for commands. Interrupts of the
 * accelerator and of the timer wake the core, and are never taken.
 */
__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("la sp, stack_top\n"
                     "la t0, dsoc_soc_vector\n"
                     "csrw mtvec, t0\n"
                     "li t0, 0x880\n"
                     "csrw mie, t0\n"
                     "la t0, bss_start\n"
                     "la t1, bss_end\n"
                     "1: bgeu t0, t1, 2f\n"
                     "sw zero, 0(t0)\n"
                     "addi t0, t0, 4\n"
                     "j 1b\n"
                     "2: call program\n"
                     "la t0, boot_entry\n"
                     "jr t0");
}
