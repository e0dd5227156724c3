/// Requantization of one value (docs/architecture.md, section 1); combinational.
///
/// sh_i >= 0: arithmetic right shift with round half to even, then saturation to XBits; sh_i < 0: saturation, left
/// shift by -sh_i (at most 7), saturation. `zero_i` makes the result 0.
///
/// Parameters:
///   XBits  bits of the result
module dsoc_requant #(
    parameter int unsigned XBits = 8
) (
    input  logic signed [     31:0] a_i,
    input  logic signed [      5:0] sh_i,
    input  logic                    zero_i,
    output logic signed [XBits-1:0] y_o
);

  localparam logic signed [32:0] Max = 33'((64'd1 << (XBits - 1)) - 64'd1);
  localparam logic signed [32:0] Min = -33'(64'd1 << (XBits - 1));

  logic signed [32:0] rounded, bounded;
  logic signed [XBits+7:0] left;
  logic [4:0] right;
  logic odd;

  assign right = sh_i[5] ? 5'd0 : sh_i[4:0];
  assign odd   = a_i[right];

  always_comb begin
    if (right == '0) rounded = 33'(a_i);
    else rounded = (33'(a_i) + $signed((33'd1 << (right - 5'd1)) - 33'd1 + 33'(odd))) >>> right;
    if (rounded > Max) bounded = Max;
    else if (rounded < Min) bounded = Min;
    else bounded = rounded;
    left = (XBits + 8)'(bounded) <<< 3'(-sh_i);
    if (zero_i) y_o = '0;
    else if (!sh_i[5]) y_o = bounded[XBits-1:0];
    else if (left > (XBits + 8)'(Max)) y_o = Max[XBits-1:0];
    else if (left < (XBits + 8)'(Min)) y_o = Min[XBits-1:0];
    else y_o = left[XBits-1:0];
  end

endmodule
