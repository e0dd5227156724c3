/**
 * @file dsoc_soc.h
 * @brief Board support of the RISC-V SoC: serial port, time, sleep, traps, and what the boot loader hands over.
 *
 * Memory map: dsoc_soc_map.h, docs/soc-map.md. The core has no caches, and a store to the shared memory is done when
 * the next instruction runs: neither cache functions nor fences are needed.
 */
#ifndef DSOC_SOC_H
#define DSOC_SOC_H

#include <stdint.h>

#include "dsoc_soc_map.h"

/** First word of an image in the program RAM: "dSOC". */
#define DSOC_SOC_IMAGE_MAGIC 0x434F5364u

/** First word of a job. */
#define DSOC_SOC_JOB_MAGIC 0x424F4A64u

/** dsoc_soc_job_t::flags: the input lies in the arena already, in the accelerator's layout. */
#define DSOC_SOC_JOB_PACKED_INPUT 1u

/** Start of an image in the program RAM; `bytes` and `sum` are filled in by the tool that makes the image. */
typedef struct {
    uint32_t magic; /**< DSOC_SOC_IMAGE_MAGIC; the program clears it when it starts. */
    uint32_t bytes; /**< Size of the image, header included, a multiple of 4. */
    uint32_t sum;   /**< dsoc_soc_sum() of what follows the header. */
    uint32_t entry; /**< Address of the first instruction. */
} dsoc_soc_image_t;

/** What a program works on, in the shared memory behind the arena (dsoc_soc_job()). */
typedef struct {
    uint32_t magic;       /**< DSOC_SOC_JOB_MAGIC. */
    uint32_t flags;       /**< DSOC_SOC_JOB_*. */
    uint32_t weights_sum; /**< dsoc_soc_sum() of the weights in the arena. */
    uint32_t input;       /**< Address of the input integers (int8_t, NHWC), if they are not packed. */
    uint32_t results;     /**< Address of room for the outputs (int32_t) and the probabilities (float) behind them. */
} dsoc_soc_job_t;

/** Reads the word at an address of a peripheral. */
static inline uint32_t dsoc_soc_read(uint32_t address) {
    return *(const volatile uint32_t *)(uintptr_t)address;
}

/** Writes the word at an address of a peripheral. */
static inline void dsoc_soc_write(uint32_t address, uint32_t value) {
    *(volatile uint32_t *)(uintptr_t)address = value;
}

/** Instructions retired since reset, low word. */
static inline uint32_t dsoc_soc_instructions(void) {
    uint32_t value;
    __asm__ volatile("csrr %0, minstret" : "=r"(value) : : "memory");
    return value;
}

/** Clocks since reset, low word; wraps. */
uint32_t dsoc_soc_ticks(void);

/** Sleeps until the accelerator or the timer interrupts; no interrupt is taken. */
void dsoc_soc_sleep(void);

/** Sends a text; returns when its last byte is in the buffer. */
void dsoc_soc_print(const char *text);

/** Sends eight hexadecimal digits. */
void dsoc_soc_print_hex(uint32_t value);

/** Sends a decimal number. */
void dsoc_soc_print_number(uint32_t value);

/**
 * Sum that an image and weights are checked with: of little-endian words, each added to the sum rotated left by one.
 * @param[in] data   address of the first word, a multiple of 4
 * @param[in] bytes  a multiple of 4
 */
uint32_t dsoc_soc_sum(const void *data, uint32_t bytes);

/** Sends what trapped and where, and stops. */
void dsoc_soc_trapped(uint32_t cause, uint32_t address, uint32_t value) __attribute__((noreturn));

/** Trap vector: calls dsoc_soc_trapped(). */
void dsoc_soc_vector(void);

#endif /* DSOC_SOC_H */
