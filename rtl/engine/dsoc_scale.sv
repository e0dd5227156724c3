/// Requantization of one value by a factor (docs/architecture.md, section 1, Scales, zero points, clamps):
/// y = clamp(round_half_even(sat(a) * m * 2^-shift) + z, lo, hi).
///
/// Five clocks end in registers, a sixth is left to whoever takes `y_o`. `m_i` and `shift_i` come with `a_i`; `z_i`, `lo_i` and
/// `hi_i`, which are those of an operation, go straight into `y_o`. Registers load while `enable_i` is high. One DSP block of
/// AMD holds operands, product and rounded product: one half of the result's unit is added behind the multiplier, the shift
/// then rounds ties up, and where all bits that it loses are 0 it was a tie: the result becomes even.
///
/// Parameters:
///   SumBits     bits of the value
///   ScaledBits  bits that it is saturated to before it is multiplied, at most 25 for a DSP block
///   ScaleBits   bits of m, unsigned, at most 17 for a DSP block
///   OutBits     bits of z, lo, hi and the result
///   ShiftBits   bits of the shift, even; any shift is legal
module dsoc_scale #(
    parameter int unsigned SumBits = 32,
    parameter int unsigned ScaledBits = 25,
    parameter int unsigned ScaleBits = 17,
    parameter int unsigned OutBits = 16,
    parameter int unsigned ShiftBits = 6
) (
    input  logic                        clk_i,
    input  logic                        enable_i,
    input  logic signed [  SumBits-1:0] a_i,
    input  logic        [ScaleBits-1:0] m_i,
    input  logic        [ShiftBits-1:0] shift_i,
    input  logic signed [  OutBits-1:0] z_i,
    input  logic signed [  OutBits-1:0] lo_i,
    input  logic signed [  OutBits-1:0] hi_i,
    output logic signed [  OutBits-1:0] y_o
);

  localparam int unsigned ProductBits = ScaledBits + ScaleBits;
  // Whatever z is, a rounded value beyond these bits comes to an end of the clamp.
  localparam int unsigned Bits = OutBits + 1;
  localparam int unsigned Digits = ShiftBits / 2;  // of base 4
  localparam int unsigned Reach = (1 << ShiftBits) - 1;  // of the longest shift

  if (ProductBits >= 1 << ShiftBits) begin : gen_guard_shift
    $error("dsoc_scale: ShiftBits must hold ScaledBits + ScaleBits");
  end
  if (ShiftBits % 2 != 0) begin : gen_guard_digits
    $error("dsoc_scale: ShiftBits must be even");
  end

  // ---- operands ------------------------------------------------------------------------------------------------------
  logic signed [ScaledBits-1:0] a, a_q;
  logic signed [ScaleBits:0] m_q;
  logic [ShiftBits-1:0] shift_q, shift_qq, shift_qqq;

  if (SumBits > ScaledBits) begin : gen_saturate
    logic fits;
    assign fits = a_i[SumBits-1:ScaledBits-1] == {(SumBits - ScaledBits + 1) {a_i[SumBits-1]}};
    assign a    = fits ? a_i[ScaledBits-1:0] : {a_i[SumBits-1], {(ScaledBits - 1) {!a_i[SumBits-1]}}};
  end else begin : gen_whole
    assign a = ScaledBits'(a_i);
  end

  // ---- product, and one half of the result's unit ----------------------------------------------------------------------
  logic signed [ProductBits-1:0] product_q;
  logic signed [ProductBits:0] half, half_q, rounded_q;

  // A longer shift than the product gives 0, as that of its length does.
  assign half = (shift_q == '0) ? '0 : (ProductBits + 1)'(1) << (shift_q - 1'b1);

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      a_q       <= a;
      m_q       <= {1'b0, m_i};
      shift_q   <= (shift_i > ShiftBits'(ProductBits)) ? ShiftBits'(ProductBits) : shift_i;
      product_q <= a_q * m_q;
      half_q    <= half;
      shift_qq  <= shift_q;
      rounded_q <= product_q + half_q;
      shift_qqq <= shift_qq;
    end
  end

  // ---- shift -----------------------------------------------------------------------------------------------------------
  // In steps, a digit of base 4 each, largest first: behind a step only what the others can still bring into the result is
  // kept. What is lost, of a step's three groups, lies above the result or below it. The last digit has a clock of its own.
  typedef struct packed {
    logic signed [Bits+Reach-1:0] value;
    logic                         over;  // a bit above the result is not the sign
    logic                         rest;  // a bit below it is one
  } shifted_t;

  function automatic shifted_t digit_of(shifted_t wide, logic [1:0] digit, int d, logic sign);
    logic above, below;
    digit_of = wide;
    for (int g = 0; g < 3; g++) begin
      above = 1'b0;
      below = 1'b0;
      for (int b = g << (2 * d); b < (g + 1) << (2 * d); b++) begin
        below = below || wide.value[b];
        above = above || wide.value[int'(Bits)-1+(1<<(2*d))+b] != sign;
      end
      if (int'(digit) > g) digit_of.rest = digit_of.rest || below;
      else digit_of.over = digit_of.over || above;
    end
    if (digit[1]) digit_of.value = digit_of.value >>> (2 << (2 * d));
    if (digit[0]) digit_of.value = digit_of.value >>> (1 << (2 * d));
  endfunction

  shifted_t coarse, fine;
  logic signed [Bits+2:0] coarse_q;
  logic over_q, rest_q, sign_q, rounds_q;
  logic [1:0] digit_q;
  logic signed [Bits-1:0] result_q;

  always_comb begin
    coarse = '{value: (Bits + Reach)'(rounded_q), over: 1'b0, rest: 1'b0};
    for (int d = int'(Digits) - 1; d > 0; d--) begin
      coarse = digit_of(coarse, shift_qqq[2*d+:2], d, rounded_q[ProductBits]);
    end
    fine = digit_of('{value: (Bits + Reach)'(coarse_q), over: over_q, rest: rest_q}, digit_q, 0, sign_q);
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      coarse_q <= coarse.value[Bits+2:0];
      over_q   <= coarse.over;
      rest_q   <= coarse.rest;
      sign_q   <= rounded_q[ProductBits];
      digit_q  <= shift_qqq[1:0];
      rounds_q <= shift_qqq != '0;
      result_q <= fine.value[Bits-1:0];
      if (rounds_q && !fine.rest) result_q[0] <= 1'b0;
      if (fine.over || fine.value[Bits-1] != sign_q) result_q <= {sign_q, {(Bits - 1) {!sign_q}}};
    end
  end

  // ---- zero point and clamp --------------------------------------------------------------------------------------------
  logic signed [Bits:0] moved;

  assign moved = (Bits + 1)'(result_q) + (Bits + 1)'(z_i);
  assign y_o   = (moved < (Bits + 1)'(lo_i)) ? lo_i : (moved > (Bits + 1)'(hi_i)) ? hi_i : moved[OutBits-1:0];

endmodule
