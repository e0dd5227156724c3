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

  logic busy_q, last_channel, last;
  logic [15:0] count_q, channel_q, channels_q;
  logic [ColBits-1:0] group_base_q;
  logic [7:0] s_q, pos_q;

  assign column_o     = group_base_q + ColBits'(pos_q) + ColBits'(s_q);
  assign last_channel = channel_q == channels_q - 16'd1;
  assign last         = last_channel && count_q == 16'd1;
  assign hold_o       = leave_i && ready_o;
  assign valid_o      = busy_q;
  assign ready_o      = !busy_q || (last && ready_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q       <= 1'b0;
      count_q      <= '0;
      channel_q    <= '0;
      channels_q   <= '0;
      group_base_q <= '0;
      s_q          <= '0;
      pos_q        <= '0;
    end else if (hold_o) begin
      busy_q       <= 1'b1;
      count_q      <= count_i;
      channels_q   <= channels_i;
      channel_q    <= '0;
      group_base_q <= '0;
      s_q          <= '0;
      pos_q        <= pos_i;
    end else if (busy_q && ready_i) begin
      channel_q <= channel_q + 16'd1;
      s_q       <= s_q + 8'd1;
      if (s_q == sw_i - 8'd1) begin
        s_q          <= '0;
        group_base_q <= group_base_q + ColBits'(group_i);
      end
      if (last_channel) begin
        channel_q    <= '0;
        s_q          <= '0;
        group_base_q <= '0;
        pos_q        <= pos_q - sw_i;
        count_q      <= count_q - 16'd1;
        if (last) busy_q <= 1'b0;
      end
    end
  end

endmodule
