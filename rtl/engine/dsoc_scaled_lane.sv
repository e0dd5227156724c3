/// One row of a pass of the output stage of hardware with factors: what dsoc_output_lane does with shifts, by dsoc_scale.
///
/// `m_i`, `shift_i`, `slope_i` and `zero_neg_i` belong to the sum, a clock behind what is loaded; `z_i`, `lo_i` and `hi_i` to its
/// result, six clocks behind the sum. What is loaded with `load_i` is after seven more clocks both `raw_o` and, requantized,
/// `y_o`; after eight there are the terms `a_o` and `b_o`. Everything moves while `enable_i` is high.
///
/// Parameters:
///   OperandBits  bits of an operand, its zero point taken away
///   SumBits      bits of the terms and their sum
///   ScaleBits    bits of a factor
///   OutBits      bits of a result
module dsoc_scaled_lane #(
    parameter int unsigned OperandBits = 9,
    parameter int unsigned SumBits = 32,
    parameter int unsigned ScaleBits = 17,
    parameter int unsigned OutBits = 16
) (
    input logic clk_i,
    input logic enable_i,

    input logic                          load_i,
    input logic signed [    SumBits-1:0] a_i,
    input logic signed [    SumBits-1:0] b_i,
    input logic signed [OperandBits-1:0] operand_i,
    input logic signed [    SumBits-1:0] bias_i,
    input logic                          biased_i,
    input logic                          adds_i,

    input logic        [ScaleBits-1:0] m_i,
    input logic        [          5:0] shift_i,
    input logic        [          2:0] slope_i,
    input logic                        zero_neg_i,
    input logic signed [  OutBits-1:0] z_i,
    input logic signed [  OutBits-1:0] lo_i,
    input logic signed [  OutBits-1:0] hi_i,
    input logic                        exists_i,
    input logic                        quantize_i,
    input logic                        shifts_result_i,
    input logic        [          4:0] lsh_i,

    output logic signed [OutBits-1:0] y_o,
    output logic signed [SumBits-1:0] raw_o,
    output logic signed [SumBits-1:0] a_o,
    output logic signed [SumBits-1:0] b_o
);

  typedef logic signed [SumBits-1:0] sum_t;
  typedef logic signed [OutBits-1:0] out_t;

  localparam int unsigned Clocks = 8;  // from what is loaded to the terms, the sum's included
  sum_t a_q, b_q, sum_q, sums_q[Clocks-1];  // the sum, and what it was up to seven clocks before
  logic signed [OperandBits-1:0] operand_q[Clocks];
  out_t quantized, kept_q;
  logic negative;

  assign negative = sum_q[SumBits-1];

  dsoc_scale #(
      .SumBits  (SumBits),
      .ScaleBits(ScaleBits),
      .OutBits  (OutBits)
  ) i_scale (
      .clk_i,
      .enable_i,
      .a_i    (sum_q),
      .m_i    (negative && zero_neg_i ? '0 : m_i),
      .shift_i(shift_i + (negative ? 6'(slope_i) : 6'd0)),
      .z_i,
      .lo_i,
      .hi_i,
      .y_o    (quantized)
  );

  // A sum is as wide as can be only if it is not requantized: operands and results have few bits.
  logic full;
  out_t narrow, operand;
  sum_t shifted;

  assign full    = !quantize_i;
  assign operand = out_t'(operand_q[Clocks-1]);
  assign narrow  = shifts_result_i ? y_o : operand;
  assign raw_o   = sums_q[Clocks-3];
  assign b_o     = (full && !shifts_result_i) ? sums_q[Clocks-2] : sum_t'(kept_q);

  always_comb begin
    shifted = (full && shifts_result_i) ? raw_o : sum_t'(narrow);
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
      sum_q     <= a_q + (biased_i ? bias_i : adds_i ? b_q : '0);
      sums_q[0] <= sum_q;
      for (int unsigned i = 1; i < Clocks - 1; i++) sums_q[i] <= sums_q[i-1];
      y_o       <= exists_i ? quantized : '0;
      a_o       <= shifted;
      kept_q    <= shifts_result_i ? operand : y_o;
    end
  end

endmodule
