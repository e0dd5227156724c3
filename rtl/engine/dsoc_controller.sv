/// Controller: walks the loops t, n, l, w, ci, kh of one operation, one step a clock.
///
/// A step that begins a (w, ci) needs pixels (`px_valid_i`), an iteration needs its weights block. Outputs are the commands to the
/// pixel shifter and the weights RAM in this clock and, one clock later (with the operands), the step's flags. Everything
/// freezes while `advance_i` is low.
///
/// Parameters:
///   Rows, Rpb        PE rows, rows packed in a byte
///   SwMax            largest horizontal stride
///   DepthBits        address bits of a weights bank
///   Virtual          convolutions may have columns that do not exist before and behind those that do, as pools behind them
///   Resident         blocks of operations whose weights are resident have no words
module dsoc_controller #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Rpb = 2,
    parameter int unsigned SwMax = 2,
    parameter int unsigned DepthBits = 11,
    parameter bit Virtual = 1'b0,
    parameter bit Resident = 1'b0
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                start_i,
    input logic                advance_i,
    input dsoc_map_pkg::desc_t desc_i,
    input logic [7:0]          sets_i,  // of weights: channels of an elastic group

    // pixels
    input  logic               px_valid_i,
    output logic               px_pop_o,
    output logic               px_load_o,
    output logic               px_shift_o,
    output logic signed [17:0] px_row_first_o,
    output logic               px_next_t_last_o,  // that behind the column that is popped belongs to the last iteration

    // weights
    input  logic                 block_valid_i,
    input  logic                 block_whole_i,
    input  logic [         19:0] block_words_i,
    input  logic                 word_valid_i,
    output logic                 block_release_o,
    output logic                 weights_read_o,
    output logic [DepthBits-1:0] weights_addr_o,
    output logic                 error_o,

    // this clock: steps are left to make; one is made, or cannot for want of pixels or weights
    output logic active_o,
    output logic step_o,
    output logic lacks_pixels_o,
    output logic lacks_weights_o,

    // the step, one clock later
    output logic mac_o,
    output logic real_o,
    output logic zero_o,
    output logic shift_o,

    // an output column leaves, four clocks later (a clock before the sums are finished)
    output logic        leave_o,
    output logic [ 7:0] leave_pos_o,
    output logic [15:0] leave_count_o,
    output logic [15:0] leave_channels_o,

    // pooling: the step, one clock later
    input  logic pool_space_i,
    output logic pool_o,
    output logic pool_first_o,
    output logic pool_take_o,
    output logic pool_last_o,
    output logic pool_real_o,
    output logic pool_ci_last_o,
    output logic pool_w_last_o
);

  localparam int unsigned FirstRows = (Rows < Rpb) ? Rows : Rpb;  // at most in a column's first byte
  localparam int unsigned SecondTile = (Rows > Rpb) ? Rows : 2 * Rows;  // end of the tile with the second byte

  typedef enum logic [2:0] {
    Idle = 3'b000,
    Config = 3'b001,
    Shift = 3'b010,
    Chain = 3'b011,
    Mac = 3'b100  // the only one with this bit: much hangs on it
  } state_e;

  state_e state_q;
  logic [15:0] remaining_q;  // output columns that have not left
  logic [7:0] kh_q, sigma_q, sigma0, sigma0_q, pos_q;
  logic signed [17:0] row_first_q;
  logic [DepthBits-1:0] addr_q, addr0, addr0_q;
  logic [31:0] words, words_q;  // of a block
  logic pool_q, go;
  logic kh_last, ci_last, line_last, w_last, x_last, l_last, t_last, words_last;
  logic kh_first_q, col_first_q, w_first_q, real_column_q;
  logic real_next, pops_q;  // a step takes a pixel: the first of a column that exists
  logic [7:0] kw_last_q, sets_last_q;
  logic col_last, block_end, column_leaves, word_last;
  logic iteration_over_q, over_q;

  assign column_leaves = remaining_q != '0 && (w_last || pos_q == kw_last_q);
  assign word_last = desc_i.chain && words_last;

  logic needs_block, has_pixels, has_word;
  logic begins_q;  // an iteration: whether the first word is there is not known yet

  assign has_pixels = !pops_q || px_valid_i;
  assign has_word   = block_whole_i || (word_valid_i && !begins_q && !block_end);

  // A step is issued.
  assign go = state_q[2] && advance_i && has_pixels && (pool_q ? pool_space_i : has_word);

  assign needs_block     = state_q == Chain || (state_q == Config && !pool_q);
  assign active_o        = state_q != Idle;
  assign step_o          = state_q == Mac ? go : active_o && advance_i && (!needs_block || block_valid_i);
  assign lacks_pixels_o  = state_q == Mac && advance_i && !has_pixels;
  assign lacks_weights_o = advance_i && !pool_q &&
      (needs_block ? !block_valid_i : state_q == Mac && has_pixels && !has_word);

  assign px_load_o = go && kh_first_q;
  assign px_pop_o = go && pops_q;
  assign px_shift_o = go && !kh_first_q;
  assign px_row_first_o = row_first_q;
  assign weights_read_o = go && !pool_q;
  assign weights_addr_o = addr_q;
  assign block_release_o = go && !pool_q && (block_end || word_last);

  // ---- the loops, innermost first ----------------------------------------------------------------------------------------
  logic idle, config_;
  logic [7:0] kh_rounds;

  assign idle      = state_q == Idle;
  assign config_   = state_q == Config;

  typedef enum int unsigned {
    Kh,
    Ci,
    Line,
    W,
    L,
    N,
    T,
    Loops
  } loop_e;

  logic [Loops-1:0] last, last_but_one, ends, one_q;
  logic begins_op_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      one_q       <= '0;
      begins_op_q <= 1'b0;
    end else begin
      one_q <= {
        desc_i.t_count == 16'd1,
        desc_i.n_count == 16'd1,
        desc_i.l_count == 16'd1,
        desc_i.w_count == 16'd1,
        desc_i.lines_flat == 16'd1,
        desc_i.ci == 32'd1,
        desc_i.kh_count == 8'd1
      };
      begins_op_q <= idle;
    end
  end

  assign kh_last   = last[Kh];
  assign ci_last   = last[Ci];
  assign line_last = last[Line];
  assign w_last    = last[W];
  assign l_last    = last[L];
  assign t_last    = last[T];
  assign col_last  = ends[Line];
  assign block_end = ends[N];
  assign px_next_t_last_o = (x_last && l_last && last[N]) ? last_but_one[T] : t_last;

  // The loops load in the clock behind the start.
  dsoc_nest #(
      .Loops (Loops),
      .Widths({{5{6'd16}}, 6'd32, 6'd8})
  ) i_loops (
      .clk_i,
      .rst_ni,
      .load_i     ({{6{begins_op_q}}, config_}),
      .step_i     (go),
      .count_i    ({
        32'(desc_i.t_count),
        32'(desc_i.n_count),
        32'(desc_i.l_count),
        32'(desc_i.w_count),
        32'(desc_i.lines_flat),
        desc_i.ci,
        32'(kh_rounds)
      }),
      .one_i      ({one_q[T:Ci], desc_i.flat ? kh_rounds == 8'd1 : one_q[Kh]}),
      .before_o   (last_but_one),
      .last_o     (last),
      .ends_o     (ends),
      .ends_next_o()
  );

  // Columns that exist.
  dsoc_loop i_x (
      .clk_i,
      .rst_ni,
      .load_i  (idle || (go && ends[W])),
      .step_i  (go && col_last && (!Virtual || real_column_q)),
      .count_i (desc_i.x_cols),
      .before_o(),
      .last_o  (x_last)
  );

  // Words of a chained block.
  dsoc_loop #(
      .Width(20)
  ) i_words (
      .clk_i,
      .rst_ni,
      .load_i  (needs_block),
      .step_i  (go),
      .count_i (block_words_i),
      .before_o(),
      .last_o  (words_last)
  );

  // ---- flat layers: a kernel row for each existing row of a byte --------------------------------------------------------
  // Rows of this line, of the next one, of that one's tile from it on, and of the tiles below; and how a column begins.
  localparam int unsigned RowBits = $clog2(Rpb + 1);
  logic [RowBits-1:0] line_rows_q, line_rows0_q, next_rows_q;
  logic [15:0] tile_rows_q, tile_rows0_q, below_q, below0_q, tile_next, tile_rest;

  function automatic logic [15:0] at_most(input logic [15:0] count, input logic [15:0] limit);
    return (count < limit) ? count : limit;
  endfunction

  assign tile_next = at_most(below_q, 16'(Rows));
  assign tile_rest = tile_rows_q - 16'(next_rows_q);
  assign kh_rounds = !desc_i.flat ? desc_i.kh_count :
      (config_ || (ci_last && line_last)) ? 8'(line_rows0_q) : ci_last ? 8'(next_rows_q) : 8'(line_rows_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      line_rows_q  <= '0;
      line_rows0_q <= '0;
      next_rows_q  <= '0;
      tile_rows_q  <= '0;
      tile_rows0_q <= '0;
      below_q      <= '0;
      below0_q     <= '0;
    end else begin
      if (idle) begin
        line_rows0_q <= RowBits'(at_most(desc_i.x_rows, 16'(FirstRows)));
        tile_rows0_q <= at_most(desc_i.x_rows, 16'(SecondTile)) - at_most(desc_i.x_rows, 16'(FirstRows));
        below0_q     <= desc_i.x_rows - at_most(desc_i.x_rows, 16'(SecondTile));
      end
      if (config_ || (go && col_last)) begin
        line_rows_q <= line_rows0_q;
        next_rows_q <= RowBits'(at_most(tile_rows0_q, 16'(Rpb)));
        tile_rows_q <= tile_rows0_q;
        below_q     <= below0_q;
      end else if (go && ends[Ci]) begin
        line_rows_q <= next_rows_q;
        if (tile_rows_q <= 16'(Rpb)) begin
          next_rows_q <= RowBits'(at_most(below_q, 16'(FirstRows)));
          tile_rows_q <= tile_next;
          below_q     <= below_q - tile_next;
        end else begin
          next_rows_q <= RowBits'(at_most(tile_rest, 16'(Rpb)));
          tile_rows_q <= tile_rest;
        end
      end
    end
  end

  // Columns before the first that exists, this one included.
  logic [7:0] missing, missing_q;

  assign missing = Virtual ? desc_i.x_before : '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) missing_q <= '0;
    else if (config_ || (go && ends[W])) missing_q <= missing;
    else if (go && col_last && missing_q != '0) missing_q <= missing_q - 8'd1;
  end

  always_comb begin
    real_next = real_column_q;
    if (col_last && w_last) real_next = missing == '0;
    else if (col_last && missing_q != '0) real_next = missing_q == 8'd1;
    else if (col_last && (Virtual || pool_q) && x_last) real_next = 1'b0;
  end

  // ---- weights: where the set of an input column begins, and how long all sets are ---------------------------------------
  always_comb begin
    sigma0 = '0;  // pos0 mod sets, for the strides that the array has
    addr0  = '0;
    words  = '0;
    for (int unsigned s = 1; s <= SwMax; s++) begin
      if (sets_i == 8'(s)) begin
        sigma0 = desc_i.pos0 % 8'(s);
        words  = desc_i.n_words * s;
      end
      if (sigma0_q == 8'(s)) addr0 = DepthBits'(desc_i.n_words * s);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q          <= Idle;
      pool_q           <= 1'b0;
      kh_q             <= '0;
      kh_first_q       <= 1'b0;
      col_first_q      <= 1'b0;
      w_first_q        <= 1'b0;
      real_column_q    <= 1'b0;
      pops_q           <= 1'b0;
      kw_last_q        <= '0;
      sets_last_q      <= '0;
      remaining_q      <= '0;
      sigma_q          <= '0;
      sigma0_q         <= '0;
      pos_q            <= '0;
      row_first_q      <= '0;
      addr_q           <= '0;
      addr0_q          <= '0;
      words_q          <= '0;
      iteration_over_q <= 1'b0;
      over_q           <= 1'b0;
      begins_q         <= 1'b0;
      error_o          <= 1'b0;
    end else begin
      begins_q  <= state_q == Config;
      kw_last_q <= desc_i.kw - 8'd1;
      sets_last_q <= sets_i - 8'd1;
      unique case (state_q)
        Idle: begin
          pool_q      <= desc_i.kind != dsoc_map_pkg::D_KIND_MAC;
          sigma0_q    <= sigma0;
          words_q     <= words;
          row_first_q <= -18'(desc_i.pad_top);
          if (start_i) state_q <= Config;
        end
        Config: begin
          kh_q          <= '0;
          kh_first_q    <= 1'b1;
          col_first_q   <= 1'b1;
          w_first_q     <= 1'b1;
          real_column_q <= missing == '0;
          pops_q        <= missing == '0;
          remaining_q   <= desc_i.wo_count;
          sigma_q       <= sigma0_q;
          addr_q        <= addr0;
          addr0_q       <= addr0;
          pos_q         <= desc_i.pos0;
          if (advance_i && (pool_q || block_valid_i)) begin
            state_q <= Mac;
            if (!pool_q && !desc_i.chain && 32'(block_words_i) != (Resident && desc_i.spread ? '0 : words_q)) begin
              error_o <= 1'b1;
            end
          end
        end
        Chain: begin
          if (advance_i && block_valid_i) state_q <= Mac;
        end
        Shift: begin
          // That after an iteration's last column leads on to the next iteration.
          if (advance_i) state_q <= !iteration_over_q ? Mac : over_q ? Idle : Config;
        end
        default: begin
          if (go) begin
            iteration_over_q <= block_end;
            over_q           <= block_end && t_last;
            // weights
            addr_q           <= addr_q + 1'b1;
            if (col_last && !desc_i.chain) begin
              sigma_q <= sigma_q + 8'd1;
              if (sigma_q == sets_last_q) begin
                sigma_q <= '0;
                addr_q  <= '0;
              end
            end
            // loops
            kh_q        <= kh_last ? '0 : kh_q + 8'd1;
            kh_first_q  <= kh_last;
            col_first_q <= col_last;
            pops_q      <= kh_last && real_next;
            if (col_last) begin
              w_first_q     <= w_last;
              real_column_q <= real_next;
              pos_q         <= pos_q + 8'd1;
              if (column_leaves) begin
                pos_q       <= pos_q + 8'd1 - desc_i.sw;
                remaining_q <= remaining_q - 16'd1;
              end
              if (w_last) begin
                remaining_q <= desc_i.wo_count;
                pos_q       <= desc_i.pos0;
                sigma_q     <= sigma0_q;
                addr_q      <= addr0_q;
                row_first_q <= l_last ? -18'(desc_i.pad_top) : row_first_q + $signed({2'b00, desc_i.row_step});
              end
            end
            if (word_last) addr_q <= '0;
            // what comes next
            if (col_last && desc_i.kw != 8'd1 && !pool_q) state_q <= Shift;
            else if (block_end) state_q <= t_last ? Idle : Config;
            else if (word_last) state_q <= Chain;
          end
        end
      endcase
    end
  end

  // ---- the step's flags, beside its operands ---------------------------------------------------------------------
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mac_o   <= 1'b0;
      real_o  <= 1'b0;
      zero_o  <= 1'b0;
      shift_o <= 1'b0;
    end else if (advance_i) begin
      mac_o   <= go && !pool_q;
      real_o  <= real_column_q;
      zero_o  <= col_first_q && (w_first_q || desc_i.kw == 8'd1);
      shift_o <= state_q == Shift;
    end
  end

  typedef struct packed {
    logic        valid;
    logic [7:0]  pos;
    logic [15:0] count;
    logic [15:0] channels;
  } leave_t;

  leave_t leave, leave_q[4];  // until the sums are there

  assign leave.valid    = go && !pool_q && col_last && column_leaves;
  assign leave.pos      = pos_q;
  assign leave.count    = w_last ? remaining_q : 16'd1;
  assign leave.channels = t_last ? desc_i.ch_last : desc_i.ch_per_t;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) leave_q <= '{default: '0};
    else if (advance_i) leave_q <= '{leave, leave_q[0], leave_q[1], leave_q[2]};
  end

  assign leave_o          = leave_q[3].valid;
  assign leave_pos_o      = leave_q[3].pos;
  assign leave_count_o    = leave_q[3].count;
  assign leave_channels_o = leave_q[3].channels;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pool_o         <= 1'b0;
      pool_first_o   <= 1'b0;
      pool_take_o    <= 1'b0;
      pool_last_o    <= 1'b0;
      pool_real_o    <= 1'b0;
      pool_ci_last_o <= 1'b0;
      pool_w_last_o  <= 1'b0;
    end else begin
      pool_o         <= go && pool_q;
      pool_first_o   <= kh_first_q;
      pool_take_o    <= kh_q < desc_i.kh;
      pool_last_o    <= kh_last;
      pool_real_o    <= real_column_q;
      pool_ci_last_o <= ci_last;
      pool_w_last_o  <= w_last;
    end
  end

endmodule
