`include "dsoc_assert.svh"

/// Pooling unit: maximum or sum over windows of the stream that the pixel shifter makes; also the way of elementwise operations.
///
/// Per (w, ci) the window's rows arrive one a clock and are combined; the result then updates every open window of
/// that channel in the edges RAM, one a clock. A window that ends leaves: its maximum, or for averages
/// sign(sum) * (4*floor(|sum|*2^avg_lsh / count) + code), code 0 exact, 1 below, 2 at, 3 above one half, so that the output stage's
/// rounding (shift + 2) is exact. Division is by a table of reciprocals and one multiplication.
///
/// `space_o` low asks the controller to pause; up to 14 results may still follow.
///
/// Parameters:
///   Rows, XBits   PE rows, bits of an activation
///   KhMax, KwMax  largest window
///   EdgesDepth    words of the edges RAM (open windows x channels)
module dsoc_pool #(
    parameter int unsigned Rows = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned KhMax = 3,
    parameter int unsigned KwMax = 3,
    parameter int unsigned EdgesDepth = 256
) (
    input logic                clk_i,
    input logic                rst_ni,
    input dsoc_map_pkg::desc_t desc_i,

    input  logic                  step_i,
    input  logic                  first_i,
    input  logic                  take_i,
    input  logic                  last_i,
    input  logic                  real_i,
    input  logic                  ci_last_i,
    input  logic                  w_last_i,
    input  logic [Rows*XBits-1:0] pixel_i,
    input  logic [      Rows-1:0] exists_i,
    output logic                  space_o,

    output logic [32*Rows-1:0] data_o,
    output logic               valid_o,
    input  logic               ready_i
);

  localparam int unsigned AreaLimit = 4096;  // entries of the table of reciprocals
  localparam int unsigned AreaMax = (KhMax * KwMax <= AreaLimit) ? KhMax * KwMax : 1;  // no table for illegal windows
  localparam int unsigned AreaBits = $clog2(AreaMax + 1);
  localparam int unsigned KhBits = $clog2(KhMax + 1);
  localparam int unsigned KwBits = $clog2(KwMax + 1);
  localparam int unsigned SBits = XBits + AreaBits;  // a sum, signed
  localparam int unsigned NBits = SBits + 3;  // its magnitude after avg_lsh
  localparam int unsigned MBits = NBits + 1;  // of a reciprocal
  localparam int unsigned PlaceBits = $clog2(AreaBits + 1);
  localparam int unsigned FBits = NBits + 4;  // a result, signed
  localparam int unsigned AddrBits = $clog2(EdgesDepth);
  localparam int unsigned FifoDepth = 32;

  typedef struct packed {
    logic [PlaceBits-1:0] places;  // ceil(log2(d))
    logic [MBits-1:0]     factor;  // floor(2^(NBits+places) / d) + 1
  } recip_t;

  typedef recip_t [AreaMax:0] recips_t;

  /// floor(n * factor >> (NBits + places)) = floor(n / d) for every n of NBits bits, because factor * d is more than
  /// 2^(NBits+places) by at most 2^places.
  function automatic recips_t reciprocals();
    recips_t table_;
    table_ = '0;
    for (int unsigned d = 1; d <= AreaMax; d++) begin
      table_[d].places = PlaceBits'($clog2(d));
      table_[d].factor = MBits'((64'd1 << (NBits + $clog2(d))) / 64'(d) + 64'd1);
    end
    return table_;
  endfunction

  localparam recips_t Reciprocals = reciprocals();

  if (KhMax * KwMax > AreaLimit) begin : gen_illegal
    $error("dsoc_pool: KhMax*KwMax must be at most 4096");
  end
  if (EdgesDepth < 2) begin : gen_illegal_depth
    $error("dsoc_pool: EdgesDepth must be at least 2");
  end

  // Of the operation, a clock late.
  logic average_q;
  typedef logic [AddrBits-1:0] address_t;
  address_t ring_last_q;  // of the open windows' words, where the last window's begin
  logic [17:0] kw_last_q;

  always_ff @(posedge clk_i) begin
    kw_last_q   <= 18'(desc_i.kw) - 18'd1;
    average_q   <= desc_i.kind == dsoc_map_pkg::D_KIND_AVG;
    ring_last_q <= address_t'((32'(desc_i.ns) - 32'd1) * 32'(desc_i.ci[15:0]));
  end

  // ---- a step, a clock late ------------------------------------------------------------------------------------------
  typedef struct packed {
    logic step;
    logic first;
    logic take;
    logic last;
    logic real_column;
    logic ci_last;
    logic w_last;
  } step_t;

  step_t in_q;
  logic [Rows*XBits-1:0] pixel_q;
  logic [Rows-1:0] exists_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) in_q <= '0;
    else in_q <= '{step_i, first_i, take_i, last_i, real_i, ci_last_i, w_last_i};
  end

  always_ff @(posedge clk_i) begin
    pixel_q  <= pixel_i;
    exists_q <= exists_i;
  end

  // ---- vertical: one column of the window --------------------------------------------------------------------------
  logic signed [SBits-1:0] column_q[Rows], column[Rows];
  logic [KhBits-1:0] rows_q[Rows], rows[Rows];

  for (genvar r = 0; r < Rows; r++) begin : gen_column
    logic signed [SBits-1:0] pixel;
    logic use_pixel;

    assign pixel     = SBits'($signed(pixel_q[r*XBits+:XBits]));
    assign use_pixel = exists_q[r] && in_q.take;

    always_comb begin
      column[r] = column_q[r];
      if (in_q.first && use_pixel) column[r] = pixel;
      else if (in_q.first) column[r] = average_q ? '0 : -SBits'(1 << (XBits - 1));
      else if (use_pixel && average_q) column[r] = column_q[r] + pixel;
      else if (use_pixel && pixel > column_q[r]) column[r] = pixel;
      rows[r] = (in_q.first ? '0 : rows_q[r]) + KhBits'(use_pixel);
    end

    always_ff @(posedge clk_i) begin
      if (in_q.step) begin
        column_q[r] <= column[r];
        rows_q[r]   <= rows[r];
      end
    end
  end

  // ---- where this column stands among the open windows ---------------------------------------------------------------
  logic signed [17:0] pos_q;  // of this column in the oldest open window
  logic [15:0] done_q, w_q;
  logic [31:0] ci_q;
  address_t base_q;
  logic column_ends, oldest_ends;

  assign column_ends = in_q.step && in_q.last && in_q.ci_last;
  assign oldest_ends = pos_q == kw_last_q && done_q != desc_i.wo_count;

  function automatic address_t next_base(input address_t base, input address_t step, input address_t ring_last);
    return (base == ring_last) ? '0 : base + step;
  endfunction

  logic idle_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pos_q  <= '0;
      done_q <= '0;
      w_q    <= '0;
      base_q <= '0;
      ci_q   <= '0;
      idle_q <= 1'b1;
    end else begin
      if (idle_q) pos_q <= 18'(desc_i.pos0);
      if (in_q.step) idle_q <= 1'b0;
      if (in_q.step && in_q.last) ci_q <= in_q.ci_last ? '0 : ci_q + 32'd1;
      if (column_ends) begin
        w_q   <= w_q + 16'd1;
        pos_q <= pos_q + 18'd1;
        if (oldest_ends) begin
          pos_q  <= pos_q + 18'd1 - 18'(desc_i.sw);
          done_q <= done_q + 16'd1;
          base_q <= next_base(base_q, address_t'(desc_i.ci), ring_last_q);
        end
        if (in_q.w_last) begin
          idle_q <= 1'b1;
          pos_q  <= 18'(desc_i.pos0);
          done_q <= '0;
          w_q    <= '0;
          base_q <= '0;
        end
      end
    end
  end

  // ---- update of the open windows, one a clock ---------------------------------------------------------------------
  // Three clocks: read, hold, combine and write. A word is read again three clocks later at the earliest, because the controller
  // gives a column of one channel no less than four clocks.
  typedef struct packed {
    logic              init;  // the column's value begins the window, is added to it or compared with it, or is none
    logic              adds;
    logic              compares;
    logic              ends;
    logic [KwBits-1:0] columns;
  } update_t;

  logic [Rows*SBits-1:0] value_q, old, old_q, updated, value_qq, value_qqq;
  logic [Rows*KhBits-1:0] count_q, count_qq, count_qqq;
  logic active_q, active_qq, active_qqq, more;
  logic signed [17:0] jpos_q;
  logic [15:0] jleft_q;
  address_t jbase_q, jci_q;
  logic [AddrBits-1:0] jaddr;
  update_t update, update_q, update_qq;
  logic [15:0] left_edge, right_edge, left_edge_q, right_edge_q;
  logic [KwBits-1:0] columns;  // of the window, up to this one
  logic first_column_q, real_q;
  logic [AddrBits-1:0] waddr_q, waddr_qq;

  assign more               = jpos_q >= $signed(18'(desc_i.sw)) && jleft_q > 16'd1;
  assign left_edge          = (w_q >= 16'(desc_i.kw)) ? w_q + 16'd1 - 16'(desc_i.kw) : '0;
  assign right_edge         = (w_q < desc_i.x_cols) ? w_q + 16'd1 : desc_i.x_cols;
  assign columns            = KwBits'(right_edge_q - left_edge_q);
  assign update.init        = jpos_q == 0 || first_column_q;
  assign update.adds        = real_q && !update.init && average_q;
  assign update.compares    = real_q && !update.init && !average_q;
  assign update.ends        = jpos_q == kw_last_q;
  assign update.columns     = columns;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q       <= 1'b0;
      active_qq      <= 1'b0;
      active_qqq     <= 1'b0;
      jpos_q         <= '0;
      jleft_q        <= '0;
      jbase_q        <= '0;
      jci_q          <= '0;
      left_edge_q    <= '0;
      right_edge_q   <= '0;
      first_column_q <= 1'b0;
      real_q         <= 1'b0;
      update_q       <= '0;
      update_qq      <= '0;
      waddr_q        <= '0;
      waddr_qq       <= '0;
    end else begin
      {active_qq, active_qqq} <= {active_q, active_qq};
      {update_q, update_qq}   <= {update, update_q};
      {waddr_q, waddr_qq}     <= {jaddr, waddr_q};
      if (in_q.step && in_q.last) begin
        active_q       <= pos_q >= 0 && done_q != desc_i.wo_count;
        jpos_q         <= pos_q;
        jleft_q        <= desc_i.wo_count - done_q;
        jbase_q        <= base_q;
        jci_q          <= address_t'(ci_q);
        left_edge_q    <= left_edge;
        right_edge_q   <= right_edge;
        first_column_q <= w_q == '0;
        real_q         <= in_q.real_column;
      end else if (active_q) begin
        active_q <= more;
        jpos_q   <= jpos_q - 18'(desc_i.sw);
        jleft_q  <= jleft_q - 16'd1;
        jbase_q  <= next_base(jbase_q, address_t'(desc_i.ci), ring_last_q);
      end
    end
  end

  assign jaddr = jbase_q + jci_q;

  for (genvar r = 0; r < Rows; r++) begin : gen_capture
    always_ff @(posedge clk_i) begin
      if (in_q.step && in_q.last) begin
        value_q[r*SBits+:SBits]   <= column[r];
        count_q[r*KhBits+:KhBits] <= rows[r];
      end
      value_qq[r*SBits+:SBits]   <= value_q[r*SBits+:SBits];
      count_qq[r*KhBits+:KhBits] <= count_q[r*KhBits+:KhBits];
      value_qqq[r*SBits+:SBits] <= value_qq[r*SBits+:SBits];
      count_qqq[r*KhBits+:KhBits] <= count_qq[r*KhBits+:KhBits];
      old_q[r*SBits+:SBits] <= old[r*SBits+:SBits];
    end

    logic signed [SBits-1:0] was, new_value;
    logic replaces;
    assign was = old_q[r*SBits+:SBits];
    assign new_value = value_qqq[r*SBits+:SBits];
    assign replaces = update_qq.init || (update_qq.compares && new_value > was);
    assign updated[r*SBits+:SBits] = update_qq.adds ? was + new_value : replaces ? new_value : was;
  end

  dsoc_ram #(
      .Width(Rows * SBits),
      .Depth(EdgesDepth)
  ) i_edges (
      .clk_i,
      .wen_i  (active_qqq),
      .waddr_i(waddr_qq),
      .wdata_i(updated),
      .ren_i  (active_q),
      .raddr_i(jaddr),
      .rdata_o(old)
  );

  // ---- division, six clocks ------------------------------------------------------------------------------------------
  // Each ends in registers: the sum; its magnitude; its product with the reciprocal; the quotient; the quotient times the
  // divisor; what is left of the division.
  localparam int unsigned Division = 6;
  logic [Division-1:0] leave_q;
  logic [FBits*Rows-1:0] result, fifo_data;
  logic [$clog2(FifoDepth+1)-1:0] level;
  logic fifo_ready;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) leave_q <= '0;
    else leave_q <= {leave_q[Division-2:0], active_qqq && update_qq.ends};
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_divide
    logic signed [SBits-1:0] sum_q[Division];
    logic [4:1][NBits-1:0] mag_q;  // by clock, as are all
    logic [5:3][NBits-1:0] quotient_q;
    logic [NBits-1:0] multiple_q, rest_q;
    logic [AreaBits-1:0] area_q[Division];
    recip_t reciprocal_q;
    logic [PlaceBits-1:0] places_q;
    logic [MBits-1:0] product_q;  // of the magnitude, by 2^NBits
    logic [1:0] code;
    logic signed [FBits-1:0] exact;

    assign code    = (rest_q == '0) ? 2'd0 : ({rest_q, 1'b0} < (NBits + 1)'(area_q[5])) ? 2'd1 :
        ({rest_q, 1'b0} == (NBits + 1)'(area_q[5])) ? 2'd2 : 2'd3;
    assign exact   = $signed(FBits'({quotient_q[5], code}));

    always_ff @(posedge clk_i) begin
      sum_q[0]      <= updated[r*SBits+:SBits];
      area_q[0]     <= AreaBits'(count_qqq[r*KhBits+:KhBits]) * AreaBits'(update_qq.columns);
      for (int unsigned i = 1; i < Division; i++) begin
        sum_q[i]      <= sum_q[i-1];
        area_q[i]     <= area_q[i-1];
      end
      for (int unsigned i = 2; i <= 4; i++) mag_q[i] <= mag_q[i-1];
      for (int unsigned i = 4; i <= 5; i++) quotient_q[i] <= quotient_q[i-1];
      mag_q[1]      <= NBits'(unsigned'(sum_q[0] < 0 ? -sum_q[0] : sum_q[0])) << desc_i.avg_lsh;
      reciprocal_q  <= Reciprocals[area_q[0]];
      places_q      <= reciprocal_q.places;
      product_q     <= MBits'(((MBits + NBits)'(mag_q[1]) * (MBits + NBits)'(reciprocal_q.factor)) >> NBits);
      quotient_q[3] <= NBits'(product_q >> places_q);
      multiple_q    <= NBits'(quotient_q[3] * NBits'(area_q[3]));
      rest_q        <= mag_q[4] - multiple_q;
    end

    assign result[r*FBits+:FBits] = !average_q ? FBits'(sum_q[5]) : (sum_q[5] < 0) ? -exact : exact;
    assign data_o[32*r+:32] = 32'($signed(fifo_data[r*FBits+:FBits]));
  end

  dsoc_fifo #(
      .Width(FBits * Rows),
      .Depth(FifoDepth)
  ) i_results (
      .clk_i,
      .rst_ni,
      .data_i (result),
      .valid_i(leave_q[Division-1]),
      .ready_o(fifo_ready),
      .data_o (fifo_data),
      .valid_o(valid_o),
      .ready_i(ready_i),
      .count_o(level)
  );

  assign space_o = level < ($clog2(FifoDepth + 1))'(FifoDepth / 2);

  `DSOC_ASSERT(a_word_is_written, clk_i, rst_ni,
               active_q && !update.init |-> !(active_qq && waddr_q == jaddr) && !(active_qqq && waddr_qq == jaddr))
  `DSOC_ASSERT(a_no_overflow, clk_i, rst_ni, leave_q[Division-1] |-> fifo_ready)

endmodule
