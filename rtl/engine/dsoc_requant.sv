/// Requantization of one value (docs/architecture.md, section 1), in two clocks: the first ends in registers, the second
/// is left to whoever takes `y_o`. Registers load while `enable_i` is high.
///
/// `amount_i` is the shift to the right, and 7 more; `below_i` has as many ones, from bit 0 on (a constant of whole
/// operations, so that it is not made for every value anew). From 7 on: arithmetic right shift with round half to even,
/// then saturation to XBits; below 7: left shift by what is missing, then saturation. `zero_i` makes the result 0.
///
/// Parameters:
///   XBits    bits of the result, at most 8
///   SumBits  bits of the value, at most 32
module dsoc_requant #(
    parameter int unsigned XBits   = 8,
    parameter int unsigned SumBits = 32
) (
    input  logic                      clk_i,
    input  logic                      enable_i,
    input  logic signed [SumBits-1:0] a_i,
    input  logic        [        5:0] amount_i,
    input  logic        [SumBits+7:0] below_i,
    input  logic                      zero_i,
    output logic signed [  XBits-1:0] y_o
);

  localparam logic signed [XBits-1:0] Max = {1'b0, {(XBits - 1) {1'b1}}};
  localparam logic signed [XBits-1:0] Min = {1'b1, {(XBits - 1) {1'b0}}};

  // One shift to the right for all: below the value there is room for 7 shifts to the left, and for the bit that is one half.
  logic [SumBits+7:0] value;
  logic signed [XBits+63:0] shifted;
  logic over, rest;  // bits of the value above the result; any below one half

  assign value = {a_i, 8'b0};

  always_comb begin
    shifted = (XBits + 64)'($signed(value));
    for (int k = 5; k >= 0; k--) begin
      if (amount_i[k]) shifted = shifted >>> (1 << k);
    end
    over = 1'b0;
    rest = 1'b0;
    for (int unsigned i = 0; i < SumBits + 8; i++) begin
      if (value[i] && below_i[i]) rest = 1'b1;
      if (i >= XBits && value[i] != a_i[SumBits-1] && !below_i[i-XBits]) over = 1'b1;
    end
  end

  logic signed [XBits-1:0] whole_q;
  logic sign_q, over_q, half_q, rest_q, zero_q, up;

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      whole_q <= shifted[XBits:1];
      half_q  <= shifted[0];
      rest_q  <= rest;
      over_q  <= over;
      sign_q  <= a_i[SumBits-1];
      zero_q  <= zero_i;
    end
  end

  assign up = half_q && (rest_q || whole_q[0]);

  always_comb begin
    if (zero_q) y_o = '0;
    else if (over_q) y_o = sign_q ? Min : Max;
    else if (up && whole_q == Max) y_o = Max;
    else y_o = whole_q + XBits'(up);
  end

endmodule
