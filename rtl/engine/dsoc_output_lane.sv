/// One row of a pass of the output stage: two numbers are added, the sum is requantized or left as it is, and prepared for the
/// pass behind it, whose terms are the result and the operand, one of them shifted left.
///
/// Of a sum that is `biased_i`, the second term is `bias_i`, which comes a clock behind the first.
/// What is loaded with `load_i` is the sum after one more clock (then the shifts are looked at), the result `y_o` after three
/// (a clock before, `quantize_i`), and the terms `a_o` and `b_o` after four. Everything moves while `enable_i` is high.
///
/// Parameters:
///   XBits    bits of an activation
///   SumBits  bits of the terms and their sum
module dsoc_output_lane #(
    parameter int unsigned XBits   = 8,
    parameter int unsigned SumBits = 32
) (
    input logic clk_i,
    input logic enable_i,

    input logic                      load_i,
    input logic signed [SumBits-1:0] a_i,
    input logic signed [SumBits-1:0] b_i,
    input logic signed [  XBits-1:0] operand_i,
    input logic signed [SumBits-1:0] bias_i,
    input logic                      biased_i,

    input logic [        5:0] amount_pos_i,
    input logic [        5:0] amount_neg_i,
    input logic [SumBits+7:0] below_pos_i,
    input logic [SumBits+7:0] below_neg_i,
    input logic               zero_neg_i,
    input logic               quantize_i,
    input logic               shifts_result_i,
    input logic [        4:0] lsh_i,

    output logic signed [SumBits-1:0] y_o,
    output logic signed [SumBits-1:0] a_o,
    output logic signed [SumBits-1:0] b_o
);

  typedef logic signed [SumBits-1:0] sum_t;

  localparam int unsigned Clocks = 4;  // from what is loaded to the result
  sum_t a_q, b_q, sum_q, sum_qq, y_q, shifted, kept;
  logic signed [XBits-1:0] operand_q[Clocks], quantized;
  logic negative;

  assign negative = sum_q[SumBits-1];

  dsoc_requant #(
      .XBits  (XBits),
      .SumBits(SumBits)
  ) i_requant (
      .clk_i,
      .enable_i,
      .a_i     (sum_q),
      .amount_i(negative ? amount_neg_i : amount_pos_i),
      .below_i (negative ? below_neg_i : below_pos_i),
      .zero_i  (negative && zero_neg_i),
      .y_o     (quantized)
  );

  assign shifted = shifts_result_i ? y_q : sum_t'(operand_q[Clocks-1]);
  assign kept    = shifts_result_i ? sum_t'(operand_q[Clocks-1]) : y_q;
  assign y_o     = y_q;

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (load_i) begin
        a_q          <= a_i;
        b_q          <= b_i;
        operand_q[0] <= operand_i;
      end
      for (int unsigned i = 1; i < Clocks; i++) operand_q[i] <= operand_q[i-1];
      sum_q  <= a_q + (biased_i ? bias_i : b_q);
      sum_qq <= sum_q;
      y_q    <= quantize_i ? sum_t'(quantized) : sum_qq;
      a_o    <= shifted <<< lsh_i;
      b_o    <= kept;
    end
  end

endmodule
