/// Products of the array: the pixel of every row with the weight of every column, or with one of its own.
///
/// Two clocks: operands, product. A step without `mac_i` has pixels of 0. All freezes while `advance_i` is low. Families of
/// FPGAs whose multipliers have registers that synthesis does not use have a source of their own (rtl/vendor).
///
/// Parameters:
///   Rows, Cols, XBits, KBits  geometry and bits of activation and weight
///   WeightRows                rows with weights of their own: all, or 1 where all have the same
module dsoc_products #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned WeightRows = 1,
    localparam int unsigned PBits = XBits + KBits
) (
    input  logic                         clk_i,
    input  logic                         advance_i,
    input  logic                         mac_i,
    input  logic        [Rows*XBits-1:0] pixel_i,
    input  logic [WeightRows-1:0][Cols*KBits-1:0] weights_i,
    output logic signed [     PBits-1:0] product_o[Rows][Cols]
);

  // Rows are assigned as a whole: a simulator makes vector code of that, and far slower code of assignments to each element.
  for (genvar o = 0; o < WeightRows; o++) begin : gen_own
    logic signed [KBits-1:0] weight[Cols];
    logic signed [KBits-1:0] weight_q[Cols];

    for (genvar c = 0; c < Cols; c++) begin : gen_weight
      assign weight[c] = weights_i[o][c*KBits+:KBits];
    end

    always_ff @(posedge clk_i) begin
      if (advance_i) weight_q <= weight;
    end

    for (genvar r = o; r < Rows; r += WeightRows) begin : gen_row
      logic signed [XBits-1:0] pixel_q;
      logic signed [PBits-1:0] product[Cols];
      logic signed [PBits-1:0] product_q[Cols];

      for (genvar c = 0; c < Cols; c++) begin : gen_product
        assign product[c] = PBits'(pixel_q) * PBits'(weight_q[c]);
      end

      always_ff @(posedge clk_i) begin
        if (advance_i) begin
          pixel_q <= mac_i ? pixel_i[r*XBits+:XBits] : '0;
          product_q <= product;
        end
      end

      assign product_o[r] = product_q;
    end
  end

endmodule
