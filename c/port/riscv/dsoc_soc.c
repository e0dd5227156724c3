#include "dsoc_soc.h"

uint32_t dsoc_soc_ticks(void) {
    return dsoc_soc_read(DSOC_SOC_TIMER_TIME_LO);
}

void dsoc_soc_sleep(void) {
    __asm__ volatile("wfi");
}

static void put(char c) {
    while ((dsoc_soc_read(DSOC_SOC_UART_STATUS) & DSOC_SOC_UART_STATUS_TX_READY) == 0) {
    }
    dsoc_soc_write(DSOC_SOC_UART_DATA, (uint8_t)c);
}

void dsoc_soc_print(const char *text) {
    while (*text != '\0') {
        put(*text++);
    }
}

void dsoc_soc_print_hex(uint32_t value) {
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t digit = value >> 28;
        put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        value <<= 4;
    }
}

void dsoc_soc_print_number(uint32_t value) {
    uint32_t unit = 1;
    while (value / unit >= 10) {
        unit *= 10;
    }
    for (; unit > 0; unit /= 10) {
        put((char)('0' + value / unit % 10));
    }
}

uint32_t dsoc_soc_sum(const void *data, uint32_t bytes) {
    const uint32_t *words = data;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < bytes / 4; i++) {
        sum = (sum << 1 | sum >> 31) + words[i];
    }
    return sum;
}

void dsoc_soc_trapped(uint32_t cause, uint32_t address, uint32_t value) {
    dsoc_soc_print("\ntrap ");
    dsoc_soc_print_number(cause);
    dsoc_soc_print(" at 0x");
    dsoc_soc_print_hex(address);
    dsoc_soc_print(", value 0x");
    dsoc_soc_print_hex(value);
    dsoc_soc_print("\n");
    for (;;) {
        dsoc_soc_sleep();
    }
}

__attribute__((naked, aligned(256))) void dsoc_soc_vector(void) {
    __asm__ volatile("csrr a0, mcause\n"
                     "csrr a1, mepc\n"
                     "csrr a2, mtval\n"
                     "j dsoc_soc_trapped");
}
