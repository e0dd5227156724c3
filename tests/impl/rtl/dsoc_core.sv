/// A little of everything that is counted: DSP, block RAM, LUT RAM, shift register, flip-flops, lookup tables.
module dsoc_core #(
    parameter int unsigned Lanes = 2
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      wen_i,
    input  logic [               9:0] addr_i,
    input  logic [              15:0] x_i,
    output logic [  Lanes-1:0][31:0] acc_o,
    output logic [              17:0] ram_o,
    output logic [               3:0] fifo_o,
    output logic                      late_o
);

  logic [17:0] mem[1024];
  logic [11:0] late_q;

  always_ff @(posedge clk_i) begin
    if (wen_i) mem[addr_i] <= {2'b0, x_i};
    ram_o  <= mem[addr_i];
    late_q <= {late_q[10:0], x_i[0]};
  end
  assign late_o = late_q[11];

  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    always_ff @(posedge clk_i or negedge rst_ni)
      if (!rst_ni) acc_o[i] <= '0;
      else acc_o[i] <= acc_o[i] + 32'(x_i * ram_o[15:0]) ^ 32'(i);
  end

  dsoc_fifo i_fifo (
      .clk_i,
      .wen_i,
      .addr_i(addr_i[4:0]),
      .data_i(x_i[3:0]),
      .data_o(fifo_o)
  );

endmodule
