`include "dsoc_assert.svh"

/// Performance counters of every operation: clocks, what the array waits for in each of them, and beats of the AXI ports.
///
/// The figures stand in one RAM, a row of words for each of the last `Depth` operations, in the order of the registers
/// COUNT_*. A few bits a counter gather events; one counter after the other has them added to its word, one a clock
/// (a `turn`). So the row of the operation that runs is nearly current, and there is one adder. At the end of an operation
/// a whole round belongs to its row: counter i gets the events of i more clocks, which is why the order is what it is, and
/// its first ones cannot happen sooner after a start (a_order).
///
/// Each clock has one cause at most. Before the first pixels are there it has none. Everything that is counted enters
/// registers first, then the cause is told, then it is gathered. A turn takes three clocks: read, hold, add and write.
///
/// A read takes a turn's place; `data_o` shows the word two clocks later. `read_i` must be low while `ready_o` is (in
/// the round of an operation that ended), and high in every fourth clock at most.
///
/// Parameters:
///   Depth  operations kept, a power of two from 2 on
module dsoc_counters #(
    parameter  int unsigned Depth   = 64,
    localparam int unsigned RowBits = (Depth > 1) ? $clog2(Depth) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input logic start_i,    // a run begins
    input logic busy_i,     // a run goes on, and does not drain
    input logic op_done_i,  // the last clock of an operation

    // the array
    input logic active_i,         // has steps to make
    input logic step_i,           // makes one
    input logic first_i,          // takes pixels
    input logic px_valid_i,       // pixels are there
    input logic lacks_pixels_i,   // makes none, because of pixels
    input logic lacks_weights_i,  // or weights; else because a result does not leave
    // results
    input logic lacks_operand_i,  // one waits for its operand
    input logic blocked_i,        // the writer takes none
    input logic finished_i,       // all have been taken
    // beats of the AXI ports
    input logic x_beat_i,
    input logic k_beat_i,
    input logic o_beat_i,
    input logic y_beat_i,

    input  logic               read_i,
    input  logic [RowBits-1:0] row_i,
    input  logic [        3:0] counter_i,
    output logic               ready_o,
    output logic [       31:0] data_o
);

  localparam logic [7:0] Base = dsoc_map_pkg::REG_COUNT_CLOCKS;
  localparam int unsigned Clocks = 0;
  localparam int unsigned Array = 32'(dsoc_map_pkg::REG_COUNT_ARRAY - Base) / 4;
  localparam int unsigned XBeats = 32'(dsoc_map_pkg::REG_COUNT_X_BEATS - Base) / 4;
  localparam int unsigned OBeats = 32'(dsoc_map_pkg::REG_COUNT_O_BEATS - Base) / 4;
  localparam int unsigned KBeats = 32'(dsoc_map_pkg::REG_COUNT_K_BEATS - Base) / 4;
  localparam int unsigned YBeats = 32'(dsoc_map_pkg::REG_COUNT_Y_BEATS - Base) / 4;
  localparam int unsigned Pixels = 32'(dsoc_map_pkg::REG_COUNT_PIXELS - Base) / 4;
  localparam int unsigned Weights = 32'(dsoc_map_pkg::REG_COUNT_WEIGHTS - Base) / 4;
  localparam int unsigned End = 32'(dsoc_map_pkg::REG_COUNT_END - Base) / 4;
  localparam int unsigned Operands = 32'(dsoc_map_pkg::REG_COUNT_OPERANDS - Base) / 4;
  localparam int unsigned Results = 32'(dsoc_map_pkg::REG_COUNT_RESULTS - Base) / 4;
  localparam int unsigned Outputs = 32'(dsoc_map_pkg::REG_COUNT_OUTPUTS - Base) / 4;
  localparam int unsigned Writes = 32'(dsoc_map_pkg::REG_COUNT_WRITES - Base) / 4;
  localparam int unsigned Count = Writes + 1;
  localparam int unsigned GatherBits = 6;  // of what comes in two rounds, with reads between their turns

  if (Depth < 2 || (Depth & (Depth - 1)) != 0) begin : gen_illegal
    $error("dsoc_counters: Depth must be a power of two, at least 2");
  end

  // ---- what happened in the last clock -------------------------------------------------------------------------------
  typedef struct packed {
    logic start;
    logic busy;
    logic op_done;
    logic active;
    logic step;
    logic first;
    logic px_valid;
    logic lacks_pixels;
    logic lacks_weights;
    logic lacks_operand;
    logic blocked;
    logic finished;
    logic x_beat;
    logic k_beat;
    logic o_beat;
    logic y_beat;
  } seen_t;

  seen_t seen_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) seen_q <= '0;
    else seen_q <= '{
        start_i, busy_i, op_done_i, active_i, step_i, first_i, px_valid_i, lacks_pixels_i, lacks_weights_i,
        lacks_operand_i, blocked_i, finished_i, x_beat_i, k_beat_i, o_beat_i, y_beat_i
    };
  end

  logic read_q;
  logic [RowBits+3:0] read_address_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) read_q <= 1'b0;
    else read_q <= read_i;
  end

  always_ff @(posedge clk_i) read_address_q <= {row_i, counter_i};

  logic begun_q;  // the operation's first pixels are there
  logic held, busy_q, done_q, stopped;
  logic [Count-1:0] events, events_q;
  logic start_q, over_q;  // of the clock of `events_q`, as busy_q: a run begins, an operation is over

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begun_q <= 1'b0;
    else if (!seen_q.busy || seen_q.op_done) begun_q <= 1'b0;
    else if (seen_q.first) begun_q <= 1'b1;
  end

  assign held = seen_q.active && !seen_q.step && !seen_q.lacks_pixels && !seen_q.lacks_weights;

  always_comb begin
    events           = '0;
    events[Clocks]   = 1'b1;
    events[Array]    = seen_q.active && seen_q.step;
    events[XBeats]   = seen_q.x_beat;
    events[OBeats]   = seen_q.o_beat;
    events[KBeats]   = seen_q.k_beat;
    events[YBeats]   = seen_q.y_beat;
    events[Pixels]   = seen_q.active && seen_q.lacks_pixels && begun_q;
    events[Weights]  = seen_q.active && seen_q.lacks_weights && (begun_q || seen_q.px_valid);
    events[End]      = !seen_q.active && begun_q && !seen_q.finished;
    events[Operands] = held && seen_q.lacks_operand;
    events[Results]  = held && !seen_q.lacks_operand && !seen_q.blocked;
    events[Outputs]  = held && !seen_q.lacks_operand && seen_q.blocked;
    events[Writes]   = !seen_q.active && begun_q && seen_q.finished;
    if (!seen_q.busy) events = '0;
  end

  assign stopped = busy_q && !seen_q.busy && !done_q;  // in the midst of an operation

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q   <= 1'b0;
      done_q   <= 1'b0;
      start_q  <= 1'b0;
      over_q   <= 1'b0;
      events_q <= '0;
    end else begin
      busy_q   <= seen_q.busy;
      done_q   <= seen_q.op_done;
      start_q  <= seen_q.start;
      over_q   <= seen_q.op_done || stopped;
      events_q <= events;
    end
  end

  // ---- whose turn it is ------------------------------------------------------------------------------------------------
  logic last, turn;
  logic closing_q, again_q;  // the round of an operation that ended goes on; another one follows
  logic pause_q;  // before such a round, so that the last turn's word is written
  logic [3:0] at_q;
  logic [Count-1:0] fresh_q;  // words of the row that nothing was written to yet
  logic [RowBits-1:0] row_q;
  logic [Count-1:0][GatherBits-1:0] gathered_q;
  logic [Count-1:0][GatherBits-1:0] gathered;
  logic [Count-1:0][GatherBits-1:0] kept_q;  // what the operation that ended had gathered, while the next one gathers
  logic keeps_q;

  assign last    = at_q == 4'(Count - 1);
  assign turn    = !pause_q && (closing_q || (busy_q && !read_q && !over_q));

  always_comb begin
    for (int unsigned i = 0; i < Count; i++) begin
      gathered[i] = (turn && !keeps_q && at_q == 4'(i) ? '0 : gathered_q[i]) + GatherBits'(events_q[i]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      closing_q  <= 1'b0;
      again_q    <= 1'b0;
      pause_q    <= 1'b0;
      at_q       <= '0;
      fresh_q    <= '0;
      row_q      <= '0;
      gathered_q <= '0;
      kept_q     <= '0;
      keeps_q    <= 1'b0;
    end else begin
      pause_q <= 1'b0;
      for (int unsigned i = 0; i < Count; i++) begin
        gathered_q[i] <= gathered[i];
      end
      if (turn) begin
        at_q          <= last ? '0 : at_q + 4'd1;
        fresh_q[at_q] <= 1'b0;
        if (last && closing_q) begin
          closing_q <= again_q;
          keeps_q   <= 1'b0;
          again_q   <= 1'b0;
          row_q     <= row_q + 1'b1;
          fresh_q   <= '1;
        end
      end
      if (over_q) begin
        if (closing_q && !last) begin
          again_q <= 1'b1;
        end else begin
          closing_q  <= 1'b1;
          pause_q    <= 1'b1;
          at_q       <= '0;
          keeps_q    <= 1'b1;
          gathered_q <= '0;
          for (int unsigned i = 0; i < Count; i++) kept_q[i] <= gathered[i];
        end
      end
      if (start_q) begin
        closing_q  <= 1'b0;
        keeps_q    <= 1'b0;
        again_q    <= 1'b0;
        at_q       <= '0;
        fresh_q    <= '1;
        row_q      <= '0;
        gathered_q <= '0;
      end
    end
  end

  // ---- the figures ---------------------------------------------------------------------------------------------------
  logic held_q, adds_q, closed_q, closed_qq, held_fresh_q;
  logic [GatherBits-1:0] held_amount_q, amount_q;
  logic [RowBits+3:0] held_address_q, address_q, address;
  logic [31:0] word_q;  // 0 where nothing was written yet

  assign address = read_q ? read_address_q : {row_q, at_q};
  // Neither in the round of an operation that ended, nor right before it.
  assign ready_o = !closing_q && !closed_q && !closed_qq && !seen_q.op_done && !stopped && !over_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q    <= 1'b0;
      adds_q    <= 1'b0;
      closed_q  <= 1'b0;
      closed_qq <= 1'b0;
    end else begin
      held_q    <= turn;
      adds_q    <= held_q;
      closed_q  <= closing_q;
      closed_qq <= closed_q;  // its last word is written
    end
  end

  always_ff @(posedge clk_i) begin
    held_address_q <= address;
    held_amount_q  <= keeps_q ? kept_q[at_q] : gathered_q[at_q];
    held_fresh_q   <= fresh_q[at_q];
    address_q      <= held_address_q;
    amount_q       <= held_amount_q;
    word_q         <= held_fresh_q ? '0 : data_o;
  end

  dsoc_ram #(
      .Width(32),
      .Depth(16 * Depth)
  ) i_figures (
      .clk_i,
      .wen_i  (adds_q),
      .waddr_i(address_q),
      .wdata_i(word_q + 32'(amount_q)),
      .ren_i  (turn || read_q),
      .raddr_i(address),
      .rdata_o(data_o)
  );

  // ---- what the figures rest on --------------------------------------------------------------------------------------
  localparam logic [Count-1:0] Early = Count'(1 << Clocks) | Count'(1 << XBeats) | Count'(1 << KBeats) |
      Count'(1 << YBeats);
  `DSOC_ASSERT(a_order, clk_i, rst_ni, closing_q && !keeps_q |-> (((events_q & ~Early) >> at_q) >> 1) == '0)
  `DSOC_ASSERT(a_one_cause, clk_i, rst_ni, $onehot0(events_q & ~Early & ~Count'(32'hF << XBeats)))
  `DSOC_ASSERT(a_read, clk_i, rst_ni, read_i |-> ready_o)
  for (genvar i = 0; i < Count; i++) begin : gen_gathered
    `DSOC_ASSERT(a_gathered, clk_i, rst_ni, gathered_q[i] != '1)
  end

endmodule
