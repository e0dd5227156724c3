/// Small memory with synchronous write and asynchronous read (distributed RAM or a register file).
///
/// Parameters:
///   Width  bits of a word
///   Depth  words, at least 2
module dsoc_regfile #(
    parameter int unsigned Width = 32,
    parameter int unsigned Depth = 16
) (
    input  logic                     clk_i,
    input  logic                     wen_i,
    input  logic [$clog2(Depth)-1:0] waddr_i,
    input  logic [        Width-1:0] wdata_i,
    input  logic [$clog2(Depth)-1:0] raddr_i,
    output logic [        Width-1:0] rdata_o
);

  logic [Width-1:0] mem[Depth];

  assign rdata_o = mem[raddr_i];

  always_ff @(posedge clk_i) begin
    if (wen_i) mem[waddr_i] <= wdata_i;
  end

endmodule
