/// One row of a pass of the output stage: two numbers are added, the sum is requantized or left as it is, and prepared for the
/// pass behind it, whose terms are the result and the operand, one of them shifted left.
///
/// Of a sum that is `biased_i`, the second term is `bias_i`, which comes a clock behind the first; of others it is `b_i` where
/// `adds_i`, and nothing elsewhere.
/// What is loaded with `load_i` is the sum after one more clock (then the shifts are looked at). After three, it is both
/// `raw_o` and, requantized, `y_o`; after four there are the terms `a_o` and `b_o`, of what `quantize_i` says (a
/// constant). Everything moves while `enable_i` is high.
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
    input logic                      adds_i,

    input logic [5:0] amount_pos_i,
    input logic [5:0] amount_neg_i,
    input logic       zero_neg_i,
    input logic       exists_i,
    input logic       quantize_i,
    input logic       shifts_result_i,
    input logic [4:0] lsh_i,

    output logic signed [  XBits-1:0] y_o,
    output logic signed [SumBits-1:0] raw_o,
    output logic signed [SumBits-1:0] a_o,
    output logic signed [SumBits-1:0] b_o
);

  typedef logic signed [SumBits-1:0] sum_t;
  typedef logic signed [XBits-1:0] x_t;

  localparam int unsigned Clocks = 4;  // from what is loaded to the result
  sum_t a_q, b_q, sum_q, sum_qq, sum_qqqq;
  x_t operand_q[Clocks], quantized, kept_q;
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
      .zero_i  (negative && zero_neg_i),
      .y_o     (quantized)
  );

  // A sum is as wide as can be only if it is not requantized: operands and results have few bits.
  logic wide;
  x_t narrow, operand;
  sum_t shifted;

  assign wide    = !quantize_i;
  assign operand = operand_q[Clocks-1];
  assign narrow  = shifts_result_i ? y_o : operand;
  assign b_o     = (wide && !shifts_result_i) ? sum_qqqq : sum_t'(kept_q);

  always_comb begin
    shifted = (wide && shifts_result_i) ? raw_o : sum_t'(narrow);
    if (lsh_i[0]) shifted = shifted <<< 1;
    for (int unsigned d = 1; d <= 3; d += 2) begin  // two places of the shift are a multiplexer of four
      shifted = lsh_i[d+1] ? (lsh_i[d] ? shifted <<< (3 << d) : shifted <<< (2 << d)) :
          (lsh_i[d] ? shifted <<< (1 << d) : shifted);
    end
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (load_i) begin
        a_q          <= a_i;
        b_q          <= b_i;
        operand_q[0] <= operand_i;
      end
      for (int unsigned i = 1; i < Clocks; i++) operand_q[i] <= operand_q[i-1];
      sum_q    <= a_q + (biased_i ? bias_i : adds_i ? b_q : '0);
      sum_qq   <= sum_q;
      raw_o    <= sum_qq;
      sum_qqqq <= raw_o;
      y_o      <= exists_i ? quantized : '0;
      a_o      <= shifted;
      kept_q   <= shifts_result_i ? operand : y_o;
    end
  end

endmodule
