/// Stands for the small building blocks: joins the module that uses it.
module dsoc_fifo (
    input  logic       clk_i,
    input  logic       wen_i,
    input  logic [4:0] addr_i,
    input  logic [3:0] data_i,
    output logic [3:0] data_o
);

  logic [3:0] mem[32];

  always_ff @(posedge clk_i) if (wen_i) mem[addr_i] <= data_i;

  assign data_o = mem[addr_i];

endmodule
