/// dsoc_products for Lattice ECP5: one MULT18X18D for each product, with its own registers of operands and product, which
/// Yosys leaves unused.
///
/// Parameters: as the portable one's.
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

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic [17:0] pixel;
    assign pixel = mac_i ? 18'($signed(pixel_i[r*XBits+:XBits])) : '0;

    for (genvar c = 0; c < Cols; c++) begin : gen_column
      logic [17:0] weight;
      logic [35:0] product;

      assign weight          = 18'($signed(weights_i[r%WeightRows][c*KBits+:KBits]));
      assign product_o[r][c] = product[PBits-1:0];

      MULT18X18D #(
          .REG_INPUTA_CLK("CLK0"),
          .REG_INPUTB_CLK("CLK0"),
          .REG_OUTPUT_CLK("CLK0"),
          .GSR           ("DISABLED")
      ) i_multiplier (
          .A17    (pixel[17]),
          .A16    (pixel[16]),
          .A15    (pixel[15]),
          .A14    (pixel[14]),
          .A13    (pixel[13]),
          .A12    (pixel[12]),
          .A11    (pixel[11]),
          .A10    (pixel[10]),
          .A9     (pixel[9]),
          .A8     (pixel[8]),
          .A7     (pixel[7]),
          .A6     (pixel[6]),
          .A5     (pixel[5]),
          .A4     (pixel[4]),
          .A3     (pixel[3]),
          .A2     (pixel[2]),
          .A1     (pixel[1]),
          .A0     (pixel[0]),
          .B17    (weight[17]),
          .B16    (weight[16]),
          .B15    (weight[15]),
          .B14    (weight[14]),
          .B13    (weight[13]),
          .B12    (weight[12]),
          .B11    (weight[11]),
          .B10    (weight[10]),
          .B9     (weight[9]),
          .B8     (weight[8]),
          .B7     (weight[7]),
          .B6     (weight[6]),
          .B5     (weight[5]),
          .B4     (weight[4]),
          .B3     (weight[3]),
          .B2     (weight[2]),
          .B1     (weight[1]),
          .B0     (weight[0]),
          .C17    (1'b0),
          .C16    (1'b0),
          .C15    (1'b0),
          .C14    (1'b0),
          .C13    (1'b0),
          .C12    (1'b0),
          .C11    (1'b0),
          .C10    (1'b0),
          .C9     (1'b0),
          .C8     (1'b0),
          .C7     (1'b0),
          .C6     (1'b0),
          .C5     (1'b0),
          .C4     (1'b0),
          .C3     (1'b0),
          .C2     (1'b0),
          .C1     (1'b0),
          .C0     (1'b0),
          .SIGNEDA(1'b1),
          .SIGNEDB(1'b1),
          .SOURCEA(1'b0),
          .SOURCEB(1'b0),
          .CLK0   (clk_i),
          .CE0    (advance_i),
          .RST0   (1'b0),
          .CLK1   (1'b0),
          .CLK2   (1'b0),
          .CLK3   (1'b0),
          .CE1    (1'b0),
          .CE2    (1'b0),
          .CE3    (1'b0),
          .RST1   (1'b0),
          .RST2   (1'b0),
          .RST3   (1'b0),
          .P35    (product[35]),
          .P34    (product[34]),
          .P33    (product[33]),
          .P32    (product[32]),
          .P31    (product[31]),
          .P30    (product[30]),
          .P29    (product[29]),
          .P28    (product[28]),
          .P27    (product[27]),
          .P26    (product[26]),
          .P25    (product[25]),
          .P24    (product[24]),
          .P23    (product[23]),
          .P22    (product[22]),
          .P21    (product[21]),
          .P20    (product[20]),
          .P19    (product[19]),
          .P18    (product[18]),
          .P17    (product[17]),
          .P16    (product[16]),
          .P15    (product[15]),
          .P14    (product[14]),
          .P13    (product[13]),
          .P12    (product[12]),
          .P11    (product[11]),
          .P10    (product[10]),
          .P9     (product[9]),
          .P8     (product[8]),
          .P7     (product[7]),
          .P6     (product[6]),
          .P5     (product[5]),
          .P4     (product[4]),
          .P3     (product[3]),
          .P2     (product[2]),
          .P1     (product[1]),
          .P0     (product[0])
      );
    end
  end

endmodule
