/// Products of the array: the pixel of every row with the weight of every column.
///
/// Two clocks: operands, product. A step without `mac_i` has pixels of 0. All freezes while `advance_i` is low. Families of
/// FPGAs whose multipliers have registers that synthesis does not use have a source of their own (rtl/vendor).
///
/// Parameters:
///   Rows, Cols, XBits, KBits  geometry and bits of activation and weight
module dsoc_products #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    localparam int unsigned PBits = XBits + KBits
) (
    input  logic                         clk_i,
    input  logic                         advance_i,
    input  logic                         mac_i,
    input  logic        [Rows*XBits-1:0] pixel_i,
    input  logic        [Cols*KBits-1:0] weights_i,
    output logic signed [     PBits-1:0] product_o[Rows][Cols]
);

  logic [Cols*KBits-1:0] weights_q;

  always_ff @(posedge clk_i) begin
    if (advance_i) weights_q <= weights_i;
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic signed [XBits-1:0] pixel_q;
    logic signed [PBits-1:0] product_q[Cols];

    always_ff @(posedge clk_i) begin
      if (advance_i) begin
        pixel_q <= mac_i ? pixel_i[r*XBits+:XBits] : '0;
        for (int unsigned c = 0; c < Cols; c++) begin
          product_q[c] <= PBits'(pixel_q) * PBits'($signed(weights_q[c*KBits+:KBits]));
        end
      end
    end

    assign product_o[r] = product_q;
  end

endmodule
