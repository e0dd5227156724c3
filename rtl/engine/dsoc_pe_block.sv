/// Processing elements of one row, or of two, whose product, sum and shift are one DSP block of AMD's FPGAs: no logic beside it.
///
/// P = A * B + {0, P, P of the block to the left}. Operands, product, sum and what the sum is made of have their registers in the
/// block, so that the sums are there when the array's others are. The sum of the left comes through the cascade, of which
/// every piece has `Piece` blocks, so that any column of DSP blocks is filled; into the first of a piece through its operand C.
///
/// Two rows have one block: the pixels are packed `SumBits` apart, and so are their sums in P, low row first. A negative low sum
/// borrows one from the high one, which what reads them gives back. So the low sum may not leave its `SumBits`: those of
/// a mapped network do not.
///
/// Parameters:
///   Cols             blocks
///   PixelBits        of the operand: a pixel, or two packed
///   KBits            bits of a weight
///   SumBits          bits of what P holds
///   Sets             operands: 1 for all blocks, or one each
///   Dsp48e2          DSP48E2 (UltraScale+) rather than DSP48E1 (7 series)
module dsoc_pe_block #(
    parameter int unsigned Cols = 24,
    parameter int unsigned PixelBits = 8,
    parameter int unsigned KBits = 8,
    parameter int unsigned SumBits = 32,
    parameter int unsigned Sets = 1,
    parameter bit Dsp48e2 = 1'b0
) (
    input  logic                           clk_i,
    input  logic                           advance_i,
    input  logic        [        Cols-1:0] starts_i,
    input  logic        [Sets*PixelBits-1:0] pixel_i,
    input  logic        [  Cols*KBits-1:0] weights_i,
    // what the sum is made of, one clock behind the operands
    input  logic                           mac_i,
    input  logic                           own_i,
    input  logic                           shift_i,
    // the sum is made, two clocks behind the operands
    input  logic                           sum_i,
    output logic        [Cols*SumBits-1:0] sums_o
);

  localparam int unsigned Piece = 4;

  logic [47:0] p[Cols];
  logic [47:0] cascade[Cols];

  for (genvar c = 0; c < Cols; c++) begin : gen_block
    localparam bit First = c % Piece == 0;

    logic [29:0] a;
    logic [17:0] b;
    logic [47:0] left, pcin;
    logic from_left;
    logic [6:0] operation;

    assign a                          = 30'($signed(pixel_i[c%Sets*PixelBits+:PixelBits]));
    assign b                          = 18'($signed(weights_i[c*KBits+:KBits]));
    assign from_left                  = shift_i && !starts_i[c];
    assign sums_o[c*SumBits+:SumBits] = p[c][SumBits-1:0];

    if (First) begin : gen_first
      assign pcin = '0;
      assign operation = {1'b0, own_i || from_left, from_left, 1'b0, mac_i, 1'b0, mac_i};  // Z: 0, P, C
      if (c == 0) begin : gen_edge
        assign left = '0;
      end else begin : gen_left
        assign left = 48'(p[c-1][SumBits-1:0]);
      end
    end else begin : gen_next
      assign left = '0;
      assign pcin = cascade[c-1];
      assign operation = {1'b0, own_i, from_left, 1'b0, mac_i, 1'b0, mac_i};  // Z: 0, P, PCIN
    end

    if (Dsp48e2) begin : gen_e2
      DSP48E2 #(
          .ALUMODEREG   (0),
          .CARRYINREG   (0),
          .CARRYINSELREG(0),
          .INMODEREG    (0),
          .CREG         (0)
      ) i_dsp (
          .P             (p[c]),
          .PCOUT         (cascade[c]),
          .A             (a),
          .B             (b),
          .C             (left),
          .PCIN          (pcin),
          .OPMODE        ({2'b00, operation}),
          .CEA2          (advance_i),
          .CEB2          (advance_i),
          .CECTRL        (advance_i),
          .CEM           (advance_i),
          .CEP           (sum_i),
          .CLK           (clk_i),
          .ACIN          ('0),
          .ALUMODE       ('0),
          .BCIN          ('0),
          .CARRYCASCIN   (1'b0),
          .CARRYIN       (1'b0),
          .CARRYINSEL    ('0),
          .CEA1          (1'b0),
          .CEAD          (1'b0),
          .CEALUMODE     (1'b0),
          .CEB1          (1'b0),
          .CEC           (1'b0),
          .CECARRYIN     (1'b0),
          .CED           (1'b0),
          .CEINMODE      (1'b0),
          .D             ('0),
          .INMODE        ('0),
          .MULTSIGNIN    (1'b0),
          .RSTA          (1'b0),
          .RSTALLCARRYIN (1'b0),
          .RSTALUMODE    (1'b0),
          .RSTB          (1'b0),
          .RSTC          (1'b0),
          .RSTCTRL       (1'b0),
          .RSTD          (1'b0),
          .RSTINMODE     (1'b0),
          .RSTM          (1'b0),
          .RSTP          (1'b0),
          .ACOUT         (),
          .BCOUT         (),
          .CARRYCASCOUT  (),
          .CARRYOUT      (),
          .MULTSIGNOUT   (),
          .OVERFLOW      (),
          .PATTERNBDETECT(),
          .PATTERNDETECT (),
          .UNDERFLOW     (),
          .XOROUT        ()
      );
    end else begin : gen_e1
      DSP48E1 #(
          .ALUMODEREG   (0),
          .CARRYINREG   (0),
          .CARRYINSELREG(0),
          .INMODEREG    (0),
          .CREG         (0)
      ) i_dsp (
          .P             (p[c]),
          .PCOUT         (cascade[c]),
          .A             (a),
          .B             (b),
          .C             (left),
          .PCIN          (pcin),
          .OPMODE        (operation),
          .CEA2          (advance_i),
          .CEB2          (advance_i),
          .CECTRL        (advance_i),
          .CEM           (advance_i),
          .CEP           (sum_i),
          .CLK           (clk_i),
          .ACIN          ('0),
          .ALUMODE       ('0),
          .BCIN          ('0),
          .CARRYCASCIN   (1'b0),
          .CARRYIN       (1'b0),
          .CARRYINSEL    ('0),
          .CEA1          (1'b0),
          .CEAD          (1'b0),
          .CEALUMODE     (1'b0),
          .CEB1          (1'b0),
          .CEC           (1'b0),
          .CECARRYIN     (1'b0),
          .CED           (1'b0),
          .CEINMODE      (1'b0),
          .D             ('0),
          .INMODE        ('0),
          .MULTSIGNIN    (1'b0),
          .RSTA          (1'b0),
          .RSTALLCARRYIN (1'b0),
          .RSTALUMODE    (1'b0),
          .RSTB          (1'b0),
          .RSTC          (1'b0),
          .RSTCTRL       (1'b0),
          .RSTD          (1'b0),
          .RSTINMODE     (1'b0),
          .RSTM          (1'b0),
          .RSTP          (1'b0),
          .ACOUT         (),
          .BCOUT         (),
          .CARRYCASCOUT  (),
          .CARRYOUT      (),
          .MULTSIGNOUT   (),
          .OVERFLOW      (),
          .PATTERNBDETECT(),
          .PATTERNDETECT (),
          .UNDERFLOW     ()
      );
    end
  end

endmodule
