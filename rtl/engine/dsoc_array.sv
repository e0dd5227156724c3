/// The array: Rows x Cols processing elements, one multiplier and one accumulator each.
///
/// A step enters with its operands: `mac_i` multiplies the pixel of every row with the weight of every column and adds to the sums
/// (from 0 where `zero_i`), `shift_i` moves every sum one column to the right inside its elastic group. Latency three clocks to
/// the sums: operands, product, sum. All freezes while `advance_i` is low. A shift adds a product of 0, so that one adder with one level of logic
/// before it serves both.
///
/// `hold_i` copies all sums into holding registers, out of which `Lanes` columns of rows (`column_i`) are shown at a time, so that
/// finished channels leave while the array goes on.
///
/// Where each row has weights of its own (`WeightRows`), what the rows of a column give belongs together: who takes them adds them.
///
/// All kinds of processing elements do the same in the same clock. `PePortable`: everything in logic, and what synthesis makes of
/// a product. `PeCascade`: one DSP block each (dsoc_pe_block). `PePair`: two rows share one block, for both
/// products (dsoc_pe_pair) or, where both sums fit it too, for all (dsoc_pe_block).
///
/// Parameters:
///   Rows, Cols, XBits, KBits, YBits  geometry and bits of activation, weight and accumulator
///   GMax                             largest group
///   Lanes                            columns that are shown at a time
///   WeightRows                       rows with weights of their own: all, or 1 where all have the same; not with PePair
///   Pe                               kind of the processing elements: 0 portable, 1 dsp_cascade, 2 dsp_pair
///   Dsp48e2                          DSP blocks are DSP48E2 (UltraScale+) rather than DSP48E1 (7 series)
module dsoc_array #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned YBits = 32,
    parameter int unsigned GMax = 8,
    parameter int unsigned Lanes = 1,
    parameter int unsigned WeightRows = 1,
    parameter int unsigned Pe = 0,
    parameter bit Dsp48e2 = 1'b0,
    localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  advance_i,
    input  logic [           7:0] group_i,
    input  logic [Rows*XBits-1:0] pixel_i,
    input  logic [WeightRows-1:0][Cols*KBits-1:0] weights_i,
    input  logic                  mac_i,
    input  logic                  zero_i,
    input  logic                  shift_i,
    input  logic                  hold_i,
    input  logic [Lanes-1:0][ColBits-1:0] column_i,
    output logic [Lanes-1:0][32*Rows-1:0] column_o
);

  localparam int unsigned PBits = XBits + KBits;
  localparam int unsigned PePortable = 0, PeCascade = 1, PePair = 2;
  localparam int unsigned Operand = 25;  // bits of a DSP block's larger operand, in the least of them
  localparam bit InBlock = Pe == PeCascade || (Pe == PePair && XBits + YBits + 1 <= Operand);

  logic [Cols-1:0] starts, left_qq;  // first columns of the groups; the sum takes that to its left
  logic mac_q, zero_q, shift_q, mac_qq, shift_qq;
  logic own_qq;  // the sum goes on from itself
  logic [WeightRows-1:0][Cols*KBits-1:0] weights;  // beside the flags, unless the elements have their registers

  always_comb begin
    starts = '0;
    for (int unsigned g = 1; g <= GMax; g++) begin
      for (int unsigned c = 0; c < Cols; c += g) begin
        if (group_i == 8'(g)) starts[c] = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {mac_q, zero_q, shift_q} <= '0;
      {mac_qq, own_qq, shift_qq} <= '0;
      left_qq <= '0;
    end else if (advance_i) begin
      {mac_q, zero_q, shift_q} <= {mac_i, zero_i, shift_i};
      {mac_qq, own_qq, shift_qq} <= {mac_q, mac_q && !zero_q, shift_q};
      left_qq <= shift_q ? ~starts : '0;
    end
  end

  if (Pe != PePair || InBlock) begin : gen_no_register
    assign weights = weights_i;
  end else begin : gen_weights
    logic [WeightRows-1:0][Cols*KBits-1:0] weights_q;
    always_ff @(posedge clk_i) begin
      if (advance_i) weights_q <= weights_i;
    end
    assign weights = weights_q;
  end

  if (Pe == PePortable) begin : gen_portable
    logic signed [PBits-1:0] product[Rows][Cols];
    logic [YBits-1:0] own;  // masks of what the sums are made of
    logic [YBits-1:0] moved[Cols];

    assign own = {YBits{own_qq}};
    for (genvar c = 0; c < Cols; c++) begin : gen_moved
      assign moved[c] = {YBits{left_qq[c]}};
    end

    dsoc_products #(
        .Rows (Rows),
        .Cols (Cols),
        .XBits(XBits),
        .KBits(KBits),
        .WeightRows(WeightRows)
    ) i_products (
        .clk_i,
        .advance_i,
        .mac_i,
        .pixel_i,
        .weights_i(weights),
        .product_o(product)
    );

    for (genvar r = 0; r < Rows; r++) begin : gen_row
      logic signed [YBits-1:0] sum_q[Cols];
      logic signed [YBits-1:0] held_q[Cols];
      logic signed [YBits-1:0] sum[Cols];
      logic signed [YBits-1:0] left[Cols];

      assign left[0] = '0;
      for (genvar c = 1; c < Cols; c++) begin : gen_left
        assign left[c] = sum_q[c-1];
      end

      // Rows as a whole, with masks: a simulator makes vector code of that.
      for (genvar c = 0; c < Cols; c++) begin : gen_sum
        assign sum[c] = YBits'(product[r][c]) + $signed((own & sum_q[c]) | (moved[c] & left[c]));
      end

      always_ff @(posedge clk_i) begin
        if (advance_i && (mac_qq || shift_qq)) sum_q <= sum;
      end

      always_ff @(posedge clk_i) begin
        if (hold_i) held_q <= sum_q;
      end

      for (genvar d = 0; d < Lanes; d++) begin : gen_shown
        assign column_o[d][32*r+:32] = 32'(held_q[column_i[d]]);
      end
    end
  end else begin : gen_shared
    localparam int unsigned Share = (Pe == PePair) ? 2 : 1;  // rows of an element
    localparam int unsigned Apart = InBlock ? YBits : PBits;  // of two pixels
    localparam int unsigned PixelBits = (Share == 2) ? Apart + XBits + 1 : XBits;
    localparam int unsigned SumBits = Share * YBits;

    for (genvar g = 0; g < (Rows + Share - 1) / Share; g++) begin : gen_group
      localparam int unsigned Low = Share * g;
      localparam bit High = Share == 2 && Low + 1 < Rows;

      logic signed [PixelBits-1:0] pixel;
      logic [Cols*SumBits-1:0] sums;
      logic [Cols*SumBits-1:0] held_q;

      if (Share == 1) begin : gen_one
        assign pixel = pixel_i[Low*XBits+:XBits];
      end else begin : gen_two
        logic signed [XBits-1:0] low;
        logic signed [  XBits:0] high;
        assign low = pixel_i[Low*XBits+:XBits];
        if (High) begin : gen_high
          assign high = (XBits + 1)'($signed(pixel_i[(Low+1)*XBits+:XBits])) - (XBits + 1)'(low[XBits-1]);
        end else begin : gen_no_high
          assign high = '0;
        end
        assign pixel = {high, Apart'(low)};
      end

      if (InBlock) begin : gen_block
        dsoc_pe_block #(
            .Cols     (Cols),
            .PixelBits(PixelBits),
            .KBits    (KBits),
            .SumBits  (SumBits),
            .Dsp48e2  (Dsp48e2)
        ) i_elements (
            .clk_i,
            .advance_i,
            .starts_i(starts),
            .pixel_i (pixel),
            .weights_i(weights[g%WeightRows]),
            .mac_i   (mac_q),
            .own_i   (mac_q && !zero_q),
            .shift_i (shift_q),
            .sum_i   (advance_i && (mac_qq || shift_qq)),
            .sums_o  (sums)
        );
      end else begin : gen_pair
        dsoc_pe_pair #(
            .Cols (Cols),
            .XBits(XBits),
            .KBits(KBits),
            .YBits(YBits)
        ) i_elements (
            .clk_i,
            .advance_i,
            .pixel_i  (pixel),
            .weights_i(weights[0]),
            .mac_i    (mac_q),
            .own_i    (own_qq),
            .left_i   (left_qq),
            .sum_i    (advance_i && (mac_qq || shift_qq)),
            .sums_o   (sums)
        );
      end

      always_ff @(posedge clk_i) begin
        if (hold_i) held_q <= sums;
      end

      for (genvar d = 0; d < Lanes; d++) begin : gen_shown
        logic [SumBits-1:0] shown;

        dsoc_pick #(
            .Count(Cols),
            .Width(SumBits)
        ) i_pick (
            .words_i(held_q),
            .index_i(column_i[d]),
            .word_o (shown)
        );
        assign column_o[d][32*Low+:32] = 32'($signed(shown[YBits-1:0]));
        if (High) begin : gen_high_sum
          logic [YBits-1:0] high;
          assign high = shown[SumBits-1-:YBits] + YBits'(InBlock && shown[YBits-1]);
          assign column_o[d][32*(Low+1)+:32] = 32'($signed(high));
        end
      end
    end
  end

endmodule
