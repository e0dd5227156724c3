/// Simple dual-port RAM: one synchronous write port, one synchronous read port, one clock.
///
/// The one place where an ASIC flow puts its macro. Read data appear one clock after `ren_i`; a read of the address
/// written in the same clock returns the old word.
///
/// Parameters:
///   Width  bits of a word
///   Depth  words, at least 2
module dsoc_ram #(
    parameter int unsigned Width = 32,
    parameter int unsigned Depth = 16
) (
    input  logic                     clk_i,
    input  logic                     wen_i,
    input  logic [$clog2(Depth)-1:0] waddr_i,
    input  logic [        Width-1:0] wdata_i,
    input  logic                     ren_i,
    input  logic [$clog2(Depth)-1:0] raddr_i,
    output logic [        Width-1:0] rdata_o
);

  logic [Width-1:0] mem[Depth];

  always_ff @(posedge clk_i) begin
    if (wen_i) mem[waddr_i] <= wdata_i;
    if (ren_i) rdata_o <= mem[raddr_i];
  end

endmodule
