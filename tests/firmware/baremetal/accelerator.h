/*
 * An accelerator in software: registers, and a memory of its own that the CPU's caches keep apart from the arena.
 * What a run must find there and what it leaves comes from the executable specification (vectors.h).
 */
#ifndef ACCELERATOR_H
#define ACCELERATOR_H

#include <stdint.h>

#define ACCELERATOR_BASE 0x18000000u
#define ACCELERATOR_BUS 0x123456000ull

typedef struct {
    uint8_t *arena;      /* The CPU's view; NULL until a program has told the accelerator. */
    uint64_t bus;        /* Its own address of the arena; 0: that of the CPU. */
    uint32_t coherent;   /* It sees what the CPU sees. */
    uint32_t run;        /* Which input the next run gets. */
    uint32_t ticks;      /* How long it takes. */
    uint32_t error_code; /* Not 0: the run ends with this error. */
    uint32_t done_at;    /* When it ends, in ticks of the board. */
    uint32_t cleaned, dropped, starts, reads;
    uint32_t busy, irq_enabled;
} accelerator_t;

extern accelerator_t accelerator;

uint32_t accelerator_read(uintptr_t address);
void accelerator_write(uintptr_t address, uint32_t value);

/* The CPU's cache writes back, or drops, its lines of [address, address + bytes). */
void accelerator_cleaned(uintptr_t address, uint32_t bytes);
void accelerator_dropped(uintptr_t address, uint32_t bytes);

#endif
