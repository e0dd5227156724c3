`include "dsoc_assert.svh"

/// Maximum over windows, in line behind the output stage (docs/architecture.md, section 3).
///
/// Windows of 1 to 3 rows that lie 2 or 3 rows apart, and overlap by one row and one column at most: so one window a
/// channel is open along the columns (memory `i_open`), and one row of pooled results along the row blocks (`i_carry`, with
/// the rows of a byte that is not whole yet). Results come one channel (all rows) a clock in the order l, wo, k. A column of
/// windows that ends goes through four more clocks: maxima of two and three rows, the windows of the block, the rows carried
/// from the block before, packing. What is whole leaves as bytes of consecutive lines; between two blocks the place of the
/// windows in the next one is counted.
///
/// Parameters:
///   Rows, XBits  PE rows, bits of an activation; whole bytes: Rows a multiple of 8 / XBits, two bytes at least if that is not 1
///   Channels     most channels of an iteration
///   Lines        lines of the writer
///   CarryDepth   words of what is carried from block to block: pooled columns x channels of an iteration
module dsoc_pool_windows #(
    parameter int unsigned Rows = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned Channels = 24,
    parameter int unsigned Lines = 4,
    parameter int unsigned CarryDepth = 1024
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                start_i,
    input dsoc_map_pkg::desc_t desc_i,

    input  logic                  valid_i,
    output logic                  ready_o,
    input  logic [Rows*XBits-1:0] data_i,
    input  logic [      Rows-1:0] rows_i,
    input  logic                  k_last_i,
    input  logic                  wo_last_i,

    output logic               valid_o,
    input  logic               ready_i,
    output logic [       31:0] addr_o,
    output logic [        7:0] lines_o,
    output logic [8*Lines-1:0] bytes_o,
    output logic               idle_o
);

  localparam int unsigned Rpb = 8 / XBits;
  localparam int unsigned Depth = (Channels < 2) ? 2 : Channels;
  localparam int unsigned KBits = $clog2(Depth);
  localparam int unsigned CarryBits = $clog2(CarryDepth);
  localparam int unsigned Slots = (Rows + 1) / 2 + 1;  // windows that a block touches
  localparam int unsigned CountBits = $clog2(Slots + Rpb + 1);
  localparam int unsigned PlaceBits = $clog2(Rows + 4) + 1;  // row of a block, signed
  localparam logic signed [XBits-1:0] Least = {1'b1, {(XBits - 1) {1'b0}}};

  typedef logic signed [XBits-1:0] value_t;
  typedef logic signed [PlaceBits-1:0] place_t;

  if (Rows % Rpb != 0 || (Rpb > 1 && Rows < 2 * Rpb)) begin : gen_illegal_rows
    $error("dsoc_pool_windows: Rows must be whole bytes, two at least");
  end
  if (CarryDepth < 2) begin : gen_illegal_depth
    $error("dsoc_pool_windows: CarryDepth must be at least 2");
  end

  function automatic value_t larger(input value_t a, input value_t b);
    return (a > b) ? a : b;
  endfunction

  // ---- what comes -----------------------------------------------------------------------------------------------------
  typedef struct packed {
    logic [Rows*XBits-1:0] data;
    logic [Rows-1:0]       rows;
    logic                  k_last;
    logic                  wo_last;
  } item_t;

  item_t item;
  logic item_valid, take, enable, run_q;

  dsoc_skid #(
      .Width($bits(item_t))
  ) i_item (
      .clk_i,
      .rst_ni,
      .data_i ({data_i, rows_i, k_last_i, wo_last_i}),
      .valid_i,
      .ready_o,
      .ready_next_o(),
      .data_o (item),
      .valid_o(item_valid),
      .ready_i(run_q && enable)
  );

  assign take   = item_valid && run_q && enable;
  assign enable = !valid_o || ready_i;

  // ---- columns: one window a channel is open ----------------------------------------------------------------------------
  logic [KBits-1:0] k_q;
  logic [7:0] pos_q;  // of this column in the window
  logic [15:0] left_q;  // windows that have not ended
  logic first_q, overlap, begins, last_column, ends, again;
  logic [31:0] column_q;  // address of the window's column
  logic [Rows*XBits-1:0] open, joined, kept;

  assign overlap     = desc_i.pool_kw > desc_i.pool_sw;
  assign begins      = first_q || pos_q == '0;
  assign last_column = pos_q == desc_i.pool_kw - 8'd1;
  // Every window begins in the map: behind one that has ended, columns that belong to none are not the last.
  assign ends        = left_q != '0 && (last_column || item.wo_last);
  assign again       = overlap ? last_column : pos_q == desc_i.pool_sw - 8'd1;  // the next window is the next column's

  for (genvar r = 0; r < Rows; r++) begin : gen_join
    value_t fresh, maximum;
    assign fresh   = item.rows[r] ? $signed(item.data[r*XBits+:XBits]) : Least;
    assign maximum = begins ? fresh : larger(fresh, $signed(open[r*XBits+:XBits]));
    assign joined[r*XBits+:XBits] = maximum;
    // The last column of a window may be the first of the next one.
    assign kept[r*XBits+:XBits] = (overlap && last_column) ? fresh : maximum;
  end

  dsoc_regfile #(
      .Width(Rows * XBits),
      .Depth(Depth)
  ) i_open (
      .clk_i,
      .wen_i  (take),
      .waddr_i(k_q),
      .wdata_i(kept),
      .raddr_i(k_q),
      .rdata_o(open)
  );

  // ---- the block: where its windows begin, how many end, what is carried -------------------------------------------------
  typedef enum logic [2:0] {
    Place,
    Count,
    Pack,
    Pick,
    Run,
    Drain,
    Step
  } state_e;

  state_e state_q;
  place_t start_q, next_q, room_q;  // row of the first window, of the first that does not end; rows behind its end
  logic [CountBits-1:0] ending_q, held_q, total_q, rest_q;  // pooled rows: that end, were held, both, are held
  logic [7:0] lines_q, walk_q;
  logic [15:0] rows_left_q;  // pooled rows that end in this block or later
  logic carries_q, opens_q;  // a window is open before, behind this block
  logic [31:0] line_q, n_base_q, t_base_q;
  logic l_last, n_last, more, over, empty;
  logic [1:0][4:0] pick_q;  // stride 2 or 3; start -2 … 2

  assign run_q = state_q == Run;
  assign more  = (room_q >= 0 || l_last) && 16'(ending_q) != rows_left_q;
  assign over  = state_q == Drain && empty;

  dsoc_loop i_l (
      .clk_i,
      .rst_ni,
      .load_i  (start_i),
      .step_i  (over),
      .count_i (desc_i.l_count),
      .before_o(),
      .last_o  (l_last)
  );

  dsoc_loop i_n (
      .clk_i,
      .rst_ni,
      .load_i  (start_i),
      .step_i  (over && l_last),
      .count_i (desc_i.n_count),
      .before_o(),
      .last_o  (n_last)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= Place;
      start_q     <= '0;
      next_q      <= '0;
      room_q      <= '0;
      ending_q    <= '0;
      held_q      <= '0;
      total_q     <= '0;
      rest_q      <= '0;
      lines_q     <= '0;
      walk_q      <= '0;
      rows_left_q <= '0;
      carries_q   <= 1'b0;
      opens_q     <= 1'b0;
      pick_q      <= '0;
      line_q      <= '0;
      n_base_q    <= '0;
      t_base_q    <= '0;
    end else begin
      unique case (state_q)
        Place: begin
          next_q   <= start_q;
          room_q   <= place_t'(Rows) - place_t'({1'b0, desc_i.pool_kh}) - start_q;
          ending_q <= '0;
          state_q  <= Count;
        end
        Count: begin
          if (more) begin
            ending_q <= ending_q + 1'b1;
            next_q   <= next_q + place_t'({1'b0, desc_i.pool_sh});
            room_q   <= room_q - place_t'({1'b0, desc_i.pool_sh});
          end else begin
            total_q <= held_q + ending_q;
            opens_q <= !l_last && 16'(ending_q) != rows_left_q && next_q < place_t'(Rows);
            state_q <= Pack;
          end
        end
        Pack: begin
          lines_q <= 8'((32'(total_q) + (l_last ? Rpb - 1 : 0)) / Rpb);
          rest_q  <= l_last ? '0 : CountBits'(32'(total_q) % Rpb);
          state_q <= Pick;
        end
        Pick: begin
          for (int s = 0; s < 2; s++) begin
            for (int i = 0; i < 5; i++) begin
              pick_q[s][i] <= desc_i.pool_sh == 2'(s + 2) && start_q == place_t'(i - 2);
            end
          end
          state_q <= Run;
        end
        Run: begin
          if (take && item.k_last && item.wo_last) state_q <= Drain;
        end
        Drain: begin
          walk_q <= lines_q;
          if (empty) begin
            state_q     <= (!l_last && lines_q != '0) ? Step : Place;
            start_q     <= next_q - place_t'(Rows);
            rows_left_q <= rows_left_q - 16'(ending_q);
            held_q      <= rest_q;
            carries_q   <= opens_q;
            if (l_last) begin
              start_q     <= -place_t'({1'b0, desc_i.pool_pad_top});
              rows_left_q <= desc_i.pool_rows;
              n_base_q    <= n_base_q + desc_i.y_n_pitch;
              line_q      <= n_base_q + desc_i.y_n_pitch;
              if (n_last) begin
                t_base_q <= t_base_q + 32'(desc_i.ch_per_t);
                n_base_q <= t_base_q + 32'(desc_i.ch_per_t);
                line_q   <= t_base_q + 32'(desc_i.ch_per_t);
              end
            end
          end
        end
        default: begin
          walk_q <= walk_q - 8'd1;
          line_q <= line_q + desc_i.y_line_pitch;
          if (walk_q == 8'd1) state_q <= Place;
        end
      endcase
      if (start_i) begin
        state_q     <= Place;
        start_q     <= -place_t'({1'b0, desc_i.pool_pad_top});
        rows_left_q <= desc_i.pool_rows;
        held_q      <= '0;
        carries_q   <= 1'b0;
        line_q      <= desc_i.y_base;
        n_base_q    <= desc_i.y_base;
        t_base_q    <= desc_i.y_base;
      end
    end
  end

  // ---- columns of windows ---------------------------------------------------------------------------------------------
  localparam int unsigned Stages = 5;
  logic [Stages-1:0] valid_q;
  logic [Stages-1:0][31:0] addr_q;
  logic [CarryBits-1:0] carry_q;
  logic [Stages-1:0][CarryBits-1:0] carry_at_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      k_q      <= '0;
      pos_q    <= '0;
      left_q   <= '0;
      first_q  <= 1'b1;
      column_q <= '0;
      carry_q  <= '0;
    end else if (!run_q) begin
      k_q      <= '0;
      pos_q    <= desc_i.pool_pad_left;
      left_q   <= desc_i.pool_cols;
      first_q  <= 1'b1;
      column_q <= line_q;
      carry_q  <= '0;
    end else if (take) begin
      k_q <= item.k_last ? '0 : k_q + 1'b1;
      if (ends) carry_q <= carry_q + 1'b1;
      if (item.k_last) begin
        first_q <= 1'b0;
        pos_q   <= again ? 8'(overlap) : pos_q + 8'd1;
        if (ends) begin
          left_q   <= left_q - 16'd1;
          column_q <= column_q + desc_i.y_wo_step;
        end
      end
    end
  end

  // Four clocks and the one that packs: maxima of two rows, of three, the block's windows, what was carried.
  value_t column_values_q[Rows], two_q[Rows+1], three_q[Rows+2], slot_q[Slots], pooled_q[Slots];
  logic [7:0] carried, carried_q;
  logic two, three;

  assign two   = desc_i.pool_kh >= 2'd2;
  assign three = desc_i.pool_kh == 2'd3;

  for (genvar r = 0; r < Rows; r++) begin : gen_column
    always_ff @(posedge clk_i) if (enable) column_values_q[r] <= $signed(joined[r*XBits+:XBits]);
  end

  for (genvar i = 0; i <= Rows; i++) begin : gen_two  // rows i - 1 and i
    value_t above, below;
    assign above = (i > 0) ? column_values_q[(i+Rows-1)%Rows] : Least;
    assign below = (i < Rows) ? column_values_q[i%Rows] : Least;
    always_ff @(posedge clk_i) if (enable) two_q[i] <= two ? larger(above, below) : above;
  end

  for (genvar i = 0; i <= Rows + 1; i++) begin : gen_three  // rows i - 2 to i
    value_t above, below;
    assign above = (i > 0) ? two_q[(i+Rows)%(Rows+1)] : Least;
    assign below = (i <= Rows) ? two_q[i%(Rows+1)] : Least;
    always_ff @(posedge clk_i) if (enable) three_q[i] <= three ? larger(above, below) : above;
  end

  for (genvar i = 0; i < Slots; i++) begin : gen_slot
    value_t chosen, with_carried;
    always_comb begin
      chosen = '0;
      for (int s = 0; s < 2; s++) begin
        for (int p = 0; p < 5; p++) begin
          if (i * (s + 2) + p < int'(Rows) + 2) begin
            chosen |= three_q[(i*(s+2)+p)%(int'(Rows)+2)] & {XBits{pick_q[s][p]}};
          end
        end
      end
    end
    if (i == 0) begin : gen_carried
      assign with_carried = carries_q ? larger(slot_q[i], $signed(carried[7-:XBits])) : slot_q[i];
    end else begin : gen_fresh
      assign with_carried = slot_q[i];
    end
    always_ff @(posedge clk_i) begin
      if (enable) begin
        slot_q[i]   <= chosen;
        pooled_q[i] <= with_carried;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (enable) valid_q <= {valid_q[Stages-2:0], take && ends};
  end
  always_ff @(posedge clk_i) begin
    if (enable) begin
      addr_q[0]     <= column_q + 32'(k_q);
      carry_at_q[0] <= carry_q;
      for (int unsigned i = 1; i < Stages; i++) begin
        addr_q[i]     <= addr_q[i-1];
        carry_at_q[i] <= carry_at_q[i-1];
      end
      carried_q <= carried;
    end
  end

  // ---- packing: rows that were held, rows that end; what is no whole byte yet is held, and the open window kept -----------
  value_t out_rows[Rows];
  value_t opened;
  logic [7:0] kept_word;
  logic [8*Lines-1:0] packed_bytes;

  for (genvar q = 0; q < Rows; q++) begin : gen_out
    always_comb begin
      out_rows[q] = '0;
      for (int unsigned h = 0; h < Rpb; h++) begin
        if (held_q == CountBits'(h)) begin
          if (q < h) out_rows[q] = $signed(carried_q[(q*XBits)%8+:XBits]);
          else if (q - h < Slots) out_rows[q] = pooled_q[(q-h)%Slots];
        end
      end
      if (32'(q) >= 32'(total_q)) out_rows[q] = '0;
    end
    assign packed_bytes[q*XBits+:XBits] = out_rows[q];
  end
  if (8 * Lines > Rows * XBits) begin : gen_no_rows
    assign packed_bytes[8*Lines-1:Rows*XBits] = '0;
  end

  always_comb begin
    opened    = '0;
    kept_word = '0;
    for (int unsigned i = 0; i < Slots; i++) begin
      if (ending_q == CountBits'(i)) opened = pooled_q[i];
    end
    for (int unsigned q = 0; q < Rows; q++) begin
      if (lines_q == 8'(q / Rpb) && q % Rpb < Rpb - 1) kept_word[(q%Rpb)*XBits+:XBits] = out_rows[q];
    end
    kept_word[7-:XBits] = opened;
  end

  dsoc_ram #(
      .Width(8),
      .Depth(CarryDepth)
  ) i_carry (
      .clk_i,
      .wen_i  (enable && valid_q[Stages-1]),
      .waddr_i(carry_at_q[Stages-1]),
      .wdata_i(kept_word),
      .ren_i  (enable),
      .raddr_i(carry_at_q[Stages-3]),
      .rdata_o(carried)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_o <= 1'b0;
    else if (enable) valid_o <= valid_q[Stages-1] && lines_q != '0;
  end
  always_ff @(posedge clk_i) begin
    if (enable) begin
      addr_o  <= addr_q[Stages-1];
      bytes_o <= packed_bytes;
    end
  end

  assign lines_o = lines_q;
  assign empty   = valid_q == '0 && !valid_o;
  assign idle_o  = !item_valid && state_q != Drain;

  `DSOC_ASSERT_STABLE(a_out, clk_i, rst_ni, valid_o, ready_i, {addr_o, lines_o, bytes_o})
  `DSOC_ASSERT(a_room, clk_i, rst_ni, take |-> 32'(k_q) < Depth)

endmodule
