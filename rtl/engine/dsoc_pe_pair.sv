/// Processing elements of two rows with one multiplier for two products, sums and shift in logic.
///
/// The pixels come packed `XBits` + `KBits` apart, so that their product with a weight holds both products, that of the low row
/// first. A negative low one borrows one from the high one, which the high row's sum gives back by its carry.
///
/// Parameters:
///   Cols                 pairs of elements
///   XBits, KBits, YBits  bits of activation, weight and accumulator
///   Sets                 packed pixels: 1 for all pairs, or one each
module dsoc_pe_pair #(
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 8,
    parameter int unsigned KBits = 8,
    parameter int unsigned YBits = 32,
    parameter int unsigned Sets = 1,
    localparam int unsigned PixelBits = 2 * XBits + KBits + 1
) (
    input  logic                           clk_i,
    input  logic                           advance_i,
    input  logic        [Sets*PixelBits-1:0] pixel_i,
    input  logic        [  Cols*KBits-1:0] weights_i,  // in their registers
    input  logic                           mac_i,      // beside the operands in their registers
    // what the sum is made of, and that it is made, a clock later
    input  logic                           own_i,
    input  logic        [        Cols-1:0] left_i,     // with the sum to its left
    input  logic                           sum_i,
    output logic        [2*Cols*YBits-1:0] sums_o
);
  localparam int unsigned PBits = XBits + KBits;

  logic [Sets*PixelBits-1:0] pixel_q;
  logic [2*YBits-1:0] sum_q[Cols];

  always_ff @(posedge clk_i) begin
    if (advance_i) pixel_q <= pixel_i;
  end

  for (genvar c = 0; c < Cols; c++) begin : gen_pair
    (* use_dsp = "yes" *) logic signed [2*PBits-1:0] products_q;
    logic [2*YBits-1:0] left;
    logic [YBits-1:0] low, high, high_product;
    logic borrow;
    logic signed [PixelBits-1:0] pixel;

    assign pixel = pixel_q[c%Sets*PixelBits+:PixelBits];

    if (c == 0) begin : gen_edge
      assign left = '0;
    end else begin : gen_next
      assign left = sum_q[c-1];
    end

    assign {high, low} = (own_i ? sum_q[c] : '0) | (left_i[c] ? left : '0);
    assign high_product = YBits'($signed(products_q[2*PBits-1:PBits]));
    assign borrow = products_q[PBits-1];
    assign sums_o[2*YBits*c+:2*YBits] = sum_q[c];

    always_ff @(posedge clk_i) begin
      // A reset that the DSP block's register has.
      if (advance_i && !mac_i) products_q <= '0;
      else if (advance_i) products_q <= (2 * PBits)'(pixel) * (2 * PBits)'($signed(weights_i[c*KBits+:KBits]));
      if (sum_i) begin
        sum_q[c][YBits-1:0] <= YBits'($signed(products_q[PBits-1:0])) + low;
        // One adder: what is borrowed is its carry.
        sum_q[c][2*YBits-1:YBits] <= YBits'(({high_product, borrow} + {high, borrow}) >> 1);
      end
    end
  end

endmodule
