/// DSP48E1, the DSP block of the 7 series (UG479), for simulators that do not have the vendor's cells. Ours: the subset that
/// the processing elements use, see dsoc_dsp48. No part of what is synthesized.
///
/// Parameters: those that the elements set; every other one is as the vendor presets it.
module DSP48E1 #(
    parameter int ALUMODEREG = 1,
    parameter int CARRYINREG = 1,
    parameter int CARRYINSELREG = 1,
    parameter int CREG = 1,
    parameter int INMODEREG = 1
) (
    output logic [29:0] ACOUT,
    output logic [17:0] BCOUT,
    output logic        CARRYCASCOUT,
    output logic [ 3:0] CARRYOUT,
    output logic        MULTSIGNOUT,
    output logic        OVERFLOW,
    output logic [47:0] P,
    output logic        PATTERNBDETECT,
    output logic        PATTERNDETECT,
    output logic [47:0] PCOUT,
    output logic        UNDERFLOW,
    input  logic [29:0] A,
    input  logic [29:0] ACIN,
    input  logic [ 3:0] ALUMODE,
    input  logic [17:0] B,
    input  logic [17:0] BCIN,
    input  logic [47:0] C,
    input  logic        CARRYCASCIN,
    input  logic        CARRYIN,
    input  logic [ 2:0] CARRYINSEL,
    input  logic        CEA1,
    input  logic        CEA2,
    input  logic        CEAD,
    input  logic        CEALUMODE,
    input  logic        CEB1,
    input  logic        CEB2,
    input  logic        CEC,
    input  logic        CECARRYIN,
    input  logic        CECTRL,
    input  logic        CED,
    input  logic        CEINMODE,
    input  logic        CEM,
    input  logic        CEP,
    input  logic        CLK,
    input  logic [24:0] D,
    input  logic [ 4:0] INMODE,
    input  logic        MULTSIGNIN,
    input  logic [ 6:0] OPMODE,
    input  logic [47:0] PCIN,
    input  logic        RSTA,
    input  logic        RSTALLCARRYIN,
    input  logic        RSTALUMODE,
    input  logic        RSTB,
    input  logic        RSTC,
    input  logic        RSTCTRL,
    input  logic        RSTD,
    input  logic        RSTINMODE,
    input  logic        RSTM,
    input  logic        RSTP
);

  if (ALUMODEREG + CARRYINREG + CARRYINSELREG + CREG + INMODEREG != 0) begin : gen_guard
    $error("DSP48E1: the model has no register of C and of the modes");
  end

  dsoc_dsp48 #(
      .Bits(25)
  ) i_block (
      .clk_i   (CLK),
      .a_i     (A[24:0]),
      .b_i     (B),
      .c_i     (C),
      .pcin_i  (PCIN),
      .opmode_i(OPMODE[6:0]),
      .ce_a_i  (CEA2),
      .ce_b_i  (CEB2),
      .ce_op_i (CECTRL),
      .ce_m_i  (CEM),
      .ce_p_i  (CEP),
      .p_o     (P)
  );

  assign PCOUT = P;
  assign {ACOUT, BCOUT, CARRYCASCOUT, CARRYOUT, MULTSIGNOUT, OVERFLOW} = '0;
  assign {PATTERNBDETECT, PATTERNDETECT, UNDERFLOW} = '0;

`ifndef SYNTHESIS
  logic mode, reset;
  assign mode  = |{ALUMODE, CARRYIN, CARRYINSEL, INMODE};
  assign reset = |{RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP};

  always @(posedge CLK) begin
    if (mode || reset) $fatal(1, "DSP48E1: the model has no such mode, carry or reset");
  end
`endif

endmodule
