/// MULT18X18D, the multiplier of Lattice ECP5 (FPGA-TN-02205), for simulators that do not have the vendor's cells. Ours: the
/// modes that dsoc_products and Yosys use. No part of what is synthesized.
///
/// Parameters: as the vendor's; a register is of CLK0 and CE0, or there is none. A reset stops the simulation.
module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE",
    parameter REG_INPUTB_CLK = "NONE",
    parameter REG_INPUTC_CLK = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK = "NONE",
    parameter SOURCEB_MODE = "B_SHIFT",
    parameter MULT_BYPASS = "DISABLED",
    parameter GSR = "ENABLED"
) (
    input  logic A17,
    input  logic A16,
    input  logic A15,
    input  logic A14,
    input  logic A13,
    input  logic A12,
    input  logic A11,
    input  logic A10,
    input  logic A9,
    input  logic A8,
    input  logic A7,
    input  logic A6,
    input  logic A5,
    input  logic A4,
    input  logic A3,
    input  logic A2,
    input  logic A1,
    input  logic A0,
    input  logic B17,
    input  logic B16,
    input  logic B15,
    input  logic B14,
    input  logic B13,
    input  logic B12,
    input  logic B11,
    input  logic B10,
    input  logic B9,
    input  logic B8,
    input  logic B7,
    input  logic B6,
    input  logic B5,
    input  logic B4,
    input  logic B3,
    input  logic B2,
    input  logic B1,
    input  logic B0,
    input  logic C17,
    input  logic C16,
    input  logic C15,
    input  logic C14,
    input  logic C13,
    input  logic C12,
    input  logic C11,
    input  logic C10,
    input  logic C9,
    input  logic C8,
    input  logic C7,
    input  logic C6,
    input  logic C5,
    input  logic C4,
    input  logic C3,
    input  logic C2,
    input  logic C1,
    input  logic C0,
    input  logic SIGNEDA,
    input  logic SIGNEDB,
    input  logic SOURCEA,
    input  logic SOURCEB,
    input  logic CLK0,
    input  logic CLK1,
    input  logic CLK2,
    input  logic CLK3,
    input  logic CE0,
    input  logic CE1,
    input  logic CE2,
    input  logic CE3,
    input  logic RST0,
    input  logic RST1,
    input  logic RST2,
    input  logic RST3,
    output logic P35,
    output logic P34,
    output logic P33,
    output logic P32,
    output logic P31,
    output logic P30,
    output logic P29,
    output logic P28,
    output logic P27,
    output logic P26,
    output logic P25,
    output logic P24,
    output logic P23,
    output logic P22,
    output logic P21,
    output logic P20,
    output logic P19,
    output logic P18,
    output logic P17,
    output logic P16,
    output logic P15,
    output logic P14,
    output logic P13,
    output logic P12,
    output logic P11,
    output logic P10,
    output logic P9,
    output logic P8,
    output logic P7,
    output logic P6,
    output logic P5,
    output logic P4,
    output logic P3,
    output logic P2,
    output logic P1,
    output logic P0
);

  logic [17:0] a, b, a_q, b_q, left, right;
  logic [35:0] product, product_q, shown;

  // The vendor's registers are 0 when the FPGA is configured.
  initial begin
    a_q       = '0;
    b_q       = '0;
    product_q = '0;
  end

  assign a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  assign b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};

  assign left    = (REG_INPUTA_CLK == "NONE") ? a : a_q;
  assign right   = (REG_INPUTB_CLK == "NONE") ? b : b_q;
  assign product = 36'($signed({SIGNEDA & left[17], left})) * 36'($signed({SIGNEDB & right[17], right}));
  assign shown   = (REG_OUTPUT_CLK == "NONE") ? product : product_q;
  assign {
    P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24,
    P23, P22, P21, P20, P19, P18, P17, P16, P15, P14, P13, P12,
    P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
  } = shown;

  always @(posedge CLK0) begin
    if (CE0) begin
      a_q       <= a;
      b_q       <= b;
      product_q <= product;
    end
  end

`ifndef SYNTHESIS
  logic mode;
  assign mode = |{SOURCEA, SOURCEB, C17} || REG_PIPELINE_CLK != "NONE" || REG_INPUTC_CLK != "NONE"
      || MULT_BYPASS != "DISABLED";

  always @(posedge CLK0) begin
    if (mode || RST0) $fatal(1, "MULT18X18D: the model has no such mode or reset");
  end
`endif

endmodule
