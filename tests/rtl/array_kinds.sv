// Two arrays side by side, the portable one and one of another kind, with the same inputs.
module array_kinds #(
    parameter int unsigned Rows = 3,
    parameter int unsigned Cols = 5,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned YBits = 32,
    parameter int unsigned GMax = 4,
    parameter int unsigned Sets = 1,
    parameter int unsigned Pe = 1,
    parameter bit Dsp48e2 = 1'b0,
    localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  advance_i,
    input  logic [           7:0] group_i,
    input  logic                  own_i,
    input  logic [Sets*Rows*XBits-1:0] pixel_i,
    input  logic [Cols*KBits-1:0] weights_i,
    input  logic                  mac_i,
    input  logic                  zero_i,
    input  logic                  shift_i,
    input  logic                  hold_i,
    input  logic [   ColBits-1:0] column_i,
    output logic [   32*Rows-1:0] portable_o,
    output logic [   32*Rows-1:0] other_o
);
  for (genvar k = 0; k < 2; k++) begin : gen_array
    logic [32*Rows-1:0] column;

    dsoc_array #(
        .Rows   (Rows),
        .Cols   (Cols),
        .XBits  (XBits),
        .KBits  (KBits),
        .YBits  (YBits),
        .GMax   (GMax),
        .Sets   (Sets),
        .Pe     (k == 1 ? Pe : 0),
        .Dsp48e2(Dsp48e2)
    ) i_array (
        .clk_i,
        .rst_ni,
        .advance_i,
        .group_i,
        .own_i,
        .pixel_i,
        .weights_i,
        .mac_i,
        .zero_i,
        .shift_i,
        .hold_i,
        .column_i,
        .column_o(column)
    );
  end

  assign portable_o = gen_array[0].column;
  assign other_o    = gen_array[1].column;
endmodule
