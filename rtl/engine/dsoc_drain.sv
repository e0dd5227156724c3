`include "dsoc_assert.svh"

/// Drain: has the array hold a copy of all sums and lets finished channels leave, one channel (all rows) a clock, or `Lanes` of
/// them while `wide_i`.
///
/// `leave_i` says that the sums of one input column's end are finished in the clock after the next step: `count_i` output columns,
/// the first at position `pos_i` of every group, each further one `sw_i` positions left; `channels_i` channels of each, `sets_i` a
/// group, channel k at column (k / sets) * group + pos + k % sets. `wide_i` asks for sets 1; of the last channels some of the columns are none's then.
/// `advance_o` low: the copy is still in use; the array waits, and its sums stay. It is a
/// register, because much hangs on it: whether the copy will be free is known a clock ahead from `ready_next_i`, what
/// `ready_i` will be then.
///
/// Parameters:
///   Cols   columns of the array
///   Lanes  channels that leave at once at most, a power of two
module dsoc_drain #(
    parameter  int unsigned Cols    = 24,
    parameter  int unsigned Lanes   = 1,
    localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic [        7:0] group_i,
    input  logic [        7:0] sw_i,
    input  logic [        7:0] sets_i,
    input  logic               wide_i,
    input  logic               leave_i,
    input  logic [        7:0] pos_i,
    input  logic [       15:0] count_i,
    input  logic [       15:0] channels_i,
    output logic               advance_o,
    output logic               hold_o,
    output logic [Lanes-1:0][ColBits-1:0] column_o,
    output logic               valid_o,
    input  logic               ready_i,
    input  logic               ready_next_i
);

  logic leave_q;  // and what is to be held then
  logic [7:0] leave_pos_q;
  logic [15:0] leave_count_q, leave_channels_q;
  logic busy_q, step, last_s;
  logic [1:0] last, ends, ends_next;  // of the channels, of the columns
  logic [15:0] groups, channels, channels_q;  // of the columns that leave next, or now; while wide, groups of lanes
  logic [Lanes-1:0][ColBits-1:0] column_q, lane_q;  // of every lane; groups between it and the first
  logic [ColBits-1:0] jump_q;
  logic [7:0] pos_q;

  assign step     = busy_q && ready_i;
  assign hold_o   = leave_q && advance_o;
  assign column_o = column_q;
  assign groups   = (leave_channels_q + 16'(Lanes - 1)) / 16'(Lanes);
  assign channels = !hold_o ? channels_q : wide_i ? groups : leave_channels_q;
  assign valid_o  = busy_q;

  // ---- what the next clock brings ----------------------------------------------------------------------------------
  logic leave_next, busy_next;

  assign leave_next = advance_o ? leave_i : leave_q;
  assign busy_next  = hold_o || (busy_q && !(step && ends[1]));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      advance_o        <= 1'b1;
      leave_q          <= 1'b0;
      leave_pos_q      <= '0;
      leave_count_q    <= '0;
      leave_channels_q <= '0;
    end else begin
      advance_o <= !leave_next || !busy_next || (ends_next[1] && ready_next_i);
      if (advance_o) begin
        leave_q          <= leave_i;
        leave_pos_q      <= pos_i;
        leave_count_q    <= count_i;
        leave_channels_q <= channels_i;
      end
    end
  end

  `DSOC_ASSERT(a_free, clk_i, rst_ni, hold_o |-> !busy_q || (ends[1] && ready_i))
  `DSOC_ASSERT(a_waits, clk_i, rst_ni, !advance_o |-> leave_q && !(!busy_q || (ends[1] && ready_i)))

  // ---- the copy ----------------------------------------------------------------------------------------------------
  dsoc_nest #(
      .Loops(2)
  ) i_loops (
      .clk_i,
      .rst_ni,
      .load_i     ({2{hold_o}}),
      .step_i     (step),
      .count_i    ({32'(leave_count_q), 32'(channels)}),
      .one_i      ({leave_count_q == 16'd1, channels == 16'd1}),
      .before_o   (),
      .last_o     (last),
      .ends_o     (ends),
      .ends_next_o(ends_next)
  );

  // Channels of a group lie side by side; from the last of them it is a jump to the next group.
  dsoc_loop #(
      .Width(8)
  ) i_group (
      .clk_i,
      .rst_ni,
      .load_i  (hold_o || (step && last[0])),
      .step_i  (step),
      .count_i (sets_i),
      .before_o(),
      .last_o  (last_s)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q     <= 1'b0;
      channels_q <= '0;
      column_q   <= '0;
      lane_q     <= '0;
      pos_q      <= '0;
      jump_q     <= '0;
    end else begin
      jump_q <= wide_i ? ColBits'(32'(group_i) * Lanes) : ColBits'(group_i - sets_i + 8'd1);
      for (int unsigned d = 0; d < Lanes; d++) lane_q[d] <= ColBits'(32'(group_i) * d);
      if (hold_o) begin
        busy_q     <= 1'b1;
        channels_q <= channels;
        for (int unsigned d = 0; d < Lanes; d++) column_q[d] <= ColBits'(leave_pos_q) + lane_q[d];
        pos_q      <= leave_pos_q;
      end else if (step) begin
        for (int unsigned d = 0; d < Lanes; d++) column_q[d] <= column_q[d] + (last_s ? jump_q : ColBits'(1));
        if (last[0]) begin
          for (int unsigned d = 0; d < Lanes; d++) column_q[d] <= ColBits'(pos_q - sw_i) + lane_q[d];
          pos_q    <= pos_q - sw_i;
          if (ends[1]) busy_q <= 1'b0;
        end
      end
    end
  end

endmodule
