// Assertions; nothing of them is left in synthesis.

`ifndef DSOC_ASSERT_SVH
`define DSOC_ASSERT_SVH

// What holds in every clock outside reset. Registers and inputs start at random: at time 0 nothing was reset yet.
`ifndef SYNTHESIS
`define DSOC_ASSERT(Name, Clk, ResetN, Property) \
  Name : \
  assert property (@(posedge Clk) disable iff (!(ResetN) || $time == 0) Property);
`else
`define DSOC_ASSERT(Name, Clk, ResetN, Property)
`endif

// A transfer that waits stays as it is: valid does not fall and the payload does not change until ready.
`define DSOC_ASSERT_STABLE(Name, Clk, ResetN, Valid, Ready, Payload) \
  `DSOC_ASSERT(Name, Clk, ResetN, (Valid) && !(Ready) |=> (Valid) && $stable(Payload))

`endif
