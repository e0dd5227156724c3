/// The array: Rows x Cols processing elements, one multiplier and one accumulator each.
///
/// A step enters with its operands: `mac_i` multiplies the pixel of every row with the weight of every column and adds to the sums
/// (from 0 where `zero_i`), `shift_i` moves every sum one column to the right inside its elastic group. Latency three clocks to
/// the sums: operands, product, sum. All freezes while `advance_i` is low. A shift adds a product of 0, so that one adder with one level of logic
/// before it serves both.
///
/// `hold_i` copies all sums into holding registers, out of which one column of rows (`column_i`) is shown at a time, so that
/// finished channels leave while the array goes on.
///
/// Parameters:
///   Rows, Cols, XBits, KBits, YBits  geometry and bits of activation, weight and accumulator
///   GMax                             largest group
module dsoc_array #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned YBits = 32,
    parameter int unsigned GMax = 8,
    localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  advance_i,
    input  logic [           7:0] group_i,
    input  logic [Rows*XBits-1:0] pixel_i,
    input  logic [Cols*KBits-1:0] weights_i,
    input  logic                  mac_i,
    input  logic                  zero_i,
    input  logic                  shift_i,
    input  logic                  hold_i,
    input  logic [   ColBits-1:0] column_i,
    output logic [   32*Rows-1:0] column_o
);

  localparam int unsigned PBits = XBits + KBits;

  logic [Cols-1:0] starts;
  logic mac_q, zero_q, shift_q, mac_qq, shift_qq;
  logic own_qq;  // the sum goes on from itself
  logic [Cols*KBits-1:0] weights_q;

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
    end else if (advance_i) begin
      {mac_q, zero_q, shift_q} <= {mac_i, zero_i, shift_i};
      {mac_qq, own_qq, shift_qq} <= {mac_q, mac_q && !zero_q, shift_q};
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance_i) weights_q <= weights_i;
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    logic signed [XBits-1:0] pixel_q;
    logic signed [PBits-1:0] product_q[Cols];
    logic signed [YBits-1:0] sum_q[Cols];
    logic signed [YBits-1:0] held_q[Cols];
    logic signed [YBits-1:0] left[Cols];

    assign left[0] = '0;
    for (genvar c = 1; c < Cols; c++) begin : gen_left
      assign left[c] = sum_q[c-1];
    end

    always_ff @(posedge clk_i) begin
      if (advance_i) begin
        pixel_q <= pixel_i[r*XBits+:XBits];
        for (int unsigned c = 0; c < Cols; c++) begin
          product_q[c] <= mac_q ? PBits'(pixel_q) * PBits'($signed(weights_q[c*KBits+:KBits])) : '0;
        end
      end
      if (advance_i && (mac_qq || shift_qq)) begin
        for (int unsigned c = 0; c < Cols; c++) begin
          sum_q[c] <= YBits'(product_q[c]) + ((own_qq ? sum_q[c] : '0) | ((shift_qq && !starts[c]) ? left[c] : '0));
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (hold_i) held_q <= sum_q;
    end

    assign column_o[32*r+:32] = 32'(held_q[column_i]);
  end

endmodule
