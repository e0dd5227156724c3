/// Pixel shifter: turns the bytes of the line buffers into one pixel a PE row and clock.
///
/// At the first step of a (w, ci) all registers load in parallel from the line bytes, moved by the top padding; at each
/// further kernel row they move up by one. PE row r reads register r*tap, tap = vertical stride (flat layers: rows packed in
/// a byte), and zero where the row does not exist. Latency one clock.
///
/// All that is so for `Sets` channels side by side, each with bytes and pixels of its own; flat layers use the first set alone.
///
/// Parameters:
///   Rows, XBits   PE rows, bits of an activation
///   Sets          channels at once
///   Nf, Gt        line buffers; how many of them lie above the block's first row
///   PtMax         largest top padding
///   KhMax, ShMax  largest kernel rows and tap
module dsoc_pixel_shifter #(
    parameter int unsigned Rows  = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned Sets  = 1,
    parameter int unsigned Nf    = 12,
    parameter int unsigned Gt    = 2,
    parameter int unsigned PtMax = 3,
    parameter int unsigned KhMax = 7,
    parameter int unsigned ShMax = 2
) (
    input  logic                              clk_i,
    input  logic                              load_i,
    input  logic                              shift_i,
    input  logic                              flat_i,
    input  logic        [                7:0] pad_top_i,
    input  logic        [                7:0] tap_i,
    input  logic signed [               17:0] row_first_i,
    input  logic        [               15:0] rows_i,
    input  logic        [      Sets*8*Nf-1:0] bytes_i,
    output logic        [Sets*Rows*XBits-1:0] pixel_o,
    output logic        [           Rows-1:0] exists_o
);

  localparam int unsigned Rpb = 8 / XBits;
  localparam int unsigned LinesPerTile = (Rows + Rpb - 1) / Rpb;
  localparam int unsigned ConvRegs = ShMax * (Rows - 1) + KhMax;
  localparam int unsigned NumRegs = (ConvRegs > Rows * Rpb) ? ConvRegs : Rows * Rpb;
  localparam int unsigned NumLanes = ConvRegs + PtMax;
  localparam int unsigned TapMax = (ShMax > Rpb) ? ShMax : Rpb;
  localparam int unsigned AboveBits = $clog2(PtMax + 2);
  localparam int unsigned CountBits = $clog2(NumRegs + 1);
  localparam int unsigned TilesAbove = (PtMax + Rows - 1) / Rows;

  /// Line buffer that holds row `lane - PtMax` of the block, and where in its byte.
  function automatic int unsigned lane_bit(input int unsigned lane);
    int unsigned row, tile, in_tile;
    row = lane + TilesAbove * Rows - PtMax;
    tile = row / Rows;
    in_tile = row % Rows;
    return 8 * (tile * LinesPerTile + in_tile / Rpb + Gt - TilesAbove * LinesPerTile) + (in_tile % Rpb) * XBits;
  endfunction

  logic [NumRegs*XBits-1:0] loaded[Sets];
  logic [NumRegs*XBits-1:0] pixel_q[Sets];
  logic [NumRegs-1:0] exists, exists_q;

  for (genvar e = 0; e < Sets; e++) begin : gen_set
    logic [8*Nf-1:0] bytes;
    logic [NumLanes*XBits-1:0] lanes;

    assign bytes = bytes_i[e*8*Nf+:8*Nf];

    for (genvar i = 0; i < NumLanes; i++) begin : gen_lane
      assign lanes[i*XBits+:XBits] = bytes[lane_bit(i)+:XBits];
    end

    for (genvar i = 0; i < NumRegs; i++) begin : gen_load
      logic [XBits-1:0] conv, flat;

      if (e == 0 && i < Rows * Rpb && i / Rpb < Nf) begin : gen_flat
        assign flat = bytes[8*(i/Rpb)+(i%Rpb)*XBits+:XBits];
      end else begin : gen_no_flat
        assign flat = '0;
      end

      if (i < ConvRegs) begin : gen_conv
        always_comb begin
          conv = '0;
          for (int unsigned p = 0; p <= PtMax; p++) begin
            if (pad_top_i == 8'(p)) conv = lanes[(i+PtMax-p)*XBits+:XBits];
          end
        end
      end else begin : gen_no_conv
        assign conv = '0;
      end

      assign loaded[e][i*XBits+:XBits] = flat_i ? flat : conv;
    end
  end

  // Register i holds row row_first + i, which exists from row 0 up to the last one.
  logic [AboveBits-1:0] above;  // rows
  logic signed [17:0] below;

  assign above  = AboveBits'(-row_first_i);
  assign below  = $signed({2'b00, rows_i}) - row_first_i;
  assign exists = flat_i ? '1 : (row_first_i < 0 ? {NumRegs{1'b1}} << above : '1) &
      (below < 0 ? '0 : |below[17:CountBits] ? '1 : ~({NumRegs{1'b1}} << below[CountBits-1:0]));

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      pixel_q  <= loaded;
      exists_q <= exists;
    end else if (shift_i) begin
      for (int unsigned e = 0; e < Sets; e++) pixel_q[e] <= pixel_q[e] >> XBits;
      exists_q <= exists_q >> 1;
    end
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_tap
    logic [XBits-1:0] tapped[Sets];

    always_comb begin
      for (int unsigned e = 0; e < Sets; e++) tapped[e] = pixel_q[e][r*XBits+:XBits];
      exists_o[r] = exists_q[r];
      for (int unsigned s = 2; s <= TapMax; s++) begin
        if (tap_i == 8'(s) && r * s < NumRegs) begin
          for (int unsigned e = 0; e < Sets; e++) tapped[e] = pixel_q[e][(r*s)%NumRegs*XBits+:XBits];
          exists_o[r] = exists_q[(r*s)%NumRegs];
        end
      end
      for (int unsigned e = 0; e < Sets; e++) begin
        pixel_o[(e*Rows+r)*XBits+:XBits] = exists_o[r] ? tapped[e] : '0;
      end
    end
  end

endmodule
