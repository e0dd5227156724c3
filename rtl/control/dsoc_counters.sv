`include "dsoc_assert.svh"

/// Performance counters of every operation: clocks, what the array waits for in each of them, and beats of the AXI ports.
///
/// The figures stand in one RAM, a row of words for each of the last `Depth` operations, in the order of the registers
/// COUNT_*. A few bits a counter gather events; one counter after the other has them added to its word, one a clock
/// (a `turn`). So the row of the operation that runs is nearly current, and there is one adder. At the end of an operation
/// a whole round belongs to its row: counter i gets the events of i more clocks, which is why the order is what it is, and
/// its first ones cannot happen sooner after a start (a_order).
///
/// Each clock has one cause at most. Before the first pixels are there it has none.
///
/// A read takes a turn's place; `data_o` shows the word in the next clock. `read_i` must be low while `ready_o` is (in
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

  // ---- what happens in this clock ------------------------------------------------------------------------------------
  logic begun_q;  // the operation's first pixels are there
  logic held;
  logic [Count-1:0] events;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begun_q <= 1'b0;
    else if (!busy_i || op_done_i) begun_q <= 1'b0;
    else if (first_i) begun_q <= 1'b1;
  end

  assign held = active_i && !step_i && !lacks_pixels_i && !lacks_weights_i;

  always_comb begin
    events           = '0;
    events[Clocks]   = 1'b1;
    events[Array]    = active_i && step_i;
    events[XBeats]   = x_beat_i;
    events[OBeats]   = o_beat_i;
    events[KBeats]   = k_beat_i;
    events[YBeats]   = y_beat_i;
    events[Pixels]   = active_i && lacks_pixels_i && begun_q;
    events[Weights]  = active_i && lacks_weights_i && (begun_q || px_valid_i);
    events[End]      = !active_i && begun_q && !finished_i;
    events[Operands] = held && lacks_operand_i;
    events[Results]  = held && !lacks_operand_i && !blocked_i;
    events[Outputs]  = held && !lacks_operand_i && blocked_i;
    events[Writes]   = !active_i && begun_q && finished_i;
    if (!busy_i) events = '0;
  end

  // ---- whose turn it is ------------------------------------------------------------------------------------------------
  logic busy_q, done_q, stopped, last, turn;
  logic closing_q, again_q;  // the round of an operation that ended goes on; another one follows
  logic [3:0] at_q;
  logic [Count-1:0] fresh_q;  // words of the row that nothing was written to yet
  logic [RowBits-1:0] row_q;
  logic [Count-1:0][GatherBits-1:0] gathered_q;
  logic [Count-1:0][GatherBits-1:0] gathered;
  logic [Count-1:0][GatherBits-1:0] kept_q;  // what the operation that ended had gathered, while the next one gathers
  logic keeps_q;

  assign stopped = busy_q && !busy_i && !done_q;  // in the midst of an operation
  assign last    = at_q == 4'(Count - 1);
  // Not in the clock before a round that closes: two turns of a word must not follow each other.
  assign turn    = closing_q || (busy_i && !read_i && !op_done_i);

  always_comb begin
    for (int unsigned i = 0; i < Count; i++) begin
      gathered[i] = (turn && !keeps_q && at_q == 4'(i) ? '0 : gathered_q[i]) + GatherBits'(events[i]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q     <= 1'b0;
      done_q     <= 1'b0;
      closing_q  <= 1'b0;
      again_q    <= 1'b0;
      at_q       <= '0;
      fresh_q    <= '0;
      row_q      <= '0;
      gathered_q <= '0;
      kept_q     <= '0;
      keeps_q    <= 1'b0;
    end else begin
      busy_q <= busy_i;
      done_q <= op_done_i;
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
      if (op_done_i || stopped) begin
        if (closing_q && !last) begin
          again_q <= 1'b1;
        end else begin
          closing_q  <= 1'b1;
          at_q       <= '0;
          keeps_q    <= 1'b1;
          gathered_q <= '0;
          for (int unsigned i = 0; i < Count; i++) kept_q[i] <= gathered[i];
        end
      end
      if (start_i) begin
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

  // ---- the figures: read, and written in the next clock --------------------------------------------------------------
  logic adds_q, closed_q, fresh_word_q;
  logic [GatherBits-1:0] amount_q;
  logic [RowBits+3:0] address_q, address;

  assign address = read_i ? {row_i, counter_i} : {row_q, at_q};
  assign ready_o = !closing_q && !closed_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      adds_q   <= 1'b0;
      closed_q <= 1'b0;
    end else begin
      adds_q   <= turn;
      closed_q <= closing_q;  // its last word is written
    end
  end

  always_ff @(posedge clk_i) begin
    if (turn) begin
      address_q    <= address;
      amount_q     <= keeps_q ? kept_q[at_q] : gathered_q[at_q];
      fresh_word_q <= fresh_q[at_q];
    end
  end

  dsoc_ram #(
      .Width(32),
      .Depth(16 * Depth)
  ) i_figures (
      .clk_i,
      .wen_i  (adds_q),
      .waddr_i(address_q),
      .wdata_i((fresh_word_q ? '0 : data_o) + 32'(amount_q)),
      .ren_i  (turn || read_i),
      .raddr_i(address),
      .rdata_o(data_o)
  );

  // ---- what the figures rest on --------------------------------------------------------------------------------------
  localparam logic [Count-1:0] Early = Count'(1 << Clocks) | Count'(1 << XBeats) | Count'(1 << KBeats) |
      Count'(1 << YBeats);
  `DSOC_ASSERT(a_order, clk_i, rst_ni, closing_q && !keeps_q |-> (((events & ~Early) >> at_q) >> 1) == '0)
  `DSOC_ASSERT(a_one_cause, clk_i, rst_ni, $onehot0(events & ~Early & ~Count'(32'hF << XBeats)))
  `DSOC_ASSERT(a_read, clk_i, rst_ni, read_i |-> ready_o)
  for (genvar i = 0; i < Count; i++) begin : gen_gathered
    `DSOC_ASSERT(a_gathered, clk_i, rst_ni, gathered_q[i] != '1)
  end

endmodule
