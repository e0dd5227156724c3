/// Timer of 64 bits that counts clocks, and what the design tells its software; registers as in docs/soc-map.md.
///
/// The interrupt is a level: high while the time is at least the comparison value. Reads are answered one clock later.
///
/// Parameters:
///   ClkHz     clock frequency shown to software
///   RamBytes  size of the program RAM shown to software
module dsoc_soc_timer #(
    parameter int unsigned ClkHz = 25_000_000,
    parameter int unsigned RamBytes = 65536
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        timer_en_i,
    input  logic        system_en_i,
    input  logic        we_i,
    input  logic [11:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic [31:0] rdata_o,
    input  logic [31:0] memory_bytes_i,
    output logic [ 7:0] leds_o,
    output logic        irq_o
);

  logic [63:0] time_q, compare_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      time_q    <= '0;
      compare_q <= '1;
      leds_o    <= '0;
      irq_o     <= 1'b0;
      rdata_o   <= '0;
    end else begin
      time_q <= time_q + 64'd1;
      irq_o  <= time_q >= compare_q;
      if (timer_en_i && we_i && addr_i == dsoc_soc_pkg::TIMER_COMPARE_LO) compare_q[31:0] <= wdata_i;
      if (timer_en_i && we_i && addr_i == dsoc_soc_pkg::TIMER_COMPARE_HI) compare_q[63:32] <= wdata_i;
      if (system_en_i && we_i && addr_i == dsoc_soc_pkg::SYSTEM_LEDS) leds_o <= wdata_i[7:0];
      if (timer_en_i && !we_i) begin
        case (addr_i)
          dsoc_soc_pkg::TIMER_TIME_LO: rdata_o <= time_q[31:0];
          dsoc_soc_pkg::TIMER_TIME_HI: rdata_o <= time_q[63:32];
          dsoc_soc_pkg::TIMER_COMPARE_LO: rdata_o <= compare_q[31:0];
          dsoc_soc_pkg::TIMER_COMPARE_HI: rdata_o <= compare_q[63:32];
          default: rdata_o <= '0;
        endcase
      end
      if (system_en_i && !we_i) begin
        case (addr_i)
          dsoc_soc_pkg::SYSTEM_CLOCK_HZ: rdata_o <= 32'(ClkHz);
          dsoc_soc_pkg::SYSTEM_RAM_BYTES: rdata_o <= 32'(RamBytes);
          dsoc_soc_pkg::SYSTEM_MEMORY_BYTES: rdata_o <= memory_bytes_i;
          dsoc_soc_pkg::SYSTEM_LEDS: rdata_o <= 32'(leds_o);
          default: rdata_o <= '0;
        endcase
      end
    end
  end

endmodule
