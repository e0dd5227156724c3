/// Requantization of one value (docs/architecture.md, section 1), in two clocks: the first ends in registers, the second
/// is left to whoever takes `y_o`. Registers load while `enable_i` is high.
///
/// `amount_i` is the shift to the right, and 7 more. From 7 on: arithmetic right shift with round half to even, then saturation to
/// XBits; below 7: left shift by what is missing, then saturation. `zero_i` makes the result 0.
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
    input  logic                      zero_i,
    output logic signed [  XBits-1:0] y_o
);

  localparam logic signed [XBits-1:0] Max = {1'b0, {(XBits - 1) {1'b1}}};
  localparam logic signed [XBits-1:0] Min = {1'b1, {(XBits - 1) {1'b0}}};

  // One shift to the right for all: below the value there is room for 7 shifts to the left, and for the bit that is one half.
  // In three steps, a digit of base 4 each, largest first: behind a step only what the others can still bring into the result
  // is kept. What is lost, of a step's three groups, lies above the result or below one half.
  logic signed [XBits+63:0] shifted;
  logic sign, above, below;  // of a group: a bit that is not the sign; a one
  logic [2:0] over, rest;  // of a step: some bit above the result is not the sign; some bit below one half is one

  assign sign = a_i[SumBits-1];

  always_comb begin
    shifted = (XBits + 64)'($signed({a_i, 8'b0}));
    over = '0;
    rest = '0;
    for (int d = 2; d >= 0; d--) begin
      for (int g = 0; g < 3; g++) begin
        above = 1'b0;
        below = 1'b0;
        for (int b = g << (2 * d); b < (g + 1) << (2 * d); b++) begin
          below = below || shifted[b];
          above = above || shifted[XBits+(1<<(2*d))+b] != sign;
        end
        if (int'(amount_i[2*d+:2]) > g) rest[d] = rest[d] || below;
        else over[d] = over[d] || above;
      end
      if (amount_i[2*d+1]) shifted = shifted >>> (2 << (2 * d));
      if (amount_i[2*d]) shifted = shifted >>> (1 << (2 * d));
    end
  end

  logic signed [XBits-1:0] whole_q;
  logic [2:0] over_q, rest_q;
  logic sign_q, half_q, up, limited;

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      whole_q <= shifted[XBits:1];
      half_q  <= shifted[0];
      over_q  <= over;
      rest_q  <= rest;
      sign_q  <= sign;
      if (zero_i) {whole_q, half_q, over_q, sign_q} <= '0;
    end
  end

  assign up      = half_q && (rest_q != '0 || whole_q[0]) && whole_q != Max;
  assign limited = over_q != '0 || whole_q[XBits-1] != sign_q;

  always_comb begin
    if (limited) y_o = sign_q ? Min : Max;
    else y_o = whole_q + XBits'(up);
  end

endmodule
