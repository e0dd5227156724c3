/*
 * Boot loader of the RISC-V SoC, in its ROM.
 *
 * After reset it starts the image in the program RAM, if there is one whose sum is right (the design's memory may hold
 * it at power-up). Otherwise it prints "deepsoc boot" and takes commands from the serial port; numbers are 32 bits,
 * little endian: 'L' address bytes data… crc   writes data; the CRC-32 (zlib's) is of address, bytes and data 'G'
 * address crc               starts the program at the address; the CRC-32 is of the address It answers each with a
 * line: "ok", "error: checksum" or "error: serial" (bytes were lost). Any other byte is ignored.
 */
#include "dsoc_soc.h"

void boot(void);
void _start(void);

/* CRC-32 of four bits. */
static const uint32_t crc_table[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
    0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
};

static uint8_t get(void) {
    while ((dsoc_soc_read(DSOC_SOC_UART_STATUS) & DSOC_SOC_UART_STATUS_RX_VALID) == 0) {
    }
    return (uint8_t)dsoc_soc_read(DSOC_SOC_UART_DATA);
}

static uint32_t crc_of(uint32_t crc, uint8_t byte) {
    crc ^= byte;
    crc = crc >> 4 ^ crc_table[crc & 15u];
    return crc >> 4 ^ crc_table[crc & 15u];
}

static uint32_t get_word(uint32_t *crc) {
    uint32_t word = 0;
    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t byte = get();
        *crc = crc_of(*crc, byte);
        word |= (uint32_t)byte << (8u * i);
    }
    return word;
}

static int good(uint32_t crc) {
    uint32_t ignored = 0;
    const uint32_t expected = get_word(&ignored);
    const uint32_t lost = DSOC_SOC_UART_STATUS_OVERRUN | DSOC_SOC_UART_STATUS_FRAMING;
    if ((dsoc_soc_read(DSOC_SOC_UART_STATUS) & lost) != 0) {
        dsoc_soc_write(DSOC_SOC_UART_STATUS, 0);
        dsoc_soc_print("error: serial\n");
    } else if (expected != ~crc) {
        dsoc_soc_print("error: checksum\n");
    } else {
        dsoc_soc_print("ok\n");
        return 1;
    }
    return 0;
}

static void load(void) {
    uint32_t crc = UINT32_MAX;
    uint8_t *place = (uint8_t *)(uintptr_t)get_word(&crc);
    for (uint32_t left = get_word(&crc); left > 0; left--) {
        const uint8_t byte = get();
        crc = crc_of(crc, byte);
        *place++ = byte;
    }
    good(crc);
}

static void start(uint32_t address) {
    __asm__ volatile("fence.i\n jr %0" : : "r"(address) : "memory");
}

void boot(void) {
    const dsoc_soc_image_t *image = (const dsoc_soc_image_t *)(uintptr_t)DSOC_SOC_RAM;
    const uint32_t room = dsoc_soc_read(DSOC_SOC_SYSTEM_RAM_BYTES);
    if (image->magic == DSOC_SOC_IMAGE_MAGIC && image->bytes > sizeof *image && image->bytes <= room &&
        dsoc_soc_sum(image + 1, image->bytes - (uint32_t)sizeof *image) == image->sum) {
        start(image->entry);
    }
    dsoc_soc_print("deepsoc boot\n");
    for (;;) {
        const uint8_t command = get();
        if (command == 'L') {
            load();
        } else if (command == 'G') {
            uint32_t crc = UINT32_MAX;
            const uint32_t address = get_word(&crc);
            if (good(crc)) {
                start(address);
            }
        }
    }
}

/* The stack lies at the end of the RAM, whose size the design tells. */
__attribute__((naked, section(".text.start"))) void _start(void) {
    __asm__ volatile("csrw mie, zero\n"
                     "la t0, dsoc_soc_vector\n"
                     "csrw mtvec, t0\n"
                     "la t0, ram_bytes_register\n"
                     "lw t0, 0(t0)\n"
                     "la sp, ram_start\n"
                     "add sp, sp, t0\n"
                     "j boot");
}
