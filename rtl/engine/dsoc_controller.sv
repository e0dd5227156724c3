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
module dsoc_controller #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Rpb = 2,
    parameter int unsigned SwMax = 2,
    parameter int unsigned DepthBits = 11
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                start_i,
    input logic                advance_i,
    input dsoc_map_pkg::desc_t desc_i,

    // pixels
    input  logic               px_valid_i,
    output logic               px_pop_o,
    output logic               px_load_o,
    output logic               px_shift_o,
    output logic signed [17:0] px_row_first_o,

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
    output logic zero_o,
    output logic shift_o,

    // an output column leaves, three clocks later (with the finished sums)
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

  typedef enum logic [2:0] {
    Idle,
    Config,
    Mac,
    Shift,
    Chain
  } state_e;

  state_e state_q;
  logic [15:0] t_q, n_q, l_q, w_q, line_q, made_q;
  logic [31:0] ci_q;
  logic [7:0] kh_q, sigma_q, sigma0, pos_q, kh_end;
  logic signed [17:0] row_first_q;
  logic [15:0] rows_left_q, tile_left_q, byte_rows;
  logic [DepthBits-1:0] addr_q, addr0_q;
  logic pool, kh_first, kh_last, ci_last, line_last, w_last, l_last, n_last, t_last;
  logic col_first, col_last, block_end, column_leaves, go, word_last;
  logic [15:0] remaining;
  logic real_column, iteration_over_q;

  assign pool = desc_i.kind != '0;
  assign byte_rows = (tile_left_q < 16'(Rpb)) ? tile_left_q : 16'(Rpb);
  assign kh_end = (desc_i.flat ? 8'(byte_rows) : desc_i.kh_count) - 8'd1;
  assign kh_first = kh_q == '0;
  assign kh_last = kh_q == kh_end;
  assign ci_last = ci_q == desc_i.ci - 32'd1;
  assign line_last = line_q == desc_i.lines_flat - 16'd1;
  assign w_last = w_q == desc_i.w_count - 16'd1;
  assign l_last = l_q == desc_i.l_count - 16'd1;
  assign n_last = n_q == desc_i.n_count - 16'd1;
  assign t_last = t_q == desc_i.t_count - 16'd1;
  assign col_first = kh_first && ci_q == '0 && line_q == '0;
  assign col_last = kh_last && ci_last && line_last;
  assign block_end = col_last && w_last && l_last && n_last;
  assign remaining = desc_i.wo_count - made_q;
  assign column_leaves = remaining != '0 && (w_last || pos_q == desc_i.kw - 8'd1);
  assign real_column = !pool || w_q < desc_i.x_cols;
  assign word_last = desc_i.chain && 20'(addr_q) == block_words_i - 20'd1;

  logic needs_block, has_pixels, has_word;

  assign has_pixels = !kh_first || !real_column || px_valid_i;
  assign has_word   = word_valid_i && (block_whole_i || !block_end);

  // A step is issued.
  assign go = state_q == Mac && advance_i && has_pixels && (pool ? pool_space_i : has_word);

  assign needs_block     = state_q == Chain || (state_q == Config && !pool);
  assign active_o        = state_q != Idle;
  assign step_o          = state_q == Mac ? go : active_o && advance_i && (!needs_block || block_valid_i);
  assign lacks_pixels_o  = state_q == Mac && advance_i && !has_pixels;
  assign lacks_weights_o = advance_i && !pool &&
      (needs_block ? !block_valid_i : state_q == Mac && has_pixels && !has_word);

  assign px_load_o = go && kh_first;
  assign px_pop_o = px_load_o && real_column;
  assign px_shift_o = go && !kh_first;
  assign px_row_first_o = row_first_q;
  assign weights_read_o = go && !pool;
  assign weights_addr_o = addr_q;
  assign block_release_o = go && !pool && (block_end || word_last);

  /// pos0 mod sw, for the strides that the array has.
  always_comb begin
    sigma0 = '0;
    for (int unsigned s = 2; s <= SwMax; s++) begin
      if (desc_i.sw == 8'(s)) sigma0 = 8'(32'(desc_i.pos0) % s);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= Idle;
      t_q         <= '0;
      n_q         <= '0;
      l_q         <= '0;
      w_q         <= '0;
      line_q      <= '0;
      made_q      <= '0;
      ci_q        <= '0;
      kh_q        <= '0;
      sigma_q     <= '0;
      pos_q       <= '0;
      row_first_q <= '0;
      rows_left_q <= '0;
      tile_left_q <= '0;
      addr_q      <= '0;
      addr0_q     <= '0;
      error_o     <= 1'b0;
    end else begin
      unique case (state_q)
        Idle: begin
          t_q         <= '0;
          n_q         <= '0;
          l_q         <= '0;
          w_q         <= '0;
          line_q      <= '0;
          made_q      <= '0;
          ci_q        <= '0;
          kh_q        <= '0;
          row_first_q <= -18'(desc_i.pad_top);
          rows_left_q <= desc_i.x_rows;
          tile_left_q <= (desc_i.x_rows < 16'(Rows)) ? desc_i.x_rows : 16'(Rows);
          addr0_q     <= DepthBits'(32'(sigma0) * desc_i.n_words);
          if (start_i) state_q <= Config;
        end
        Config: begin
          if (advance_i && (pool || block_valid_i)) begin
            state_q <= Mac;
            sigma_q <= sigma0;
            addr_q  <= addr0_q;
            pos_q   <= desc_i.pos0;
            if (!pool && !desc_i.chain && 32'(block_words_i) != desc_i.n_words * 32'(desc_i.sw)) error_o <= 1'b1;
          end
        end
        Chain: begin
          if (advance_i && block_valid_i) state_q <= Mac;
        end
        Shift: begin
          if (advance_i) state_q <= Mac;
        end
        default: begin
          if (go) begin
            // weights
            addr_q <= addr_q + 1'b1;
            if (col_last && !desc_i.chain) begin
              sigma_q <= sigma_q + 8'd1;
              if (sigma_q == desc_i.sw - 8'd1) begin
                sigma_q <= '0;
                addr_q  <= '0;
              end
            end
            // loops, innermost first
            kh_q <= kh_q + 8'd1;
            if (kh_last) begin
              kh_q <= '0;
              ci_q <= ci_q + 32'd1;
              if (ci_last) begin
                ci_q        <= '0;
                line_q      <= line_q + 16'd1;
                rows_left_q <= rows_left_q - byte_rows;
                tile_left_q <= tile_left_q - byte_rows;
                if (tile_left_q == byte_rows) begin
                  tile_left_q <= (rows_left_q - byte_rows < 16'(Rows)) ? rows_left_q - byte_rows : 16'(Rows);
                end
              end
            end
            if (col_last) begin
              line_q      <= '0;
              rows_left_q <= desc_i.x_rows;
              tile_left_q <= (desc_i.x_rows < 16'(Rows)) ? desc_i.x_rows : 16'(Rows);
              w_q         <= w_q + 16'd1;
              pos_q       <= pos_q + 8'd1;
              if (column_leaves) begin
                pos_q  <= pos_q + 8'd1 - desc_i.sw;
                made_q <= made_q + 16'd1;
              end
              if (w_last) begin
                w_q         <= '0;
                made_q      <= '0;
                pos_q       <= desc_i.pos0;
                sigma_q     <= sigma0;
                addr_q      <= addr0_q;
                l_q         <= l_q + 16'd1;
                row_first_q <= row_first_q + $signed({2'b00, desc_i.row_step});
                if (l_last) begin
                  l_q         <= '0;
                  row_first_q <= -18'(desc_i.pad_top);
                  n_q         <= n_q + 16'd1;
                  if (n_last) begin
                    n_q <= '0;
                    t_q <= t_q + 16'd1;
                  end
                end
              end
            end
            if (word_last) addr_q <= '0;
            // what comes next
            if (col_last && desc_i.kw != 8'd1 && !pool) state_q <= Shift;
            if (block_end && !(desc_i.kw != 8'd1 && !pool)) state_q <= t_last ? Idle : Config;
            if (word_last && !block_end) state_q <= Chain;
          end
        end
      endcase
      // The shift after an iteration's last column leads on to the next iteration.
      if (state_q == Shift && advance_i && iteration_over_q) state_q <= (t_q == desc_i.t_count) ? Idle : Config;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) iteration_over_q <= 1'b0;
    else if (go) iteration_over_q <= block_end;
  end

  // ---- the step's flags, beside its operands ---------------------------------------------------------------------
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mac_o   <= 1'b0;
      zero_o  <= 1'b0;
      shift_o <= 1'b0;
    end else if (advance_i) begin
      mac_o   <= go && !pool;
      zero_o  <= col_first && (w_q == '0 || desc_i.kw == 8'd1);
      shift_o <= state_q == Shift;
    end
  end

  typedef struct packed {
    logic        valid;
    logic [7:0]  pos;
    logic [15:0] count;
    logic [15:0] channels;
  } leave_t;

  leave_t leave, leave_q[3];

  assign leave.valid    = go && !pool && col_last && column_leaves;
  assign leave.pos      = pos_q;
  assign leave.count    = w_last ? remaining : 16'd1;
  assign leave.channels = t_last ? desc_i.ch_last : desc_i.ch_per_t;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) leave_q <= '{default: '0};
    else if (advance_i) leave_q <= '{leave, leave_q[0], leave_q[1]};
  end

  assign leave_o          = leave_q[2].valid;
  assign leave_pos_o      = leave_q[2].pos;
  assign leave_count_o    = leave_q[2].count;
  assign leave_channels_o = leave_q[2].channels;

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
      pool_o         <= go && pool;
      pool_first_o   <= kh_first;
      pool_take_o    <= kh_q < desc_i.kh;
      pool_last_o    <= kh_last;
      pool_real_o    <= real_column;
      pool_ci_last_o <= ci_last;
      pool_w_last_o  <= w_last;
    end
  end

endmodule
