`include "dsoc_assert.svh"

/// Rules of one AXI channel: handshake, reset, known values. Sections are those of ARM IHI 0022E.
///
/// Parameters:
///   Width  bits of the payload
module dsoc_axi_channel_check #(
    parameter int unsigned Width = 1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic valid_i,
    input logic ready_i,
    input logic [Width-1:0] payload_i
);

  logic in_reset_q = 1'b0;  // at the edge before, not at time 0, whose edges are those of values before any was driven
  always_ff @(posedge clk_i) in_reset_q <= !rst_ni && $time != 0;

  // A3.1.2: VALID is low in reset, from its second clock on; it may rise at an edge at which the reset is high, not before.
  `DSOC_ASSERT(a_reset, clk_i, 1'b1, in_reset_q |-> !valid_i)
  // A3.2.1: VALID stays until READY.
  `DSOC_ASSERT(a_valid, clk_i, rst_ni, valid_i && !ready_i |=> valid_i)
  // A3.2.1: what is offered stays as it is until READY.
  `DSOC_ASSERT(a_stable, clk_i, rst_ni, valid_i && !ready_i |=> $stable(payload_i))
  // A3.2.2: VALID is high only with valid information; no handshake hangs on an unknown value.
  `DSOC_ASSERT(a_known, clk_i, rst_ni, !$isunknown(valid_i) && !$isunknown(ready_i))

endmodule
