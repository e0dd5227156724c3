/// One loop of a nest, counted down: that a round is the last one, or the one before it, is known from a register.
///
/// `load_i` begins the loop. `step_i` ends a round; the end of the last one begins the loop anew. Either takes the count of
/// that clock.
///
/// Parameters:
///   Width  bits of the count
module dsoc_loop #(
    parameter int unsigned Width = 16
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             load_i,
    input  logic             step_i,
    input  logic [Width-1:0] count_i,
    output logic             before_o,
    output logic             last_o
);

  logic [Width-1:0] left_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q   <= '0;
      before_o <= 1'b0;
      last_o   <= 1'b0;
    end else if (load_i || (step_i && last_o)) begin
      left_q   <= count_i;
      before_o <= count_i == Width'(2);
      last_o   <= count_i == Width'(1);
    end else if (step_i) begin
      left_q   <= left_q - 1'b1;
      before_o <= left_q == Width'(3);
      last_o   <= left_q == Width'(2);
    end
  end

endmodule
