/// Skid buffer: a stream whose `ready_o` is a register. An item that comes in the clock in which the receiver stops is kept
/// until it goes on; otherwise items pass through. `ready_next_o` is what `ready_o` will be in the next clock.
///
/// Parameters:
///   Width  bits of an item
module dsoc_skid #(
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic [Width-1:0] data_i,
    input  logic             valid_i,
    output logic             ready_o,
    output logic             ready_next_o,
    output logic [Width-1:0] data_o,
    output logic             valid_o,
    input  logic             ready_i
);

  logic [Width-1:0] kept_q;

  assign ready_next_o = !valid_o || ready_i;
  assign valid_o      = valid_i || !ready_o;
  assign data_o       = ready_o ? data_i : kept_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ready_o <= 1'b1;
    else ready_o <= ready_next_o;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) kept_q <= data_i;
  end

endmodule
