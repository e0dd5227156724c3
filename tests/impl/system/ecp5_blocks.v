// verilator lint_off
// Behaviour of the ECP5 cells that Yosys knows as black boxes only, for simulation of netlists without delays: block RAM,
// multiplier, clock synthesizer, in the forms that the flow makes. Other forms stop the simulation.

module DP16KD #(
    parameter DATA_WIDTH_A = 18,
    parameter DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter WEAMUX = "WEA",
    parameter WEBMUX = "WEB",
    parameter CEAMUX = "CEA",
    parameter CEBMUX = "CEB",
    parameter OCEAMUX = "OCEA",
    parameter OCEBMUX = "OCEB",
    parameter RSTAMUX = "RSTA",
    parameter RSTBMUX = "RSTB",
    parameter GSR = "ENABLED",
    parameter INIT_DATA = "STATIC",
    parameter [319:0] INITVAL_00 = 320'd0,
    parameter [319:0] INITVAL_01 = 320'd0,
    parameter [319:0] INITVAL_02 = 320'd0,
    parameter [319:0] INITVAL_03 = 320'd0,
    parameter [319:0] INITVAL_04 = 320'd0,
    parameter [319:0] INITVAL_05 = 320'd0,
    parameter [319:0] INITVAL_06 = 320'd0,
    parameter [319:0] INITVAL_07 = 320'd0,
    parameter [319:0] INITVAL_08 = 320'd0,
    parameter [319:0] INITVAL_09 = 320'd0,
    parameter [319:0] INITVAL_0A = 320'd0,
    parameter [319:0] INITVAL_0B = 320'd0,
    parameter [319:0] INITVAL_0C = 320'd0,
    parameter [319:0] INITVAL_0D = 320'd0,
    parameter [319:0] INITVAL_0E = 320'd0,
    parameter [319:0] INITVAL_0F = 320'd0,
    parameter [319:0] INITVAL_10 = 320'd0,
    parameter [319:0] INITVAL_11 = 320'd0,
    parameter [319:0] INITVAL_12 = 320'd0,
    parameter [319:0] INITVAL_13 = 320'd0,
    parameter [319:0] INITVAL_14 = 320'd0,
    parameter [319:0] INITVAL_15 = 320'd0,
    parameter [319:0] INITVAL_16 = 320'd0,
    parameter [319:0] INITVAL_17 = 320'd0,
    parameter [319:0] INITVAL_18 = 320'd0,
    parameter [319:0] INITVAL_19 = 320'd0,
    parameter [319:0] INITVAL_1A = 320'd0,
    parameter [319:0] INITVAL_1B = 320'd0,
    parameter [319:0] INITVAL_1C = 320'd0,
    parameter [319:0] INITVAL_1D = 320'd0,
    parameter [319:0] INITVAL_1E = 320'd0,
    parameter [319:0] INITVAL_1F = 320'd0,
    parameter [319:0] INITVAL_20 = 320'd0,
    parameter [319:0] INITVAL_21 = 320'd0,
    parameter [319:0] INITVAL_22 = 320'd0,
    parameter [319:0] INITVAL_23 = 320'd0,
    parameter [319:0] INITVAL_24 = 320'd0,
    parameter [319:0] INITVAL_25 = 320'd0,
    parameter [319:0] INITVAL_26 = 320'd0,
    parameter [319:0] INITVAL_27 = 320'd0,
    parameter [319:0] INITVAL_28 = 320'd0,
    parameter [319:0] INITVAL_29 = 320'd0,
    parameter [319:0] INITVAL_2A = 320'd0,
    parameter [319:0] INITVAL_2B = 320'd0,
    parameter [319:0] INITVAL_2C = 320'd0,
    parameter [319:0] INITVAL_2D = 320'd0,
    parameter [319:0] INITVAL_2E = 320'd0,
    parameter [319:0] INITVAL_2F = 320'd0,
    parameter [319:0] INITVAL_30 = 320'd0,
    parameter [319:0] INITVAL_31 = 320'd0,
    parameter [319:0] INITVAL_32 = 320'd0,
    parameter [319:0] INITVAL_33 = 320'd0,
    parameter [319:0] INITVAL_34 = 320'd0,
    parameter [319:0] INITVAL_35 = 320'd0,
    parameter [319:0] INITVAL_36 = 320'd0,
    parameter [319:0] INITVAL_37 = 320'd0,
    parameter [319:0] INITVAL_38 = 320'd0,
    parameter [319:0] INITVAL_39 = 320'd0,
    parameter [319:0] INITVAL_3A = 320'd0,
    parameter [319:0] INITVAL_3B = 320'd0,
    parameter [319:0] INITVAL_3C = 320'd0,
    parameter [319:0] INITVAL_3D = 320'd0,
    parameter [319:0] INITVAL_3E = 320'd0,
    parameter [319:0] INITVAL_3F = 320'd0
) (
    input  DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
    input  ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input  CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
    input  DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
    input  ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input  CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);

  // 2048 bytes of 9 bits; a row of INITVAL holds 16 words of 20 bits with two bytes each.
  localparam [64*320-1:0] Init = {
      INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
      INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
      INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
      INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
      INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
      INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
      INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
      INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };
  reg [8:0] mem[0:2047];
  reg [35:0] out_a = 36'd0, out_b = 36'd0;
  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
  wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
  wire wide = DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36;

  integer i;
  initial begin
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB") begin
      $display("DP16KD: output registers and inverted clocks are not modelled");
      $finish;
    end
    for (i = 0; i < 1024; i = i + 1) {mem[2*i+1], mem[2*i]} = Init[20*i+:18];
  end

  function [35:0] word(input integer width, input [13:0] at);
    reg [35:0] bytes;
    begin
      bytes = {mem[{at[13:5], 2'd3}], mem[{at[13:5], 2'd2}], mem[{at[13:5], 2'd1}], mem[{at[13:5], 2'd0}]};
      case (width)
        36: word = bytes;
        18: word = {18'd0, bytes[18*at[4]+:18]};
        9: word = {27'd0, bytes[9*at[4:3]+:9]};
        4: word = {32'd0, bytes[9*at[4:3]+4*at[2]+:4]};
        2: word = {34'd0, bytes[9*at[4:3]+2*at[2:1]+:2]};
        default: word = {35'd0, bytes[9*at[4:3]+at[2:0]]};
      endcase
    end
  endfunction

  task write(input integer width, input [13:0] at, input [35:0] data);
    integer j;
    case (width)
      36: for (j = 0; j < 4; j = j + 1) if (at[j]) mem[{at[13:5], 2'(j)}] = data[9*j+:9];
      18: for (j = 0; j < 2; j = j + 1) if (at[j]) mem[{at[13:4], 1'(j)}] = data[9*j+:9];
      9: mem[at[13:3]] = data[8:0];
      4: mem[at[13:3]][4*at[2]+:4] = data[3:0];
      2: mem[at[13:3]][2*at[2:1]+:2] = data[1:0];
      default: mem[at[13:3]][at[2:0]] = data[0];
    endcase
  endtask

  // What a rising edge writes is there from the falling edge on: a read of the same edge sees the old word.
  wire cs_a = {CSA2, CSA1, CSA0} == 3'd0, cs_b = {CSB2, CSB1, CSB0} == 3'd0;
  wire wr_a = CEA && cs_a && WEA, wr_b = CEB && cs_b && WEB;
  always @(posedge CLKA) begin
    if (RESETMODE == "SYNC" && RSTA) out_a <= 36'd0;
    else if (CEA && cs_a && (!WEA || WRITEMODE_A == "READBEFOREWRITE")) out_a <= word(DATA_WIDTH_A, ada);
  end
  always @(posedge CLKB) begin
    if (RESETMODE == "SYNC" && RSTB) out_b <= 36'd0;
    else if (CEB && cs_b && (!WEB || WRITEMODE_B == "READBEFOREWRITE")) out_b <= word(DATA_WIDTH_B, adb);
  end
  reg wr_a_q = 1'b0, wr_b_q = 1'b0;
  reg [13:0] ada_q, adb_q;
  reg [35:0] dia_q, dib_q;
  always @(posedge CLKA) begin
    wr_a_q <= wr_a;
    ada_q  <= ada;
    dia_q  <= DATA_WIDTH_A == 36 ? {dib, dia} : {18'd0, dia};
  end
  always @(posedge CLKB) begin
    wr_b_q <= wr_b;
    adb_q  <= adb;
    dib_q  <= {18'd0, dib};
  end
  always @(negedge CLKA) if (wr_a_q) write(DATA_WIDTH_A, ada_q, dia_q);
  always @(negedge CLKB) if (wr_b_q) write(DATA_WIDTH_B, adb_q, dib_q);

  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = wide ? out_b[17:0] : out_a[17:0];
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = wide && DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
endmodule

// The oscillator's clock as it is: the time between its edges plays no part.
module EHXPLLL #(
    parameter CLKI_DIV = 1,
    parameter CLKFB_DIV = 1,
    parameter CLKOP_DIV = 8,
    parameter CLKOP_CPHASE = 0,
    parameter CLKOP_FPHASE = 0,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter CLKOS_DIV = 8,
    parameter CLKOS_CPHASE = 0,
    parameter CLKOS_FPHASE = 0,
    parameter CLKOS_ENABLE = "DISABLED",
    parameter FEEDBK_PATH = "CLKOP"
) (
    input  CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
    output CLKOP, CLKOS, LOCK
);
  assign CLKOP = CLKI;
  assign CLKOS = CLKI;
  assign LOCK = 1'b1;
endmodule

// Write port of four RAM tables: nextpnr leads its inputs through these pins.
module TRELLIS_RAMW (
    input  A0, B0, C0, D0, A1, B1, C1, D1,
    output WDO0, WDO1, WDO2, WDO3, WADO0, WADO1, WADO2, WADO3
);
  assign {WDO3, WDO2, WDO1, WDO0} = {B1, D1, A1, C1};
  assign {WADO3, WADO2, WADO1, WADO0} = {A0, C0, B0, D0};
endmodule

module DCCA (
    input  CLKI, CE,
    output CLKO
);
  assign CLKO = CLKI;
endmodule

module INPUT_PAD (
    input  B,
    output O
);
  assign O = B;
endmodule

module OUTPUT_PAD (
    input  I,
    output B
);
  assign B = I;
endmodule

// A table of four inputs with what surrounds it, as nextpnr uses it.
module ROUTED_COMB #(
    parameter MODE = "LOGIC",
    parameter [15:0] INITVAL = 16'd0,
    parameter CCU2_INJECT1 = "YES",
    parameter WREMUX = "WRE",
    parameter WCKMUX = "WCK",
    parameter [0:0] IS_Z1 = 1'b0
) (
    input  A, B, C, D, M, FCI, F1, FXA, FXB, WD, WAD0, WAD1, WAD2, WAD3, WRE, WCK,
    output F, FCO, OFX
);
  wire [3:0] at = {D, C, B, A};
  wire four = INITVAL[at];
  wire two = INITVAL[{2'b00, B, A}];
  wire inject = CCU2_INJECT1 == "YES";
  reg [15:0] ram = INITVAL;
  wire clock = WCK ^ (WCKMUX == "INV");
  wire write = WREMUX == "1" || (WRE ^ (WREMUX == "INV"));

  always @(posedge clock) if (MODE == "DPRAM" && write) ram[{WAD3, WAD2, WAD1, WAD0}] <= WD;
  assign F = MODE == "DPRAM" ? ram[{A, C, B, D}] : MODE == "CCU2" ? four ^ (FCI && !inject) : four;
  assign FCO = four ? FCI : two && !inject;
  assign OFX = IS_Z1 ? (M ? FXB : FXA) : (M ? F1 : F);
endmodule
