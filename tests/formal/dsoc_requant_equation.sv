// The equation of docs/architecture.md, section 1, in 64 bits, beside the module: one clock after every legal input,
// `equal_o`.
module dsoc_requant_equation #(
    parameter int XBits = 4
) (
    input  logic               clk_i,
    input  logic signed [31:0] a_i,
    input  logic signed [ 5:0] sh_i,
    input  logic               zero_i,
    output logic               equal_o
);
  logic signed [XBits-1:0] y;
  logic [5:0] amount;
  assign amount = 6'(sh_i + 6'sd7);
  dsoc_requant #(
      .XBits(XBits),
      .SumBits(32)
  ) i_requant (
      .clk_i,
      .enable_i(1'b1),
      .a_i,
      .amount_i(amount),
      .zero_i,
      .y_o     (y)
  );

  localparam logic signed [63:0] Max = (64'sd1 <<< (XBits - 1)) - 1, Min = -(64'sd1 <<< (XBits - 1));

  logic [5:0] right, left;
  logic signed [63:0] quotient, rest, half, rounded, bounded, shifted, expected;
  always_comb begin
    right    = sh_i[5] ? 6'd0 : sh_i;
    left     = sh_i[5] ? -sh_i : 6'd0;
    quotient = 64'(a_i) >>> right;
    rest     = 64'(a_i) - (quotient <<< right);
    half     = right == 0 ? 64'sd1 : 64'sd1 <<< (right - 1);
    rounded  = quotient + ((rest > half || (rest == half && quotient[0])) ? 64'sd1 : 64'sd0);
    bounded  = rounded > Max ? Max : rounded < Min ? Min : rounded;
    shifted  = bounded <<< left[2:0];
    expected = shifted > Max ? Max : shifted < Min ? Min : shifted;
    if (zero_i) expected = '0;
  end

  logic signed [XBits-1:0] expected_q;
  logic legal_q;
  always_ff @(posedge clk_i) begin
    expected_q <= expected[XBits-1:0];
    legal_q    <= sh_i >= -6'sd7;
  end
  assign equal_o = y == expected_q || !legal_q;
endmodule
