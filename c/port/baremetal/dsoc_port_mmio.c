#include "dsoc_port_mmio.h"

#include <stddef.h>

static uint32_t mmio_read32(void *user, uint32_t offset) {
    const dsoc_mmio_t *mmio = user;
    return *(const volatile uint32_t *)(mmio->base + offset);
}

static void mmio_write32(void *user, uint32_t offset, uint32_t value) {
    const dsoc_mmio_t *mmio = user;
    *(volatile uint32_t *)(mmio->base + offset) = value;
}

static void mmio_flush(void *user, const void *address, uint32_t bytes) {
    const dsoc_mmio_t *mmio = user;
    mmio->clean_cache((uintptr_t)address, bytes);
}

static void mmio_invalidate(void *user, const void *address, uint32_t bytes) {
    const dsoc_mmio_t *mmio = user;
    mmio->drop_cache((uintptr_t)address, bytes);
}

static uint32_t mmio_ticks(void *user) {
    const dsoc_mmio_t *mmio = user;
    return mmio->ticks();
}

static int mmio_wait_irq(void *user, uint32_t ticks) {
    const dsoc_mmio_t *mmio = user;
    (void)ticks; /* A timer interrupt of the board, if any, ends the sleep as well. */
    mmio->sleep();
    return 0;
}

dsoc_port_t dsoc_port_mmio(dsoc_mmio_t *mmio) {
    dsoc_port_t port = {.user = mmio, .read32 = mmio_read32, .write32 = mmio_write32};
    if (mmio->clean_cache != NULL) {
        port.flush = mmio_flush;
    }
    if (mmio->drop_cache != NULL) {
        port.invalidate = mmio_invalidate;
    }
    if (mmio->ticks != NULL) {
        port.ticks = mmio_ticks;
    }
    if (mmio->sleep != NULL) {
        port.wait_irq = mmio_wait_irq;
    }
    return port;
}
