/// A handshake under DSOC_ASSERT_STABLE, right or broken on purpose.
///
/// Parameters:
///   Fault  0 none, 1 valid falls while it waits, 2 the payload changes while it waits
`include "dsoc_assert.svh"

module stable_block #(
    parameter int unsigned Fault = 0
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       ready_i,
    output logic       valid_o,
    output logic [7:0] data_o
);

  logic [7:0] clocks_q, sent_q;

  assign valid_o = !(Fault == 1 && clocks_q == 8'd20);
  assign data_o  = (Fault == 2 && clocks_q == 8'd20) ? ~sent_q : sent_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      clocks_q <= '0;
      sent_q   <= '0;
    end else begin
      clocks_q <= clocks_q + 8'd1;
      if (valid_o && ready_i) sent_q <= sent_q + 8'd1;
    end
  end

  `DSOC_ASSERT_STABLE(a_stable, clk_i, rst_ni, valid_o, ready_i, data_o)
  `DSOC_ASSERT(a_order, clk_i, rst_ni, sent_q <= clocks_q)  // not before the reset, when both are random

endmodule
