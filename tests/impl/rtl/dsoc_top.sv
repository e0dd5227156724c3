/// Stands for the accelerator in tests of the flow: small enough for a synthesis of seconds.
`include "params.svh"

module dsoc_top (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    input  logic                          wen_i,
    input  logic [                   9:0] addr_i,
    input  logic [                  15:0] x_i,
    output logic [     32*`DSOC_ROWS-1:0] acc_o,
    output logic [                  17:0] ram_o,
    output logic [                   3:0] fifo_o,
    output logic                          late_o
);

  dsoc_core #(
      .Lanes(`DSOC_ROWS)
  ) i_core (
      .*
  );

endmodule
