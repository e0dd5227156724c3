// Assertions that every handshake owes; nothing of them is left in synthesis.

`ifndef DSOC_ASSERT_SVH
`define DSOC_ASSERT_SVH

// A transfer that waits stays as it is: valid does not fall and the payload does not change until ready.
`ifndef SYNTHESIS
`define DSOC_ASSERT_STABLE(Name, Clk, ResetN, Valid, Ready, Payload) \
  Name : \
  assert property (@(posedge Clk) disable iff (!(ResetN)) (Valid) && !(Ready) |=> (Valid) && $stable(Payload));
`else
`define DSOC_ASSERT_STABLE(Name, Clk, ResetN, Valid, Ready, Payload)
`endif

`endif
