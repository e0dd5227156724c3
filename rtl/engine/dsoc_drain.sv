/// Drain: has the array hold a copy of all sums and lets finished channels leave, one channel (all rows) a clock.
///
/// `leave_i` asks for the sums of one input column's end to be held: `count_i` output columns, the first at position `pos_i` of every
/// group, each further one `sw_i` positions left; `channels_i` channels of each, channel k at column (k / sw) * group + pos + k % sw.
/// `ready_o` low: the copy is still in use; the array waits.
///
/// Parameters:
///   Cols  columns of the array
module dsoc_drain #(
    parameter  int unsigned Cols    = 24,
    localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic [        7:0] group_i,
    input  logic [        7:0] sw_i,
    input  logic               leave_i,
    input  logic [        7:0] pos_i,
    input  logic [       15:0] count_i,
    input  logic [       15:0] channels_i,
    output logic               ready_o,
    output logic               hold_o,
    output logic [ColBits-1:0] column_o,
    output logic               valid_o,
    input  logic               ready_i
);

  logic busy_q, step, last_channel, last_s, last_column, last;
  logic [15:0] channels_q;
  logic [ColBits-1:0] column_q, jump_q;
  logic [7:0] pos_q;

  assign step     = busy_q && ready_i;
  assign last     = last_channel && last_column;
  assign hold_o   = leave_i && ready_o;
  assign column_o = column_q;
  assign valid_o  = busy_q;
  assign ready_o  = !busy_q || (last && ready_i);

  dsoc_loop i_columns (
      .clk_i,
      .rst_ni,
      .load_i  (hold_o),
      .step_i  (step && last_channel),
      .count_i (count_i),
      .before_o(),
      .last_o  (last_column)
  );

  dsoc_loop i_channels (
      .clk_i,
      .rst_ni,
      .load_i  (hold_o),
      .step_i  (step),
      .count_i (hold_o ? channels_i : channels_q),
      .before_o(),
      .last_o  (last_channel)
  );

  // Channels of a group lie side by side; from the last of them it is a jump to the next group.
  dsoc_loop #(
      .Width(8)
  ) i_group (
      .clk_i,
      .rst_ni,
      .load_i  (hold_o || (step && last_channel)),
      .step_i  (step),
      .count_i (sw_i),
      .before_o(),
      .last_o  (last_s)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q     <= 1'b0;
      channels_q <= '0;
      column_q   <= '0;
      pos_q      <= '0;
      jump_q     <= '0;
    end else begin
      jump_q <= ColBits'(group_i - sw_i + 8'd1);
      if (hold_o) begin
        busy_q     <= 1'b1;
        channels_q <= channels_i;
        column_q   <= ColBits'(pos_i);
        pos_q      <= pos_i;
      end else if (step) begin
        column_q <= column_q + (last_s ? jump_q : ColBits'(1));
        if (last_channel) begin
          column_q <= ColBits'(pos_q - sw_i);
          pos_q    <= pos_q - sw_i;
          if (last) busy_q <= 1'b0;
        end
      end
    end
  end

endmodule
