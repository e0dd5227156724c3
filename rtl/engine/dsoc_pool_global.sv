`include "dsoc_assert.svh"

/// Pool of whole maps, in line behind the output stage (docs/architecture.md, section 3): one maximum or average a channel.
///
/// Results come one channel (all rows) a clock in the order l, wo, k. A tree of registers makes one value of the rows that
/// exist, and a memory keeps a sum (or maximum) for each channel. Behind the last result of a map its channels are divided and
/// rounded one after the other, `pool_steps` + 4 clocks each, and leave as bytes of row 0; the next map fills another bank
/// meanwhile. Division is one bit a clock: `pool_steps` bits of |sum| * 2^(pool_steps - XBits) / pool_count, rounded half to
/// even, saturated.
///
/// `ready_o` is a register: low behind the last result of a map, until its bank is handed over.
///
/// Parameters:
///   Rows, XBits  PE rows, bits of an activation
///   Channels     most channels of an iteration
///   CountMax     most elements of a map
module dsoc_pool_global #(
    parameter int unsigned Rows = 8,
    parameter int unsigned XBits = 4,
    parameter int unsigned Channels = 24,
    parameter int unsigned CountMax = 4096
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
    input  logic                  map_last_i,

    output logic        valid_o,
    input  logic        ready_i,
    output logic [31:0] addr_o,
    output logic [ 7:0] byte_o,
    output logic        idle_o
);

  localparam int unsigned Depth = (Channels < 2) ? 2 : Channels;
  localparam int unsigned KBits = $clog2(Depth);
  localparam int unsigned Levels = $clog2(Rows);
  localparam int unsigned Leaves = 1 << Levels;
  localparam int unsigned TreeBits = XBits + Levels;
  localparam int unsigned CountBits = $clog2(CountMax + 1);
  localparam int unsigned SumBits = XBits + ((CountBits > Levels) ? CountBits : Levels);
  localparam int unsigned DivisorBits = CountBits + XBits - 1;
  localparam int unsigned RestBits = ((DivisorBits > SumBits) ? DivisorBits : SumBits) + 1;
  localparam int unsigned QuotientBits = 16;
  localparam logic signed [XBits-1:0] Least = {1'b1, {(XBits - 1) {1'b0}}};

  if (CountMax < 1 || CountMax > 65535) begin : gen_illegal
    $error("dsoc_pool_global: CountMax must be 1 to 65535");
  end

  logic average;
  assign average = desc_i.pool == dsoc_map_pkg::D_POOL_GLOBAL_AVG;

  // ---- rows into one value: a level of the tree a clock ------------------------------------------------------------
  logic signed [TreeBits-1:0] node_q[Levels+1][Leaves];
  logic [Levels:0] valid_q, first_q;
  logic [KBits-1:0] k_q[Levels+1];
  logic take, begins_q, full_q;
  logic [KBits-1:0] at_q, last_q;  // channel that comes; last one of the map

  assign take    = valid_i && ready_o;
  assign ready_o = !full_q;

  for (genvar i = 0; i < Leaves; i++) begin : gen_leaf
    if (i < Rows) begin : gen_row
      always_ff @(posedge clk_i) begin
        if (take) begin
          node_q[0][i] <= rows_i[i] ? TreeBits'($signed(data_i[i*XBits+:XBits])) : average ? '0 : TreeBits'(Least);
        end
      end
    end else begin : gen_none
      always_ff @(posedge clk_i) node_q[0][i] <= average ? '0 : TreeBits'(Least);
    end
  end

  for (genvar s = 1; s <= Levels; s++) begin : gen_level
    for (genvar i = 0; i < Leaves; i++) begin : gen_node
      if (i < (Leaves >> s)) begin : gen_join
        logic signed [TreeBits-1:0] a, b;
        assign a = node_q[s-1][2*i];
        assign b = node_q[s-1][2*i+1];
        always_ff @(posedge clk_i) node_q[s][i] <= average ? a + b : (a > b) ? a : b;
      end else begin : gen_unused
        always_ff @(posedge clk_i) node_q[s][i] <= '0;
      end
    end
  end

  // ---- sums of channels -------------------------------------------------------------------------------------------
  logic bank_q, hand_over, walks_q;
  logic signed [SumBits-1:0] value, sum[2], updated;
  logic [KBits-1:0] walk_q;

  assign value   = SumBits'(node_q[Levels][0]);
  assign updated = first_q[Levels] ? value :
      average ? sum[bank_q] + value : (value > sum[bank_q]) ? value : sum[bank_q];
  assign hand_over = full_q && valid_q == '0 && !walks_q;

  for (genvar b = 0; b < 2; b++) begin : gen_bank
    logic filled;
    assign filled = bank_q == 1'(b);
    dsoc_regfile #(
        .Width(SumBits),
        .Depth(Depth)
    ) i_sums (
        .clk_i,
        .wen_i  (filled && valid_q[Levels]),
        .waddr_i(k_q[Levels]),
        .wdata_i(updated),
        .raddr_i(filled ? k_q[Levels] : walk_q),
        .rdata_o(sum[b])
    );
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q  <= '0;
      first_q  <= '0;
      k_q      <= '{default: '0};
      begins_q <= 1'b1;
      at_q     <= '0;
      last_q   <= '0;
      full_q   <= 1'b0;
      bank_q   <= 1'b0;
    end else begin
      valid_q[0] <= take;
      first_q[0] <= begins_q;
      k_q[0]     <= at_q;
      for (int unsigned s = 1; s <= Levels; s++) begin
        valid_q[s] <= valid_q[s-1];
        first_q[s] <= first_q[s-1];
        k_q[s]     <= k_q[s-1];
      end
      if (take) begin
        at_q <= k_last_i ? '0 : at_q + 1'b1;
        if (k_last_i) begins_q <= map_last_i;
        if (k_last_i && map_last_i) begin
          full_q <= 1'b1;
          last_q <= at_q;
        end
      end
      if (hand_over) begin
        full_q <= 1'b0;
        bank_q <= !bank_q;
      end
    end
  end

  // ---- division and rounding, a channel after the other ---------------------------------------------------------------
  typedef enum logic [2:0] {
    Idle,
    Read,
    Load,
    Divide,
    Round,
    Put
  } state_e;

  state_e state_q;
  logic signed [SumBits-1:0] sum_q;
  logic [RestBits-1:0] rest_q, kept;
  logic signed [RestBits:0] less;
  logic [QuotientBits-1:0] quotient_q, magnitude_q;
  logic [3:0] steps_q;
  logic [KBits-1:0] walk_last_q;
  logic [DivisorBits-1:0] divisor_q;
  logic negative_q, up, n_last;
  logic [31:0] n_base_q, t_base_q;
  logic signed [XBits-1:0] result;

  assign walks_q = state_q != Idle;
  assign less    = $signed({1'b0, rest_q}) - $signed((RestBits + 1)'(divisor_q));
  assign kept    = less < 0 ? rest_q : less[RestBits-1:0];
  assign up      = less > 0 || (less == 0 && quotient_q[0]);
  assign valid_o = state_q == Put;
  assign addr_o  = n_base_q + 32'(walk_q);
  assign byte_o  = 8'(unsigned'(result));
  assign idle_o  = !full_q && valid_q == '0 && !walks_q;

  always_comb begin
    if (magnitude_q >= QuotientBits'(1 << (XBits - 1))) result = negative_q ? Least : ~Least;
    else result = negative_q ? -XBits'(magnitude_q) : XBits'(magnitude_q);
  end

  dsoc_loop i_n (
      .clk_i,
      .rst_ni,
      .load_i  (start_i),
      .step_i  (valid_o && ready_i && walk_q == walk_last_q),
      .count_i (desc_i.n_count),
      .before_o(),
      .last_o  (n_last)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= Idle;
      walk_q      <= '0;
      walk_last_q <= '0;
      steps_q     <= '0;
      n_base_q    <= '0;
      t_base_q    <= '0;
    end else begin
      unique case (state_q)
        Idle: begin
          walk_q      <= '0;
          walk_last_q <= last_q;
          if (hand_over) state_q <= Read;
        end
        Read: state_q <= Load;
        Load: begin
          steps_q <= desc_i.pool_steps;
          state_q <= (desc_i.pool_steps == '0) ? Round : Divide;
        end
        Divide: begin
          steps_q <= steps_q - 4'd1;
          if (steps_q == 4'd1) state_q <= Round;
        end
        Round: state_q <= Put;
        default: begin
          if (ready_i) begin
            walk_q  <= walk_q + 1'b1;
            state_q <= Read;
            if (walk_q == walk_last_q) begin
              state_q  <= Idle;
              n_base_q <= n_base_q + desc_i.y_n_pitch;
              if (n_last) begin
                t_base_q <= t_base_q + 32'(desc_i.ch_per_t);
                n_base_q <= t_base_q + 32'(desc_i.ch_per_t);
              end
            end
          end
        end
      endcase
      if (start_i) begin
        n_base_q <= desc_i.y_base;
        t_base_q <= desc_i.y_base;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    divisor_q <= DivisorBits'(desc_i.pool_count) << (XBits - 1);
    if (state_q == Read) sum_q <= sum[!bank_q];
    if (state_q == Load) begin
      negative_q <= sum_q < 0;
      rest_q     <= RestBits'(unsigned'(sum_q < 0 ? -sum_q : sum_q));
      quotient_q <= '0;
    end
    if (state_q == Divide) begin
      rest_q     <= kept << 1;
      quotient_q <= {quotient_q[QuotientBits-2:0], less >= 0};
    end
    if (state_q == Round) magnitude_q <= quotient_q + QuotientBits'(up);
  end

  `DSOC_ASSERT_STABLE(a_out, clk_i, rst_ni, valid_o, ready_i, {addr_o, byte_o})
  `DSOC_ASSERT(a_room, clk_i, rst_ni, take |-> 32'(at_q) < Depth)

endmodule
