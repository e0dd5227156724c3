/* Generated from deepsoc/hw/soc.toml by `python -m deepsoc.hw.socmap`. Do not edit. */
#ifndef DSOC_SOC_MAP_H
#define DSOC_SOC_MAP_H

/* Boot ROM: instructions and data, read only. The core enters at its base + 0x80. */
#define DSOC_SOC_ROM 0x00000000u

/* Program RAM: instructions and data, bytes can be written. An image starts with a dsoc_soc_image_t. */
#define DSOC_SOC_RAM 0x10000000u

/* Serial port, 8 data bits, no parity, 1 stop bit. */
#define DSOC_SOC_UART 0x20000000u
#define DSOC_SOC_UART_DATA 0x20000000u
#define DSOC_SOC_UART_STATUS 0x20000004u
#define DSOC_SOC_UART_STATUS_RX_VALID 0x00000001u
#define DSOC_SOC_UART_STATUS_TX_READY 0x00000002u
#define DSOC_SOC_UART_STATUS_TX_IDLE 0x00000004u
#define DSOC_SOC_UART_STATUS_OVERRUN 0x00000008u
#define DSOC_SOC_UART_STATUS_FRAMING 0x00000010u
#define DSOC_SOC_UART_DIVIDER 0x20000008u

/* Counts clocks; interrupts while the time is at least the comparison value. */
#define DSOC_SOC_TIMER 0x20001000u
#define DSOC_SOC_TIMER_TIME_LO 0x20001000u
#define DSOC_SOC_TIMER_TIME_HI 0x20001004u
#define DSOC_SOC_TIMER_COMPARE_LO 0x20001008u
#define DSOC_SOC_TIMER_COMPARE_HI 0x2000100Cu

/* What the design holds. */
#define DSOC_SOC_SYSTEM 0x20002000u
#define DSOC_SOC_SYSTEM_CLOCK_HZ 0x20002000u
#define DSOC_SOC_SYSTEM_RAM_BYTES 0x20002004u
#define DSOC_SOC_SYSTEM_MEMORY_BYTES 0x20002008u
#define DSOC_SOC_SYSTEM_LEDS 0x2000200Cu

/* Registers of the accelerator (registers.md). */
#define DSOC_SOC_ACCELERATOR 0x40000000u

/* Memory that the core and the accelerator share: the arena, and what else the firmware keeps there. */
#define DSOC_SOC_MEMORY 0x80000000u

#endif /* DSOC_SOC_MAP_H */
