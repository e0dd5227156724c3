/// Output stage: bias or partial sum, act1, operand add, act2, packing (docs/architecture.md, sections 1 and 3).
///
/// Takes finished channels from the drain (mac operations) or results of the pooling unit, in the order t, n, l, wo, k, knows by
/// counting which they are, and hands packed byte columns with their address to the writer. Everything waits while the
/// writer (or a pool in line) is not ready, and the first stage while an operand is missing.
///
/// A *pass* adds and requantizes: bias or partial sum, act1; then operand, act2. Operations with just one activation and no
/// operand tensor need one, of four clocks, others two, of nine. With Requants 2 both have lanes of their own, and a channel
/// of all rows leaves every clock; with 1 what has made its first pass enters the same lanes again, before anything new.
///
/// With ScaleBits a pass multiplies instead of shifting (dsoc_scaled_lane): eight clocks, or seventeen. The first one of what comes
/// from the array has a factor a channel, which comes with the bias; all others have the descriptor's.
///
/// While the descriptor says `wide`, `Lanes` channels come at once; `mask_o` says which of them there are, of the last ones. They
/// are not raw, and have no partial sums. Otherwise the first lane's is the only one.
///
/// Parameters:
///   Rows, XBits          PE rows, bits of an activation
///   SumBits              bits of a sum with its bias, partial sum or operand, at most 32
///   Requants             requantizers of a row, 1 or 2
///   Lanes                channels at once at most, a power of two
///   ScaleBits            bits of a factor, 17; 0: there are none, and a channel's 32 bits are its bias
///   AxiBits              data bits of the operand port
///   OpdLines, OutLines   line buffers of the operand reader, lines of the writer
module dsoc_output_stage #(
    parameter int unsigned Rows = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned SumBits = 32,
    parameter int unsigned Requants = 2,
    parameter int unsigned Lanes = 1,
    parameter int unsigned ScaleBits = 0,
    parameter int unsigned AxiBits = 128,
    parameter int unsigned OpdLines = 4,
    parameter int unsigned OutLines = 4,
    localparam int unsigned ChannelBits = (ScaleBits > 0) ? 64 : 32,
    localparam int unsigned RawBeats = (32 * Rows + AxiBits - 1) / AxiBits
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                start_i,
    input  dsoc_map_pkg::desc_t desc_i,
    output logic                finished_o,
    output logic                lacks_operand_o,
    output logic                blocked_o,

    input  logic [Lanes-1:0][32*Rows-1:0] mac_data_i,
    input  logic               mac_valid_i,
    output logic               mac_ready_o,
    input  logic [32*Rows-1:0] pool_data_i,
    input  logic               pool_valid_i,
    output logic               pool_ready_o,

    output logic [ 2:0] bias_bank_o,
    output logic [15:0] bias_index_o,
    output logic        bias_read_o,
    input  logic [Lanes-1:0][ChannelBits-1:0] bias_i,

    input  logic                        opd_valid_i,
    input  logic [Lanes-1:0][8*OpdLines-1:0] opd_bytes_i,
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
    output logic [           Lanes-1:0] mask_o,
    output logic [Lanes-1:0][8*OutLines-1:0] bytes_o,
    output logic [AxiBits*RawBeats-1:0] beats_o
);

  localparam int unsigned Rpb = 8 / XBits;
  localparam int unsigned LinesPerTile = (Rows + Rpb - 1) / Rpb;
  localparam bit Scaled = ScaleBits > 0;
  localparam int unsigned Clocks = Scaled ? 8 : 4;  // of a pass; one more to the next
  localparam int unsigned Stages = (Requants < 2) ? Clocks + 1 : 2 * Clocks + 1;

  typedef struct packed {
    logic            valid;
    logic            second;
    logic [31:0]     addr;
    logic [7:0]      lines;
    logic [Rows-1:0] rows;
    logic [Lanes-1:0] mask;
    logic            k_last;
    logic            wo_last;
    logic            map_last;
  } meta_t;

  logic pool_q, has_operand_q, partial_q, tensor_q, twice, twice_q, fire, again, enable, takes, source_valid, leaves_q;
  logic [Lanes-1:0][32*Rows-1:0] source;
  logic wide;
  meta_t meta, out;
  meta_t [Stages-1:0] meta_q;

  // ---- which result is this? -----------------------------------------------------------------------------------------
  logic running_q, start_q;  // the loops begin a clock behind the start, before the first result
  logic [15:0] k_q, rows_left_q, beyond;  // channels behind the last whole group of lanes
  // Where iteration, batch element, row block and column begin; of raw results the column is the slot.
  logic [31:0] t_base_q, n_base_q, l_base_q, column_q, base, step, next, lines_left;
  logic k_last, wo_last, l_last, n_last, t_last, next_t_last;
  logic [2:0] bank_q;
  logic [7:0] tile_lines;

  assign twice        = desc_i.operand == dsoc_map_pkg::D_OPERAND_TENSOR || (desc_i.act1_en && desc_i.act2_en);
  assign again        = Requants < 2 && meta_q[Clocks].valid;
  assign takes        = running_q && enable && !again && (!has_operand_q || opd_valid_i);
  assign fire         = takes && source_valid;
  assign mac_ready_o  = takes && !pool_q;
  assign pool_ready_o = takes && pool_q;
  assign wide         = Lanes > 1 && desc_i.wide;
  assign source_valid = pool_q ? pool_valid_i : mac_valid_i;
  assign opd_pop_o    = fire && has_operand_q;

  // why a result does not enter in this clock, for the performance counters
  assign lacks_operand_o = running_q && enable && !again && source_valid && has_operand_q && !opd_valid_i;
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

  // Clocks in which so many channels come.
  function automatic logic [15:0] taken(logic [15:0] channels);
    return wide ? 16'((channels + 16'(Lanes - 1)) / 16'(Lanes)) : channels;
  endfunction

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
        32'(next_t_last ? taken(desc_i.ch_last) : taken(desc_i.ch_per_t))
      }),
      .one_i      ({one_q[T:Wo], next_t_last ? ch_last_one_q : one_q[K]}),
      .before_o   (last_but_one),
      .last_o     (last),
      .ends_o     (),
      .ends_next_o()
  );

  assign lines_left   = (32'(rows_left_q) + Rpb - 1) / Rpb;

  assign meta.valid    = fire;
  assign meta.second   = 1'b0;
  assign meta.addr     = column_q + (desc_i.raw_out ? '0 : 32'(k_q));
  assign tile_lines    = (lines_left < LinesPerTile) ? 8'(lines_left) : 8'(LinesPerTile);
  assign meta.lines    = desc_i.raw_out ? 8'(RawBeats) : tile_lines;
  assign meta.k_last   = k_last;
  assign meta.wo_last  = wo_last;
  assign meta.map_last = wo_last && l_last;
  for (genvar r = 0; r < Rows; r++) begin : gen_exists
    assign meta.rows[r] = 16'(r) < rows_left_q;
  end
  assign beyond = (t_last ? desc_i.ch_last : desc_i.ch_per_t) % 16'(Lanes);
  for (genvar d = 0; d < Lanes; d++) begin : gen_mask
    assign meta.mask[d] = d == 0 || (wide && (!k_last || beyond == '0 || 16'(d) < beyond));
    assign source[d]    = (d == 0 && pool_q) ? pool_data_i : mac_data_i[d];
  end

  // A bias comes a clock after its address: to the sum, a clock behind the result that it is added to.
  assign bias_read_o  = enable;
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
        taken(desc_i.ch_per_t) == 16'd1
      };
      ch_last_one_q <= taken(desc_i.ch_last) == 16'd1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q     <= 1'b0;
      pool_q        <= 1'b0;
      has_operand_q <= 1'b0;
      partial_q     <= 1'b0;
      tensor_q      <= 1'b0;
      twice_q       <= 1'b0;
      k_q           <= '0;
      rows_left_q   <= '0;
      t_base_q      <= '0;
      n_base_q      <= '0;
      l_base_q      <= '0;
      column_q      <= '0;
      bank_q        <= '0;
    end else if (start_i) begin
      running_q     <= 1'b1;
      pool_q        <= desc_i.kind != dsoc_map_pkg::D_KIND_MAC;
      has_operand_q <= desc_i.operand != dsoc_map_pkg::D_OPERAND_NONE;
      partial_q     <= desc_i.operand == dsoc_map_pkg::D_OPERAND_PARTIAL;
      tensor_q      <= desc_i.operand == dsoc_map_pkg::D_OPERAND_TENSOR;
      twice_q       <= twice;
      k_q           <= '0;
      rows_left_q   <= desc_i.y_rows;
      t_base_q      <= next;
      n_base_q      <= next;
      l_base_q      <= next;
      column_q      <= next;
    end else if (fire) begin
      k_q    <= k_last ? '0 : k_q + (wide ? 16'(Lanes) : 16'd1);
      bank_q <= bank_q + 3'(k_last && wo_last && l_last && n_last && !pool_q);
      if (k_last && wo_last) begin
        rows_left_q <= l_last ? desc_i.y_rows : rows_left_q - 16'(Rows);
        l_base_q    <= next;
        if (l_last) begin
          n_base_q <= next;
          if (n_last) begin
            t_base_q <= next;
            if (t_last) running_q <= 1'b0;
          end
        end
      end
      if (k_last || desc_i.raw_out) column_q <= next;
    end
  end

  // Where the next column begins: one adder, because only one loop goes on.
  always_comb begin
    base = column_q;
    step = desc_i.y_wo_step;
    if (desc_i.raw_out) begin
      step = 32'(desc_i.y_raw_step);
    end else if (wo_last) begin
      base = !l_last ? l_base_q : !n_last ? n_base_q : t_base_q;
      step = !l_last ? desc_i.y_l_pitch : !n_last ? desc_i.y_n_pitch : 32'(desc_i.ch_per_t);
    end
    next = start_i ? desc_i.y_base : base + step;
  end

  // ---- the passes ------------------------------------------------------------------------------------------------------
  assign enable = ready_i;  // a register of the receiver: nothing is computed on the way to all the others

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      meta_q   <= '0;
      leaves_q <= 1'b0;
    end else if (enable) begin
      for (int unsigned i = 1; i < Stages; i++) meta_q[i] <= meta_q[i-1];
      meta_q[0] <= meta;
      if (again) begin
        meta_q[0]        <= meta_q[Clocks];
        meta_q[0].second <= 1'b1;
      end
      meta_q[Clocks].valid <= meta_q[Clocks-1].valid && twice_q && !meta_q[Clocks-1].second;
      if (Requants < 2) leaves_q <= meta_q[Clocks-2].valid && (!twice_q || meta_q[Clocks-2].second);
      else leaves_q <= twice_q ? meta_q[Stages-2].valid : meta_q[Clocks-2].valid;
    end
  end

  assign out = (Requants > 1 && twice_q) ? meta_q[Stages-1] : meta_q[Clocks-1];

  // ---- the arithmetic: what a pass does is constant in an operation ----------------------------------------------------------
  localparam int unsigned OutBits = Scaled ? 16 : XBits;  // of a result; the last pass's have XBits
  localparam int unsigned OperandBits = Scaled ? XBits + 1 : XBits;

  typedef struct packed {
    logic        zero_neg;
    logic [5:0]  pos;  // shifts, and 7 more
    logic [5:0]  neg;
    logic [16:0] m;    // all that follows: of factors alone
    logic [5:0]  s;
    logic [2:0]  slope;
    logic [15:0] z;
    logic [15:0] lo;
    logic [15:0] hi;
  } scale_t;

  scale_t [1:0] scale, scale_q;  // of both passes
  logic quantize_q, shifts_result_q;  // in the first pass, and behind it
  logic [4:0] lsh_q;

  always_comb begin
    scale[1] = '{
        desc_i.zero2, 6'(desc_i.sh2_pos + 6'sd7), 6'(desc_i.sh2_neg + 6'sd7),
        desc_i.m2, desc_i.s2, desc_i.slope2, desc_i.z2, desc_i.lo2, desc_i.hi2
    };
    scale[0] = scale[1];
    if (desc_i.act1_en || twice) begin
      scale[0] = '{
          desc_i.zero1, 6'(desc_i.sh1_pos + 6'sd7), 6'(desc_i.sh1_neg + 6'sd7),
          desc_i.m1, desc_i.s1, desc_i.slope1, desc_i.z1, desc_i.lo1, desc_i.hi1
      };
    end
  end

  always_ff @(posedge clk_i) begin
    scale_q    <= scale;
    quantize_q <= desc_i.act1_en;
    // One of both is 0; both are without a tensor, whose place 0 takes.
    shifts_result_q <= desc_i.acc_lsh != '0;
    lsh_q           <= 5'(desc_i.acc_lsh | desc_i.opd_lsh);
  end

  logic [Requants-1:0][Lanes-1:0][Rows-1:0][SumBits-1:0] term_a, term_b, next_a, next_b, raw;
  logic [Requants-1:0][Lanes-1:0][Rows-1:0][OutBits-1:0] result;

  for (genvar p = 0; p < Requants; p++) begin : gen_pass
    scale_t at_sum_q, at_result_q;
    logic load, second, biased_q, adds_q;

    logic unused_ok;  // one form takes what the other does not

    assign unused_ok = &{1'b0, at_sum_q, at_result_q};
    assign load   = (p == 0) ? fire || again : meta_q[Clocks].valid;
    assign second = p == 1 || again;

    always_ff @(posedge clk_i) begin
      if (enable) begin
        biased_q    <= !second && !partial_q && (Scaled || !pool_q);
        adds_q      <= second || partial_q;
        at_sum_q    <= scale_q[p==1||meta_q[0].second];
        at_result_q <= scale_q[p==1||meta_q[Clocks-3].second];
      end
    end

    for (genvar d = 0; d < Lanes; d++) begin : gen_lane
      logic [16:0] m_q;
      logic [ 5:0] s_q;
      logic signed [SumBits-1:0] bias;

      if (Scaled) begin : gen_factor
        assign bias = pool_q ? SumBits'(desc_i.x_term) : bias_i[d][SumBits-1:0];
        always_ff @(posedge clk_i) begin
          if (enable) begin
            {s_q, m_q} <= (p == 1 || meta_q[0].second || pool_q) ?
                {scale_q[p==1||meta_q[0].second].s, scale_q[p==1||meta_q[0].second].m} : bias_i[d][54:32];
          end
        end
      end else begin : gen_shift
        assign bias = bias_i[d][SumBits-1:0];
        logic unused_factor;
        assign {s_q, m_q}    = '0;
        assign unused_factor = &{1'b0, s_q, m_q};
      end

      for (genvar r = 0; r < Rows; r++) begin : gen_row
        logic signed [OperandBits-1:0] operand;

        if (p > 0) begin : gen_no_operand
          assign operand = '0;
        end else if (Scaled) begin : gen_centred
          assign operand = tensor_q ? OperandBits'($signed(opd_bytes_i[d][8*(r/Rpb)+(r%Rpb)*XBits+:XBits])) -
              OperandBits'(desc_i.o_zero) : '0;
        end else begin : gen_operand
          assign operand = tensor_q ? opd_bytes_i[d][8*(r/Rpb)+(r%Rpb)*XBits+:XBits] : '0;
        end
        if (p == 0) begin : gen_first
          assign term_a[p][d][r] = again ? next_a[0][d][r] : source[d][32*r+:SumBits];
          // Partial sums come to the first lane alone.
          assign term_b[p][d][r] = again ? next_b[0][d][r] : (d == 0) ? opd_beats_i[32*r+:SumBits] : '0;
        end else begin : gen_second
          assign term_a[p][d][r] = next_a[p-1][d][r];
          assign term_b[p][d][r] = next_b[p-1][d][r];
        end

        if (Scaled) begin : gen_scaled
          dsoc_scaled_lane #(
              .OperandBits(OperandBits),
              .SumBits    (SumBits),
              .ScaleBits  (ScaleBits),
              .OutBits    (OutBits)
          ) i_lane (
              .clk_i,
              .enable_i       (enable),
              .load_i         (load),
              .a_i            (term_a[p][d][r]),
              .b_i            (term_b[p][d][r]),
              .operand_i      (operand),
              .bias_i         (bias),
              .biased_i       (biased_q),
              .adds_i         (adds_q),
              .m_i            (m_q[ScaleBits-1:0]),
              .shift_i        (s_q),
              .slope_i        (at_sum_q.slope),
              .zero_neg_i     (at_sum_q.zero_neg),
              .z_i            (at_result_q.z),
              .lo_i           (at_result_q.lo),
              .hi_i           (at_result_q.hi),
              .exists_i       (desc_i.raw_out || meta_q[(p==0)?Clocks-2 : Stages-2].rows[r]),
              .quantize_i     (quantize_q),
              .shifts_result_i(shifts_result_q),
              .lsh_i          (lsh_q),
              .y_o            (result[p][d][r]),
              .raw_o          (raw[p][d][r]),
              .a_o            (next_a[p][d][r]),
              .b_o            (next_b[p][d][r])
          );
        end else begin : gen_shifted
          dsoc_output_lane #(
              .XBits  (XBits),
              .SumBits(SumBits)
          ) i_lane (
              .clk_i,
              .enable_i       (enable),
              .load_i         (load),
              .a_i            (term_a[p][d][r]),
              .b_i            (term_b[p][d][r]),
              .operand_i      (operand),
              .bias_i         (bias),
              .biased_i       (biased_q),
              .adds_i         (adds_q),
              .exists_i       (desc_i.raw_out || meta_q[(p==0)?Clocks-2 : Stages-2].rows[r]),
              .amount_pos_i   (at_sum_q.pos),
              .amount_neg_i   (at_sum_q.neg),
              .zero_neg_i     (at_sum_q.zero_neg),
              .quantize_i     (quantize_q),
              .shifts_result_i(shifts_result_q),
              .lsh_i          (lsh_q),
              .y_o            (result[p][d][r]),
              .raw_o          (raw[p][d][r]),
              .a_o            (next_a[p][d][r]),
              .b_o            (next_b[p][d][r])
          );
        end
      end
    end
  end

  // ---- packing ---------------------------------------------------------------------------------------------------------
  assign valid_o    = leaves_q;
  assign addr_o     = out.addr;
  assign lines_o    = out.lines;
  assign rows_o     = out.rows;
  assign k_last_o   = out.k_last;
  assign wo_last_o  = out.wo_last;
  assign map_last_o = out.map_last;
  assign mask_o     = out.mask;

  // The last pass quantizes what becomes bytes, and nothing else.
  logic [Lanes-1:0][Rows-1:0][OutBits-1:0] value;
  logic [Rows-1:0][SumBits-1:0] raw_value;

  assign value     = (Requants > 1 && twice_q) ? result[Requants-1] : result[0];
  assign raw_value = (Requants > 1 && twice_q) ? raw[Requants-1][0] : raw[0][0];

  for (genvar d = 0; d < Lanes; d++) begin : gen_pack
    for (genvar b = 0; b < OutLines * Rpb; b++) begin : gen_row
      assign bytes_o[d][b*XBits+:XBits] = (b < Rows) ? value[d][b%Rows][XBits-1:0] : '0;
    end
  end

  for (genvar w = 0; w < RawBeats * AxiBits / 32; w++) begin : gen_raw
    if (w < Rows) begin : gen_row
      assign beats_o[32*w+:32] = 32'($signed(raw_value[w]));
    end else begin : gen_none
      assign beats_o[32*w+:32] = '0;
    end
  end

  // That all passes are empty is a register: much in the accelerator hangs on the end of an operation.
  logic more, empty_q;

  assign finished_o = !running_q && empty_q;

  always_comb begin
    more = fire || again || (meta_q[Clocks-1].valid && twice_q && !meta_q[Clocks-1].second);
    for (int unsigned i = 0; i < Stages - 1; i++) if (i != Clocks - 1 && meta_q[i].valid) more = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) empty_q <= 1'b1;
    else if (enable) empty_q <= !more;
  end

endmodule
