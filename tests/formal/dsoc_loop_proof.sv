// A loop of `count` rounds says so in its last and in the one before it, whatever the count, the first time and after.
module dsoc_loop_proof (
    input logic clk_i,
    input logic rst_ni,
    input logic load_i,
    input logic step_i,
    input logic [3:0] count_i
);
  logic before_o, last_o;
  dsoc_loop #(.Width(4)) dut (.*);

  logic f_reset = 1'b1, f_runs = 1'b0;
  logic [3:0] f_count, f_done;  // rounds of this turn, and those that are over

  always_comb begin
    assume (rst_ni == !f_reset);
    assume (count_i != 0 && (!step_i || f_runs));
  end

  always_ff @(posedge clk_i) begin
    f_reset <= 1'b0;
    if (!rst_ni) f_runs <= 1'b0;
    else if (load_i || (step_i && f_done == f_count - 4'd1)) begin
      f_runs  <= 1'b1;
      f_count <= count_i;
      f_done  <= '0;
    end else if (step_i) f_done <= f_done + 4'd1;
  end

  always_ff @(posedge clk_i) if (rst_ni && f_runs) begin
    a_left:   assert (f_done < f_count && dut.left_q == f_count - f_done);
    a_last:   assert (last_o == (f_done == f_count - 4'd1));
    a_before: assert (before_o == (f_done + 4'd2 == f_count));
  end
endmodule
