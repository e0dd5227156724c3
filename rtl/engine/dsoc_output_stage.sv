/// Output stage: bias, partial sums, act1, operand add, act2, packing (docs/architecture.md, section 1), one channel of all rows a clock.
///
/// Takes finished channels from the drain (mac operations) or results of the pooling unit, in the order t, n, l, wo, k, knows by
/// counting which they are, and hands packed byte columns with their address to the writer. Seven clocks; everything
/// waits while the writer (or a pool in line) is not ready, and the first stage while an operand is missing.
///
/// Parameters:
///   Rows, XBits          PE rows, bits of an activation
///   AxiBits              data bits of the operand port
///   OpdLines, OutLines   line buffers of the operand reader, lines of the writer
module dsoc_output_stage #(
    parameter int unsigned Rows = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned AxiBits = 128,
    parameter int unsigned OpdLines = 4,
    parameter int unsigned OutLines = 4
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                start_i,
    input  dsoc_map_pkg::desc_t desc_i,
    output logic                finished_o,
    output logic                lacks_operand_o,
    output logic                blocked_o,

    input  logic [32*Rows-1:0] mac_data_i,
    input  logic               mac_valid_i,
    output logic               mac_ready_o,
    input  logic [32*Rows-1:0] pool_data_i,
    input  logic               pool_valid_i,
    output logic               pool_ready_o,

    output logic [ 2:0] bias_bank_o,
    output logic [15:0] bias_index_o,
    input  logic [31:0] bias_i,

    input  logic                        opd_valid_i,
    input  logic [      8*OpdLines-1:0] opd_bytes_i,
    input  logic [AxiBits*OpdLines-1:0] opd_beats_i,
    output logic                        opd_pop_o,

    output logic                        valid_o,
    input  logic                        ready_i,
    output logic [                31:0] addr_o,
    output logic [                 7:0] lines_o,
    output logic [            Rows-1:0] rows_o,
    output logic                        k_last_o,
    output logic                        wo_last_o,
    output logic                        map_last_o,
    output logic [      8*OutLines-1:0] bytes_o,
    output logic [AxiBits*OutLines-1:0] beats_o
);

  localparam int unsigned Rpb = 8 / XBits;
  localparam int unsigned LinesPerTile = (Rows + Rpb - 1) / Rpb;
  localparam int unsigned Stages = 7;
  localparam int unsigned RawBeats = (32 * Rows + AxiBits - 1) / AxiBits;

  typedef struct packed {
    logic            valid;
    logic [31:0]     addr;
    logic [7:0]      lines;
    logic [Rows-1:0] rows;
    logic            k_last;
    logic            wo_last;
    logic            map_last;
  } meta_t;

  logic pool_q, has_operand_q, fire, enable, takes, source_valid;
  logic [32*Rows-1:0] source;
  meta_t meta, meta_q[Stages];

  // ---- which result is this? -----------------------------------------------------------------------------------------
  logic running_q, start_q;  // the loops begin a clock behind the start, before the first result
  logic [15:0] k_q, rows_left_q;
  logic [31:0] n_base_q, l_base_q, t_off_q, column_q, raw_q, lines_left;
  logic k_last, wo_last, l_last, n_last, t_last, next_t_last;
  logic [2:0] bank_q;

  assign takes        = running_q && enable && (!has_operand_q || opd_valid_i);
  assign fire         = takes && source_valid;
  assign mac_ready_o  = takes && !pool_q;
  assign pool_ready_o = takes && pool_q;
  assign source       = pool_q ? pool_data_i : mac_data_i;
  assign source_valid = pool_q ? pool_valid_i : mac_valid_i;
  assign opd_pop_o    = fire && has_operand_q;

  // why a result does not enter in this clock, for the performance counters
  assign lacks_operand_o = running_q && enable && source_valid && has_operand_q && !opd_valid_i;
  assign blocked_o       = !enable;

  typedef enum int unsigned {
    K,
    Wo,
    L,
    N,
    T,
    Loops
  } loop_e;

  logic [Loops-1:0] last, last_but_one, one_q;
  logic ch_last_one_q;

  assign next_t_last = start_q ? one_q[T] : (wo_last && l_last && n_last) ? last_but_one[T] : t_last;
  assign k_last  = last[K];
  assign wo_last = last[Wo];
  assign l_last  = last[L];
  assign n_last  = last[N];
  assign t_last  = last[T];

  dsoc_nest #(
      .Loops(Loops)
  ) i_loops (
      .clk_i,
      .rst_ni,
      .load_i     ({Loops{start_q}}),
      .step_i     (fire),
      .count_i    ({
        32'(desc_i.t_count),
        32'(desc_i.n_count),
        32'(desc_i.l_count),
        32'(desc_i.wo_count),
        32'(next_t_last ? desc_i.ch_last : desc_i.ch_per_t)
      }),
      .one_i      ({one_q[T:Wo], next_t_last ? ch_last_one_q : one_q[K]}),
      .before_o   (last_but_one),
      .last_o     (last),
      .ends_o     (),
      .ends_next_o()
  );

  assign lines_left   = (32'(rows_left_q) + Rpb - 1) / Rpb;

  assign meta.valid   = fire;
  assign meta.addr    = desc_i.raw_out ? raw_q : column_q + 32'(k_q);
  assign meta.lines   = desc_i.raw_out ? 8'(RawBeats) : (lines_left < LinesPerTile) ? 8'(lines_left) : 8'(LinesPerTile);
  assign meta.k_last   = k_last;
  assign meta.wo_last  = wo_last;
  assign meta.map_last = wo_last && l_last;
  for (genvar r = 0; r < Rows; r++) begin : gen_exists
    assign meta.rows[r] = 16'(r) < rows_left_q;
  end

  assign bias_bank_o  = bank_q;
  assign bias_index_o = k_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      start_q       <= 1'b0;
      one_q         <= '0;
      ch_last_one_q <= 1'b0;
    end else begin
      start_q       <= start_i;
      one_q         <= {
        desc_i.t_count == 16'd1,
        desc_i.n_count == 16'd1,
        desc_i.l_count == 16'd1,
        desc_i.wo_count == 16'd1,
        desc_i.ch_per_t == 16'd1
      };
      ch_last_one_q <= desc_i.ch_last == 16'd1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q     <= 1'b0;
      pool_q        <= 1'b0;
      has_operand_q <= 1'b0;
      k_q         <= '0;
      rows_left_q <= '0;
      n_base_q    <= '0;
      l_base_q    <= '0;
      t_off_q     <= '0;
      column_q    <= '0;
      raw_q       <= '0;
      bank_q      <= '0;
    end else if (start_i) begin
      running_q     <= 1'b1;
      pool_q        <= desc_i.kind != dsoc_map_pkg::D_KIND_MAC;
      has_operand_q <= desc_i.operand != dsoc_map_pkg::D_OPERAND_NONE;
      k_q         <= '0;
      rows_left_q <= desc_i.y_rows;
      n_base_q    <= desc_i.y_base;
      l_base_q    <= desc_i.y_base;
      t_off_q     <= '0;
      column_q    <= desc_i.y_base;
      raw_q       <= desc_i.y_base;
    end else if (fire) begin
      raw_q <= raw_q + 32'(desc_i.y_raw_step);
      k_q   <= k_q + 16'd1;
      if (k_last) begin
        k_q      <= '0;
        column_q <= column_q + desc_i.y_wo_step;
        if (wo_last) begin
          rows_left_q <= rows_left_q - 16'(Rows);
          l_base_q    <= l_base_q + desc_i.y_l_pitch;
          column_q    <= l_base_q + desc_i.y_l_pitch + t_off_q;
          if (l_last) begin
            rows_left_q <= desc_i.y_rows;
            n_base_q    <= n_base_q + desc_i.y_n_pitch;
            l_base_q    <= n_base_q + desc_i.y_n_pitch;
            column_q    <= n_base_q + desc_i.y_n_pitch + t_off_q;
            if (n_last) begin
              n_base_q <= desc_i.y_base;
              l_base_q <= desc_i.y_base;
              t_off_q  <= t_off_q + 32'(desc_i.ch_per_t);
              column_q <= desc_i.y_base + t_off_q + 32'(desc_i.ch_per_t);
              if (!pool_q) bank_q <= bank_q + 3'd1;
              if (t_last) running_q <= 1'b0;
            end
          end
        end
      end
    end
  end

  // ---- the arithmetic --------------------------------------------------------------------------------------------------
  logic raw_operand, adds_q;
  logic [4:0] opd_lsh_q, acc_lsh_q;
  logic [31:0] bias_q;
  logic [5:0] amount1_pos_q, amount1_neg_q, amount2_pos_q, amount2_neg_q;  // of the requantizers

  assign enable = !meta_q[Stages-1].valid || ready_i;
  assign raw_operand = desc_i.operand == dsoc_map_pkg::D_OPERAND_PARTIAL;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      meta_q <= '{default: '0};
    end else if (enable) begin
      meta_q[0] <= meta;
      for (int unsigned i = 1; i < Stages; i++) meta_q[i] <= meta_q[i-1];
    end
  end

  always_ff @(posedge clk_i) begin
    if (enable) bias_q <= pool_q ? '0 : bias_i;
    adds_q        <= desc_i.operand == dsoc_map_pkg::D_OPERAND_TENSOR;
    opd_lsh_q     <= 5'(desc_i.opd_lsh);
    acc_lsh_q     <= (desc_i.operand == dsoc_map_pkg::D_OPERAND_TENSOR) ? 5'(desc_i.acc_lsh) : '0;
    amount1_pos_q <= 6'(desc_i.sh1_pos + 6'sd7);
    amount1_neg_q <= 6'(desc_i.sh1_neg + 6'sd7);
    amount2_pos_q <= 6'(desc_i.sh2_pos + 6'sd7);
    amount2_neg_q <= 6'(desc_i.sh2_neg + 6'sd7);
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_lane
    logic signed [31:0] value_q, psum_q, sum_q, sum_qq, act1_q, operand_q, added_q, added_qq, act2_q;
    logic signed [XBits-1:0] opd_q[3], act1, act2;

    dsoc_requant #(
        .XBits(XBits)
    ) i_act1 (
        .clk_i,
        .enable_i(enable),
        .a_i   (sum_q),
        .amount_i(sum_q[31] ? amount1_neg_q : amount1_pos_q),
        .zero_i(sum_q[31] && desc_i.zero1),
        .y_o   (act1)
    );
    dsoc_requant #(
        .XBits(XBits)
    ) i_act2 (
        .clk_i,
        .enable_i(enable),
        .a_i   (added_q),
        .amount_i(added_q[31] ? amount2_neg_q : amount2_pos_q),
        .zero_i(added_q[31] && desc_i.zero2),
        .y_o   (act2)
    );

    always_ff @(posedge clk_i) begin
      if (enable) begin
        if (fire) begin
          value_q <= source[32*r+:32];
          psum_q  <= raw_operand ? opd_beats_i[32*r+:32] : '0;
          opd_q[0] <= opd_bytes_i[8*(r/Rpb)+(r%Rpb)*XBits+:XBits];
        end
        for (int unsigned i = 1; i < 3; i++) opd_q[i] <= opd_q[i-1];
        operand_q <= adds_q ? 32'(opd_q[2]) <<< opd_lsh_q : '0;
        if (meta_q[0].valid) sum_q <= value_q + $signed(bias_q) + psum_q;
        sum_qq <= sum_q;
        if (meta_q[2].valid) act1_q <= desc_i.act1_en ? 32'(act1) : sum_qq;
        if (meta_q[3].valid) added_q <= (act1_q <<< acc_lsh_q) + operand_q;
        added_qq <= added_q;
        if (meta_q[5].valid) act2_q <= desc_i.act2_en ? 32'(act2) : added_qq;
      end
    end
  end

  // ---- packing ---------------------------------------------------------------------------------------------------------
  assign valid_o    = meta_q[Stages-1].valid;
  assign addr_o     = meta_q[Stages-1].addr;
  assign lines_o    = meta_q[Stages-1].lines;
  assign rows_o     = meta_q[Stages-1].rows;
  assign k_last_o   = meta_q[Stages-1].k_last;
  assign wo_last_o  = meta_q[Stages-1].wo_last;
  assign map_last_o = meta_q[Stages-1].map_last;

  logic [8*OutLines-1:0] packed_bytes;
  logic [AxiBits*OutLines-1:0] packed_beats;

  assign bytes_o = packed_bytes;
  assign beats_o = packed_beats;

  for (genvar b = 0; b < OutLines * Rpb; b++) begin : gen_pack
    if (b < Rows) begin : gen_row
      assign packed_bytes[b*XBits+:XBits] = meta_q[Stages-1].rows[b] ? gen_lane[b].act2_q[XBits-1:0] : '0;
    end else begin : gen_none
      assign packed_bytes[b*XBits+:XBits] = '0;
    end
  end

  for (genvar w = 0; w < OutLines * AxiBits / 32; w++) begin : gen_raw
    if (w < Rows) begin : gen_row
      assign packed_beats[32*w+:32] = gen_lane[w].act2_q;
    end else begin : gen_none
      assign packed_beats[32*w+:32] = '0;
    end
  end

  always_comb begin
    finished_o = !running_q;
    for (int unsigned i = 0; i < Stages; i++) if (meta_q[i].valid) finished_o = 1'b0;
  end

endmodule
