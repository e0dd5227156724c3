// Items leave in their order, none lost, none twice; what is offered stays; `ready_o` is what was foretold.
module dsoc_skid_proof (
    input logic clk_i,
    input logic rst_ni,
    input logic [1:0] data_i,
    input logic valid_i,
    input logic ready_i
);
  logic [1:0] data_o;
  logic valid_o, ready_o, ready_next_o;
  dsoc_skid #(.Width(2)) dut (.*);

  logic f_reset = 1'b1, f_waits = 1'b0, f_inside = 1'b0, f_offered = 1'b0, f_foretold = 1'b1;
  logic [1:0] f_shown, f_item, f_offer;  // by the sender; the item inside; by the buffer
  wire f_push = valid_i && ready_o, f_pop = valid_o && ready_i;

  always_comb begin
    assume (rst_ni == !f_reset);
    assume (!f_waits || (valid_i && data_i == f_shown));
  end

  always_ff @(posedge clk_i) begin
    f_reset   <= 1'b0;
    f_waits   <= rst_ni && valid_i && !ready_o;
    f_shown   <= data_i;
    f_offered <= rst_ni && valid_o && !ready_i;
    f_offer   <= data_o;
    f_foretold <= !rst_ni || ready_next_o;
    f_inside  <= rst_ni && (f_inside ? f_push || !f_pop : f_push && !f_pop);
    if (f_push) f_item <= data_i;
  end

  always_ff @(posedge clk_i) if (rst_ni) begin
    a_level: assert (!(f_inside && f_push) && ready_o == !f_inside && valid_o == (f_inside || valid_i));
    a_order: assert (!f_pop || data_o == (f_inside ? f_item : data_i));
    a_foretold: assert (ready_o == f_foretold);
    a_kept:  assert (!f_offered || (valid_o && data_o == f_offer));
  end
endmodule
