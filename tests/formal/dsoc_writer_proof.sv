// Counting at the ports: what comes in goes out, in whole bursts, no more under way than allowed; idle: acknowledged.
module dsoc_writer_proof #(
    parameter int unsigned Lines = 2,
    parameter int unsigned AxiBits = 16,
    parameter int unsigned AddrBits = 14,
    parameter int unsigned GroupBeats = 2,
    parameter int unsigned MaxBurst = 2,
    parameter int unsigned Bursts = 2
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [1:0] pitch_i,
    input logic raw_i,
    input logic valid_i,
    input logic [5:0] at_i,
    input logic more_i,
    input logic flush_i,
    input logic over_i,
    input logic marks_i,
    input logic hurry_i,
    input logic [15:0] returns_i,
    input logic awready_i,
    input logic wready_i,
    input logic bvalid_i
);
  localparam int unsigned BeatBytes = AxiBits / 8;
  localparam int unsigned Grid = GroupBeats * BeatBytes;
  // addresses around a page's end; what the bytes are does not matter
  wire [AddrBits-1:0] arena_i = '0;
  wire [31:0] line_pitch_i = raw_i ? BeatBytes : Grid * pitch_i;
  wire [31:0] addr_i = 4064 + at_i;
  wire [7:0] lines_i = more_i ? Lines : 1;
  wire [0:0] mask_i = '1;
  wire [8*Lines-1:0] bytes_i = '0;
  wire [AxiBits*Lines-1:0] beats_i = '0;
  logic settled_o, done_o;
  logic [31:0] mark_o;
  logic ready_o, idle_o, written_o, awvalid_o, wlast_o, wvalid_o, bready_o;
  logic [AddrBits-1:0] awaddr_o;
  logic [7:0] awlen_o;
  logic [AxiBits-1:0] wdata_o;
  logic [BeatBytes-1:0] wstrb_o;
  dsoc_writer #(
      .Lines(Lines),
      .RawBeats(Lines),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .GroupBeats(GroupBeats),
      .MaxBurst(MaxBurst),
      .Bursts(Bursts)
  ) dut (.*);

  logic f_over = 1'b0;
  logic f_reset = 1'b1, f_started = 1'b0, f_waits = 1'b0, f_aw = 1'b0, f_w = 1'b0, f_b = 1'b0, f_flush = 1'b0;
  logic f_raw, f_more;
  logic [1:0] f_pitch;
  logic [5:0] f_at;
  logic [AddrBits+7:0] f_offer;
  logic [AxiBits+BeatBytes:0] f_word;
  logic [5:0] f_in, f_next, f_out;  // bytes, or beats of slots, that were taken, before and behind the end; that were written
  logic [3:0] f_beat;  // of the burst
  logic [3:0] f_asked, f_whole, f_begun;  // bursts not answered: by address, all data, first beat
  logic [7:0] f_lengths[4];  // of bursts, by their number
  logic [1:0] f_address_at, f_burst_at;
  wire f_take = valid_i && ready_o, f_address = awvalid_o && awready_i, f_data = wvalid_o && wready_i;
  wire f_end = f_data && wlast_o, f_answer = bvalid_i && bready_o;

  // one operation, and vectors behind its end; the layout is that of docs/architecture.md, section 2; a flush lasts until the writer is idle
  always_comb begin
    assume (rst_ni == !f_reset);
    assume (pitch_i != 0 && (!raw_i || (at_i & (BeatBytes * Lines - 1)) == 0));
    assume (!f_started || (pitch_i == f_pitch && raw_i == f_raw));
    assume (!valid_i || !flush_i);
    assume (!over_i || (!valid_i && !f_over));  // once
    assume (!f_flush || flush_i);
    assume (!f_waits || (valid_i && at_i == f_at && more_i == f_more));
    assume (f_waits || !valid_i || at_i > f_at || f_in + f_next == 0);  // no byte twice
    assume (!f_b || bvalid_i);
    assume (!bvalid_i || (f_asked != 0 && f_whole != 0));
  end

  always_ff @(posedge clk_i) begin
    f_reset   <= 1'b0;
    f_over    <= rst_ni && (f_over || over_i);
    f_started <= 1'b1;
    f_pitch   <= pitch_i;
    f_raw     <= raw_i;
    f_waits   <= rst_ni && valid_i && !ready_o;
    if (valid_i) {f_at, f_more} <= {at_i, more_i};
    f_flush <= rst_ni && flush_i && !idle_o;
    f_aw    <= rst_ni && awvalid_o && !awready_i;
    f_offer <= {awaddr_o, awlen_o};
    f_w     <= rst_ni && wvalid_o && !wready_i;
    f_word  <= {wdata_o, wstrb_o, wlast_o};
    f_b     <= rst_ni && bvalid_i && !bready_o;
    if (!rst_ni) begin
      f_in         <= '0;
      f_next       <= '0;
      f_out        <= '0;
      f_beat       <= '0;
      f_asked      <= '0;
      f_whole      <= '0;
      f_address_at <= '0;
      f_burst_at   <= '0;
    end else begin
      if (f_take && !f_over) f_in <= f_in + 6'(lines_i);
      if (f_take && f_over) f_next <= f_next + 6'(lines_i);
      if (f_data) f_out <= f_out + (raw_i ? 6'd1 : 6'($countones(wstrb_o)));
      if (f_data) f_beat <= wlast_o ? '0 : f_beat + 4'd1;
      f_asked <= f_asked + 4'(f_address) - 4'(f_answer);
      f_whole <= f_whole + 4'(f_end) - 4'(f_answer);
      if (f_address) begin
        f_lengths[f_address_at] <= awlen_o;
        f_address_at            <= f_address_at + 2'd1;
      end
      if (f_end) f_burst_at <= f_burst_at + 2'd1;
    end
  end

  wire [5:0] f_due = f_in + (settled_o ? f_next : 6'd0);  // what waits behind the end is not due
  assign f_begun = f_whole + 4'(f_beat != 0);
  always_ff @(posedge clk_i) if (rst_ni) begin
    a_kept:   assert ((!f_aw || (awvalid_o && {awaddr_o, awlen_o} == f_offer)) &&
                      (!f_w || (wvalid_o && {wdata_o, wstrb_o, wlast_o} == f_word)));
    a_page:   assert (!awvalid_o || 32'(awaddr_o[11:0]) + (32'(awlen_o) + 1) * BeatBytes <= 4096);
    a_length: assert (!awvalid_o || 32'(awlen_o) < MaxBurst);
    a_bound:  assert (f_asked <= Bursts && f_begun <= Bursts);
    a_last:   assert (!f_data || !(f_asked > f_whole) || wlast_o == (f_beat == f_lengths[f_burst_at]));
    a_beats:  assert (!f_data || 32'(f_beat) < MaxBurst);
    a_bytes:  assert (!wvalid_o || wstrb_o != '0);
    a_level:  assert (f_due >= f_out);
    a_idle:   assert (!idle_o || (f_due == f_out && f_asked == 0 && f_whole == 0 && f_beat == 0 &&
        !awvalid_o && !wvalid_o));
    a_done:   assert (!done_o || idle_o);
    a_written: assert (!written_o || (f_in + f_next == f_out && f_asked == 0 && f_whole == 0));
  end
endmodule
