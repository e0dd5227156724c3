// Generated from deepsoc/hw/soc.toml by `python -m deepsoc.hw.socmap`. Do not edit.

/// Memory map of the RISC-V SoC. An address lies in region N if its bits N_MASK are those of N_BASE.
// No design uses every constant of the map.
// verilator lint_off UNUSEDPARAM
package dsoc_soc_pkg;

  // ROM: Boot ROM: instructions and data, read only. The core enters at its base + 0x80.
  localparam logic [31:0] ROM_BASE = 32'h00000000;
  localparam logic [31:0] ROM_MASK = 32'hFFFF0000;

  // RAM: Program RAM: instructions and data, bytes can be written. An image starts with a
  // dsoc_soc_image_t.
  localparam logic [31:0] RAM_BASE = 32'h10000000;
  localparam logic [31:0] RAM_MASK = 32'hFF000000;

  // UART: Serial port, 8 data bits, no parity, 1 stop bit.
  localparam logic [31:0] UART_BASE = 32'h20000000;
  localparam logic [31:0] UART_MASK = 32'hFFFFF000;
  localparam logic [11:0] UART_DATA = 12'h000;
  localparam logic [11:0] UART_STATUS = 12'h004;
  localparam int unsigned UART_STATUS_RX_VALID_LSB = 0;
  localparam int unsigned UART_STATUS_TX_READY_LSB = 1;
  localparam int unsigned UART_STATUS_TX_IDLE_LSB = 2;
  localparam int unsigned UART_STATUS_OVERRUN_LSB = 3;
  localparam int unsigned UART_STATUS_FRAMING_LSB = 4;
  localparam logic [11:0] UART_DIVIDER = 12'h008;

  // TIMER: Counts clocks; interrupts while the time is at least the comparison value.
  localparam logic [31:0] TIMER_BASE = 32'h20001000;
  localparam logic [31:0] TIMER_MASK = 32'hFFFFF000;
  localparam logic [11:0] TIMER_TIME_LO = 12'h000;
  localparam logic [11:0] TIMER_TIME_HI = 12'h004;
  localparam logic [11:0] TIMER_COMPARE_LO = 12'h008;
  localparam logic [11:0] TIMER_COMPARE_HI = 12'h00C;

  // SYSTEM: What the design holds.
  localparam logic [31:0] SYSTEM_BASE = 32'h20002000;
  localparam logic [31:0] SYSTEM_MASK = 32'hFFFFF000;
  localparam logic [11:0] SYSTEM_CLOCK_HZ = 12'h000;
  localparam logic [11:0] SYSTEM_RAM_BYTES = 12'h004;
  localparam logic [11:0] SYSTEM_MEMORY_BYTES = 12'h008;
  localparam logic [11:0] SYSTEM_LEDS = 12'h00C;

  // ACCELERATOR: Registers of the accelerator (registers.md).
  localparam logic [31:0] ACCELERATOR_BASE = 32'h40000000;
  localparam logic [31:0] ACCELERATOR_MASK = 32'hFFFFF000;

  // MEMORY: Memory that the core and the accelerator share: the arena, and what else the firmware
  // keeps there.
  localparam logic [31:0] MEMORY_BASE = 32'h80000000;
  localparam logic [31:0] MEMORY_MASK = 32'h80000000;

endpackage
// verilator lint_on UNUSEDPARAM
