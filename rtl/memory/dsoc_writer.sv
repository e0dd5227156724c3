/// Writer: collects byte columns into beats and beats into bursts, the same for every line of a tile, and writes them by AXI4.
///
/// A vector brings one byte for each of `lines_i` lines (line g at addr_i + g*line_pitch_i), or, of the aligned group of `Lanes`
/// bytes that addr_i lies in, those in `mask_i`; or a raw slot: one whole beat a line, which follow each other in memory. Vectors with consecutive addresses fill the same beats; up to GroupBeats of them make a
/// group. A group of bytes is one burst a line; a group of slots is one burst, or several if it is longer than MaxBurst.
/// A burst begins only when all its beats are here, and while fewer than `Bursts` of them wait for their acknowledgement.
/// `flush_i` (level) sends what is left; `idle_o` says that every write has been acknowledged, `written_o` the same, a clock later
/// and for all vectors that were offered.
///
/// An operation may be over for the rest of the accelerator before its last writes are acknowledged: `over_i` pulses behind
/// its last vector, while `settled_o`. What is left goes out as it would with `flush_i`, with the settings of that operation, and
/// vectors of the next one wait until `settled_o` again; `done_o` pulses when all is acknowledged.
///
/// The mark tells who reads the results while others are still written: all vectors with an address below `mark_o` have been
/// acknowledged that an operation brought since its addresses fell for the `returns_i`-th time; 0: not known. It
/// follows the bursts by one or two round trips while `marks_i` is high and the operation is not over: `returns_i` may be of
/// the one behind the next then. While `hurry_i`, groups do not wait for beats.
///
/// Parameters:
///   Lines       lines of a tile, or beats of a raw slot if they are more
///   RawBeats    beats of a raw slot
///   AxiBits, AddrBits  of the port
///   Lanes       bytes of a line in a vector at most, a power of two
///   GroupBeats  beats of a line, or raw slots, that are sent together at most, power of two
///   MaxBurst    beats of a burst at most, power of two, at least GroupBeats
///   Bursts      bursts under way at most
module dsoc_writer #(
    parameter int unsigned Lines = 4,
    parameter int unsigned RawBeats = 4,
    parameter int unsigned AxiBits = 128,
    parameter int unsigned AddrBits = 40,
    parameter int unsigned Lanes = 1,
    parameter int unsigned GroupBeats = 4,
    parameter int unsigned MaxBurst = 16,
    parameter int unsigned Bursts = 64
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic [AddrBits-1:0] arena_i,
    input logic [        31:0] line_pitch_i,
    input logic                raw_i,

    input  logic        over_i,
    output logic        settled_o,
    output logic        done_o,
    input  logic        marks_i,
    input  logic        hurry_i,
    input  logic [15:0] returns_i,
    output logic [31:0] mark_o,

    input  logic                     valid_i,
    output logic                     ready_o,
    input  logic [             31:0] addr_i,
    input  logic [              7:0] lines_i,
    input  logic [        Lanes-1:0] mask_i,
    input  logic [Lanes-1:0][8*Lines-1:0] bytes_i,
    input  logic [AxiBits*RawBeats-1:0] beats_i,
    input  logic                     flush_i,
    output logic                     idle_o,
    output logic                     written_o,

    output logic [ AddrBits-1:0] awaddr_o,
    output logic [          7:0] awlen_o,
    output logic                 awvalid_o,
    input  logic                 awready_i,
    output logic [  AxiBits-1:0] wdata_o,
    output logic [AxiBits/8-1:0] wstrb_o,
    output logic                 wlast_o,
    output logic                 wvalid_o,
    input  logic                 wready_i,
    input  logic                 bvalid_i,
    output logic                 bready_o
);

  localparam int unsigned BeatBytes = AxiBits / 8;
  localparam int unsigned ByteBits = $clog2(BeatBytes);
  localparam int unsigned VectorDepth = 4;
  localparam int unsigned StoreDepth = (GroupBeats < 4) ? 8 : 2 * GroupBeats;  // short groups follow each other closely
  localparam int unsigned StoreBits = $clog2(StoreDepth);
  localparam int unsigned GroupBits = $clog2(GroupBeats + 1);
  localparam int unsigned EntryBits = Lines * AxiBits + BeatBytes;
  localparam int unsigned PendingBits = $clog2(Bursts + 1);
  localparam int unsigned PageBeats = 4096 / BeatBytes;
  localparam int unsigned MostBeats = (MaxBurst < PageBeats) ? MaxBurst : PageBeats;  // of a raw burst: keeps to a page

  if (RawBeats > Lines) begin : gen_illegal_slot
    $error("dsoc_writer: a slot has more beats than there are lines");
  end
  if ((GroupBeats & (GroupBeats - 1)) != 0 || (MaxBurst & (MaxBurst - 1)) != 0 ||
      MaxBurst < GroupBeats) begin : gen_illegal
    $error("dsoc_writer: GroupBeats and MaxBurst must be powers of two, MaxBurst not the smaller one");
  end

  // ---- bytes into a row of beats -----------------------------------------------------------------------------------
  logic row_valid_q, row_follows_q, row_returns_q;
  logic [31:0] row_addr_q, beat_addr;
  logic [7:0] row_lines_q;
  logic [Lines*AxiBits-1:0] row_q;
  logic [BeatBytes-1:0] strb_q;
  logic joins_before, joins, push, push_ready, valid, ready, take;
  logic [31:0] addr;
  logic [7:0] lines;
  logic [Lanes-1:0] mask;
  logic [Lanes-1:0][8*Lines-1:0] bytes;
  logic [AxiBits*RawBeats-1:0] beats;

  // Where a vector lies is compared with the vector before while it comes: in the same beat, at the end of that one, or, in
  // the same operation, before that end.
  logic [31:0] last_addr_q, last_end_q;
  logic [7:0] last_lines_q;
  logic same, follows, returns, follows_before, returns_before, first_q;

  // Settings of the operation whose results are here, taken over while there are none.
  logic raw_q, over_q, flush;
  // Vectors of the operation behind wait until that one is settled: `left` of those that are here are its own.
  logic vector_valid, waits_q, over;
  logic [$clog2(VectorDepth+1)-1:0] vectors, left, left_q;
  logic [31:0] line_pitch_q;

  assign flush     = flush_i || over_q;
  assign over      = !idle_o && (over_i || over_q);
  assign left      = (over_i ? vectors : left_q) - ($clog2(VectorDepth + 1))'(take);
  assign settled_o = !over_q;
  assign done_o    = idle_o && (over_i || over_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      over_q       <= 1'b0;
      written_o    <= 1'b1;
      waits_q      <= 1'b0;
      left_q       <= '0;
      raw_q        <= 1'b0;
      line_pitch_q <= '0;
    end else begin
      written_o <= idle_o && !vector_valid && !valid_i;
      over_q    <= over;
      left_q    <= left;
      waits_q   <= over && left == '0;
      if (idle_o) begin
        raw_q        <= raw_i;
        line_pitch_q <= line_pitch_i;
      end
    end
  end

  assign beat_addr = addr_i & ~32'(BeatBytes - 1);
  assign same      = beat_addr == last_addr_q && lines_i == last_lines_q;
  assign follows   = beat_addr == last_end_q && lines_i == last_lines_q;
  assign returns   = beat_addr < last_end_q && !first_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      last_addr_q  <= '0;
      last_end_q   <= '0;
      last_lines_q <= '0;
      first_q      <= 1'b1;
    end else begin
      if (valid_i && ready_o) begin
        last_addr_q  <= beat_addr;
        last_end_q   <= beat_addr + ((raw_i ? 32'(lines_i) : 32'd1) << ByteBits);
        last_lines_q <= lines_i;
      end
      first_q <= over_i || (first_q && !(valid_i && ready_o));
    end
  end

  dsoc_fifo #(
      .Width(3 + 32 + 8 + Lanes * (1 + 8 * Lines) + AxiBits * RawBeats),
      .Depth(VectorDepth)
  ) i_vectors (
      .clk_i,
      .rst_ni,
      .data_i ({same, follows, returns, addr_i, lines_i, mask_i, bytes_i, beats_i}),
      .valid_i,
      .ready_o,
      .data_o ({joins_before, follows_before, returns_before, addr, lines, mask, bytes, beats}),
      .valid_o(vector_valid),
      .ready_i(take),
      .count_o(vectors)
  );

  assign valid = vector_valid && !waits_q;
  assign joins = row_valid_q && joins_before;  // never of raw results: each has a slot of its own
  assign push  = row_valid_q && ((valid && !joins) || (flush && !valid));
  assign ready = !row_valid_q || joins || push_ready;
  assign take  = valid && ready;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_valid_q   <= 1'b0;
      row_follows_q <= 1'b0;
      row_returns_q <= 1'b0;
      row_addr_q    <= '0;
      row_lines_q   <= '0;
      strb_q        <= '0;
    end else if (take) begin
      row_valid_q <= 1'b1;
      if (!joins) begin
        row_follows_q <= follows_before;
        row_returns_q <= returns_before;
        row_addr_q    <= addr & ~32'(BeatBytes - 1);
        row_lines_q   <= lines;
      end
      strb_q <= raw_q ? '1 : (joins ? strb_q : '0) | (BeatBytes'(mask) << (32'(addr[ByteBits-1:0]) / Lanes * Lanes));
    end else if (push && push_ready) begin
      row_valid_q <= 1'b0;
    end
  end

  for (genvar g = 0; g < Lines; g++) begin : gen_line
    for (genvar b = 0; b < BeatBytes; b++) begin : gen_byte
      logic placed;
      assign placed = take && 32'(addr[ByteBits-1:0]) / Lanes == b / Lanes && mask[b%Lanes];
      if (g < RawBeats) begin : gen_raw
        always_ff @(posedge clk_i) begin
          if (raw_q ? take : placed) begin
            row_q[g*AxiBits+b*8+:8] <= raw_q ? beats[g*AxiBits+b*8+:8] : bytes[b%Lanes][8*g+:8];
          end
        end
      end else begin : gen_bytes
        always_ff @(posedge clk_i) if (placed) row_q[g*AxiBits+b*8+:8] <= bytes[b%Lanes][8*g+:8];
      end
    end
  end

  // ---- rows of beats into bursts -------------------------------------------------------------------------------------
  typedef struct packed {
    logic [31:0]          addr;
    logic [7:0]           lines;
    logic [GroupBits-1:0] beats;  // entries of the store
    logic [15:0]          size;   // beats of all lines
    logic [8:0]           first;  // of the first burst
    logic                 final_one;  // its bytes are not written again
  } group_t;

  group_t open_q, closed, next;
  logic full_q, full;
  logic [15:0] returns_q;  // of the operation's addresses, to lower ones
  logic finals_q, hurry_q;  // what comes now is not written again; it is waited for
  logic open_valid_q, grows, close, close_ready, store_full, next_valid, load;
  logic [StoreBits-1:0] store_wptr_q, store_rptr_q;
  logic [StoreBits:0] store_count_q;

  assign full  = full_q || (hurry_q && !raw_q);
  assign grows = open_valid_q && !full && row_follows_q;
  assign close = open_valid_q && (full || (push && !grows && !store_full) || (flush && !row_valid_q));
  assign store_full = store_count_q[StoreBits];
  assign push_ready = !store_full && (!open_valid_q || grows || close_ready);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_valid_q <= 1'b0;
      open_q       <= '0;
      full_q       <= 1'b0;
    end else if (push && push_ready) begin
      open_valid_q <= 1'b1;
      if (raw_q) full_q <= (grows ? open_q.beats : '0) == GroupBits'(GroupBeats - 1);
      else full_q <= (row_addr_q >> ByteBits & 32'(GroupBeats - 1)) == 32'(GroupBeats - 1);
      if (grows) begin
        open_q.beats <= open_q.beats + 1'b1;
        open_q.size  <= open_q.size + 16'(row_lines_q);
      end else begin
        open_q <= '{addr: row_addr_q, lines: row_lines_q, beats: GroupBits'(1), size: 16'(row_lines_q), default: '0};
      end
    end else if (close && close_ready) begin
      open_valid_q <= 1'b0;
    end
  end

  // A raw burst ends at a boundary of bursts, so that all others of its group begin at one.
  logic [8:0] room;

  assign room = 9'(MostBeats) - (9'(open_q.addr >> ByteBits) & 9'(MostBeats - 1));
  always_comb begin
    closed = open_q;
    closed.final_one = finals_q;
    if (!raw_q) closed.first = 9'(open_q.beats);
    else closed.first = (open_q.size < 16'(room)) ? 9'(open_q.size) : room;
  end

  dsoc_fifo #(
      .Width($bits(group_t)),
      .Depth(StoreDepth)
  ) i_groups (
      .clk_i,
      .rst_ni,
      .data_i (closed),
      .valid_i(close),
      .ready_o(close_ready),
      .data_o (next),
      .valid_o(next_valid),
      .ready_i(load),
      .count_o()
  );

  logic [EntryBits-1:0] entry;
  logic [StoreBits-1:0] read_q, store_rptr;

  dsoc_regfile #(
      .Width(EntryBits),
      .Depth(StoreDepth)
  ) i_store (
      .clk_i,
      .wen_i  (push && push_ready),
      .waddr_i(store_wptr_q),
      .wdata_i({strb_q, row_q}),
      .raddr_i(read_q),
      .rdata_o(entry)
  );

  // ---- bursts: all beats of a line, then the next line; or all lines of a slot, then the next slot ---------------------
  // The group that is sent, and the burst of it that is sent or comes next: planned a clock ahead.
  logic group_valid_q, begins_q, burst_last_q, room_q;
  logic [GroupBits-1:0] beats_q;
  logic [31:0] offset_q;
  logic [15:0] rest_q;  // beats of the group behind the burst
  logic [8:0] beats_left_q, beats_left, length;  // beats of the burst still to come; behind this one; of the next burst
  logic [7:0] line_q, lines_q;
  logic send, aw_ready, w_ready, last_beat, last_line, next_line, group_end;
  logic [PendingBits-1:0] pending_q;
  logic [AxiBits-1:0] line_beat;

  assign next_line = raw_q || last_beat;
  assign send      = group_valid_q && w_ready && (!begins_q || (aw_ready && room_q));
  assign group_end = send && last_beat && last_line;
  assign load      = !group_valid_q || group_end;
  assign store_rptr = group_end ? store_rptr_q + StoreBits'(beats_q) : store_rptr_q;
  assign beats_left = burst_last_q ? length : beats_left_q - 9'd1;
  assign length    = !raw_q ? 9'(beats_q) : (rest_q < 16'(MostBeats)) ? 9'(rest_q) : 9'(MostBeats);

  dsoc_loop #(
      .Width(GroupBits)
  ) i_beats (
      .clk_i,
      .rst_ni,
      .load_i  (load),
      .step_i  (send && (!raw_q || last_line)),
      .count_i (load ? next.beats : beats_q),
      .before_o(),
      .last_o  (last_beat)
  );

  dsoc_loop #(
      .Width(8)
  ) i_lines (
      .clk_i,
      .rst_ni,
      .load_i  (load),
      .step_i  (send && next_line),
      .count_i (load ? next.lines : lines_q),
      .before_o(),
      .last_o  (last_line)
  );

  always_comb begin
    line_beat = entry[AxiBits-1:0];
    for (int unsigned g = 1; g < Lines; g++) begin
      if (line_q == 8'(g)) line_beat = entry[g*AxiBits+:AxiBits];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      group_valid_q <= 1'b0;
      beats_q       <= '0;
      lines_q       <= '0;
      offset_q      <= '0;
      rest_q        <= '0;
      beats_left_q  <= '0;
      begins_q      <= 1'b0;
      burst_last_q  <= 1'b0;
      read_q        <= '0;
      line_q        <= '0;
    end else if (load) begin
      group_valid_q <= next_valid;
      beats_q       <= next.beats;
      lines_q       <= next.lines;
      offset_q      <= next.addr;
      rest_q        <= next.size - 16'(next.first);
      beats_left_q  <= next.first;
      begins_q      <= 1'b1;
      burst_last_q  <= next.first == 9'd1;
      read_q        <= store_rptr;
      line_q        <= '0;
    end else if (send) begin
      begins_q     <= burst_last_q;
      beats_left_q <= beats_left;
      burst_last_q <= beats_left == 9'd1;
      if (burst_last_q) rest_q <= rest_q - 16'(length);
      if (next_line) begin
        line_q   <= last_line ? '0 : line_q + 8'd1;
        offset_q <= offset_q + line_pitch_q;
      end
      if (!raw_q || last_line) read_q <= last_beat ? store_rptr_q : read_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      store_wptr_q  <= '0;
      store_rptr_q  <= '0;
      store_count_q <= '0;
    end else begin
      if (push && push_ready) store_wptr_q <= store_wptr_q + 1'b1;
      store_rptr_q <= store_rptr;
      store_count_q <= store_count_q + (StoreBits + 1)'(push && push_ready)
          - (group_end ? (StoreBits + 1)'(beats_q) : '0);
    end
  end

  dsoc_fifo #(
      .Width(AddrBits + 8),
      .Depth(4)
  ) i_aw (
      .clk_i,
      .rst_ni,
      .data_i ({arena_i + AddrBits'(offset_q), 8'(beats_left_q - 9'd1)}),
      .valid_i(send && begins_q),
      .ready_o(aw_ready),
      .data_o ({awaddr_o, awlen_o}),
      .valid_o(awvalid_o),
      .ready_i(awready_i),
      .count_o()
  );

  dsoc_fifo #(
      .Width(AxiBits + BeatBytes + 1),
      .Depth(4)
  ) i_w (
      .clk_i,
      .rst_ni,
      .data_i ({burst_last_q, entry[EntryBits-1-:BeatBytes], line_beat}),
      .valid_i(send),
      .ready_o(w_ready),
      .data_o ({wlast_o, wstrb_o, wdata_o}),
      .valid_o(wvalid_o),
      .ready_i(wready_i),
      .count_o()
  );

  // ---- acknowledgements ------------------------------------------------------------------------------------------------
  logic [PendingBits-1:0] pending;

  assign pending  = pending_q + PendingBits'(send && begins_q) - PendingBits'(bvalid_i);
  assign bready_o = 1'b1;
  assign idle_o   = !valid && !row_valid_q && !open_valid_q && !next_valid && !group_valid_q && pending_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q <= '0;
      room_q    <= 1'b1;
    end else begin
      pending_q <= pending;
      room_q    <= pending != PendingBits'(Bursts);
    end
  end

  // ---- the mark: up to where groups were sent, and a sample of it that waits for the bursts begun so far ----------------
  logic [31:0] end_q, sent_q, sample_q;  // end of the group that is sent, of the last one that was
  logic final_q, sent_new_q, samples, sampled_q;
  logic [PendingBits-1:0] wait_q;

  assign samples = !sampled_q && sent_new_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      returns_q  <= '0;
      finals_q   <= 1'b0;
      hurry_q    <= 1'b0;
      final_q    <= 1'b0;
      end_q      <= '0;
      sent_q     <= '0;
      sent_new_q <= 1'b0;
      sample_q   <= '0;
      sampled_q  <= 1'b0;
      wait_q     <= '0;
      mark_o     <= '0;
    end else begin
      if (push && push_ready && row_returns_q) returns_q <= returns_q + 16'd1;
      finals_q <= marks_i && !over_q && returns_q == returns_i;
      hurry_q  <= hurry_i && finals_q && !next_valid && !group_valid_q;
      if (load) begin
        final_q <= next.final_one;
        end_q   <= next.addr + (32'(next.beats) << ByteBits);
      end
      if (group_end) sent_q <= end_q;
      sent_new_q <= (group_end && final_q) || (sent_new_q && !samples);
      if (!sampled_q) begin
        sampled_q <= samples;
        sample_q  <= sent_q;
        wait_q    <= pending;
      end else if (wait_q == '0) begin
        sampled_q <= 1'b0;
        mark_o    <= sample_q;
      end else begin
        wait_q <= wait_q - PendingBits'(bvalid_i);
      end
      if (done_o) begin
        returns_q  <= '0;
        sent_new_q <= 1'b0;
        sampled_q  <= 1'b0;
        mark_o     <= '0;
      end
    end
  end

endmodule
