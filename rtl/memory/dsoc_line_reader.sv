`include "dsoc_assert.svh"

/// Line reader: fetches byte lines of a tensor by AXI4 into Nf line buffers that advance in step.
///
/// Loops t, n, l, segment over the table of docs/architecture.md ("The line reader"). Fetching runs ahead by up to
/// `Slots` chunks; a chunk is one GRID cell (ChunkBeats beats) of every needed line. The consumer sees, for the current
/// byte, one byte of every line (`bytes_o`; `Lanes` of them, in aligned groups, while `wide_i`) or, for partial sums, one whole
/// beat of every line (`beats_o`), and pops.
/// Buffers that were not fetched show old data: the consumer masks rows that do not exist.
///
/// Fetching may be an operation ahead of the consumer: `start_i` begins it, as soon as `idle_o`, and `c_start_i` lets the
/// consumer's side go on to its items. A chunk comes in parts, of which the consumer uses each as it is there:
/// an operation's first beat on its own, the rest at once. While `guarded_i`, a part is one beat and is asked for when its
/// address on line 0 at this row block, plus `guard_i`, lies before `mark_i`: all that is written before has been acknowledged.
/// `waits_o`: a part is held back so. While `single_i`, a part is one beat as well: lines may begin at any beat then.
///
/// The table of line offsets for the next operation is made while the reader is idle, as soon as `next_valid_i` shows the
/// pitch; otherwise it costs Nf clocks at the start. An operation that does not need this reader starts it with `enable_i` low.
///
/// Back-pressure: `rready_o` is high whenever a burst is pending (space is reserved before the address is sent).
///
/// Parameters:
///   Nf          line buffers, at most 64
///   AxiBits     data bits of the port
///   AddrBits    address bits of the port
///   ChunkBeats  beats of a chunk, power of two
///   Slots       chunks held, power of two
///   Lanes       bytes of every line that are consumed at once at most, a power of two
///   Mixed       `wide_i` is that of the operation that is fetched; otherwise of the one that is consumed
module dsoc_line_reader #(
    parameter int unsigned Nf = 12,
    parameter int unsigned AxiBits = 128,
    parameter int unsigned AddrBits = 40,
    parameter int unsigned ChunkBeats = 8,
    parameter int unsigned Slots = 4,
    parameter int unsigned Lanes = 1,
    parameter bit Mixed = 1'b0
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                start_i,
    input logic                enable_i,
    input logic [AddrBits-1:0] arena_i,

    input logic        [31:0] base_i,
    input logic        [31:0] line_pitch_i,
    input logic        [31:0] next_pitch_i,
    input logic               next_valid_i,
    input logic        [31:0] l_pitch_i,
    input logic        [31:0] n_pitch_i,
    input logic signed [15:0] lam0_i,
    input logic        [15:0] lam_step_i,
    input logic        [15:0] lines_i,
    input logic        [31:0] off0_i,
    input logic        [31:0] t_step_i,
    input logic        [31:0] seg_step_i,
    input logic        [31:0] seg_count_i,
    input logic        [31:0] seg_bytes_i,
    input logic        [31:0] seg_bytes_last_i,
    input logic [Nf-1:0]      mask_i,
    input logic        [15:0] t_count_i,
    input logic        [15:0] n_count_i,
    input logic        [15:0] l_count_i,
    input logic               beat_mode_i,
    input logic               wide_i,

    input  logic        single_i,
    input  logic        guarded_i,
    input  logic [31:0] guard_i,
    input  logic [31:0] mark_i,
    output logic        waits_o,
    output logic        idle_o,

    input logic c_start_i,

    output logic [AddrBits-1:0] araddr_o,
    output logic [         7:0] arlen_o,
    output logic                arvalid_o,
    input  logic                arready_i,
    input  logic [ AxiBits-1:0] rdata_i,
    input  logic                rlast_i,
    input  logic                rvalid_i,
    output logic                rready_o,

    output logic                  valid_o,
    output logic [Lanes-1:0][8*Nf-1:0] bytes_o,
    output logic [AxiBits*Nf-1:0] beats_o,
    input  logic                  pop_i
);

  localparam int unsigned BeatBytes = AxiBits / 8;
  localparam int unsigned ByteBits = $clog2(BeatBytes);
  localparam int unsigned ChunkBits = (ChunkBeats > 1) ? $clog2(ChunkBeats) : 1;
  localparam int unsigned SlotBits = $clog2(Slots);
  localparam int unsigned GridBits = ByteBits + $clog2(ChunkBeats);
  localparam int unsigned FBits = $clog2(Nf + 1);
  localparam int unsigned MemBits = $clog2(Slots * ChunkBeats);
  localparam logic [31:0] Grid = 32'(ChunkBeats * BeatBytes);

  if (Nf > 64) begin : gen_illegal_nf
    $error("dsoc_line_reader: more than 64 line buffers");
  end
  if ((ChunkBeats & (ChunkBeats - 1)) != 0 || (Slots & (Slots - 1)) != 0 || Slots < 2) begin : gen_illegal_chunk
    $error("dsoc_line_reader: ChunkBeats and Slots must be powers of two, Slots at least 2");
  end

  // ---- addresses: one chunk after the other --------------------------------------------------------------------
  typedef enum logic [2:0] {
    Idle,
    Table,
    Block,
    Chunk,
    Guard,
    Send
  } state_e;

  state_e state_q;
  logic [31:0] n_base_q, l_base_q, off_t_q, off_q, cur_q;
  logic [31:0] bytes_behind_q;  // of the segment, behind the byte at `cur_q`
  logic signed [17:0] lam_q;
  logic idle, part_sent, step_seg;
  logic last_seg, last_l, last_n, last_t;
  logic [Nf-1:0] block_need_q;
  logic [SlotBits-1:0] fill_slot_q;
  logic [SlotBits:0] free_q;
  logic slot_freed;

  // Lines of a row block that exist: buffer f holds line lam + f, 0 <= lam + f < lines. Both ends are numbers of buffers,
  // where they are not beyond all of them.
  logic signed [17:0] below;  // lines from the block's first on
  logic [Nf-1:0] from_first, to_last;

  assign below      = $signed({2'b00, lines_i}) - lam_q;
  assign from_first = !lam_q[17] ? '1 : &lam_q[17:FBits] ? ({Nf{1'b1}} << ~lam_q[FBits-1:0]) << 1 : '0;
  assign to_last    = below[17] ? '0 : |below[17:FBits] ? '1 : ~({Nf{1'b1}} << below[FBits-1:0]);

  // The part at `cur_q`, made in Chunk for Send: up to the end of the cell or of the beat, or of the segment.
  logic [31:0] seg_bytes, chunk_offset_q, beat_address;
  logic [31:0] l_guard_q, guard_at_q;  // what the part's data must not be before
  logic [GridBits:0] part_left_q;
  logic [32:0] seg_end;  // the segment's last byte, from the cell's first
  logic [ChunkBits-1:0] first_beat, first_beat_q;
  logic [GridBits-1:0] beat_end, part_end_q;  // last byte of the beat, of the part, in the cell
  logic single, single_q, begins_q;  // a beat a line; the operation's first part is still to come
  logic seg_ends, seg_ends_q, slot_ends_q, slot_sent;

  assign seg_bytes    = last_t ? seg_bytes_last_i : seg_bytes_i;
  assign seg_end      = 33'(bytes_behind_q) + 33'(cur_q[GridBits-1:0]);
  assign beat_end     = cur_q[GridBits-1:0] | GridBits'(BeatBytes - 1);
  assign first_beat   = ChunkBits'(cur_q[GridBits-1:0] >> ByteBits);
  assign single       = begins_q || guarded_i || single_i;
  assign seg_ends     = single ? seg_end >> ByteBits == 33'(first_beat) : seg_end >> GridBits == '0;
  assign beat_address = cur_q & ~32'(BeatBytes - 1);

  // The line buffer whose burst is sent, if the chunk wants any, and those behind it.
  logic [Nf-1:0] wanted, behind, behind_q;
  logic [FBits-1:0] next_f, first_f_q;
  logic none_q, last_q;  // the chunk wants no line; this is its last

  assign wanted = (state_q == Chunk) ? block_need_q : behind_q;
  assign behind = wanted & (wanted - 1'b1);

  always_comb begin
    next_f = '0;
    for (int unsigned f = Nf; f > 0; f--) begin
      if (wanted[f-1]) next_f = FBits'(f - 1);
    end
  end

  // ---- offsets of the lines: multiples of the pitch ----------------------------------------------------------------
  logic [FBits-1:0] f_q;
  logic [31:0] pitch_sum_q, next_f_offset, f_offset_q;
  logic filling_q, table_whole;

  assign table_whole = filling_q && f_q == FBits'(Nf);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      f_q         <= '0;
      pitch_sum_q <= '0;
      filling_q   <= 1'b0;
    end else if (start_i && !enable_i) begin
      filling_q <= 1'b0;
    end else if (filling_q && !table_whole) begin
      f_q         <= f_q + 1'b1;
      pitch_sum_q <= pitch_sum_q + ((state_q == Table) ? line_pitch_i : next_pitch_i);
    end else if (!filling_q && state_q == Idle && (next_valid_i || start_i)) begin
      filling_q   <= 1'b1;
      f_q         <= '0;
      pitch_sum_q <= '0;
    end else if (state_q == Block) begin
      filling_q <= 1'b0;
    end
  end

  dsoc_regfile #(
      .Width(32),
      .Depth(Nf < 2 ? 2 : Nf)
  ) i_offsets (
      .clk_i,
      .wen_i  (filling_q && !table_whole),
      .waddr_i($clog2(Nf < 2 ? 2 : Nf)'(f_q)),
      .wdata_i(pitch_sum_q),
      .raddr_i($clog2(Nf < 2 ? 2 : Nf)'(next_f)),
      .rdata_o(next_f_offset)
  );

  // ---- bursts under way: where their beats go --------------------------------------------------------------------
  typedef struct packed {
    logic                 none;  // an empty part: nothing to wait for
    logic                 last;  // last burst of its part
    logic [SlotBits-1:0]  slot;
    logic [FBits-1:0]     f;
    logic [ChunkBits-1:0] beat;
  } burst_t;

  burst_t issue, oldest, head;
  logic [ChunkBits-1:0] more;  // beats of a burst behind its first
  logic issue_valid, issue_ready, ar_ready, bursts_valid, bursts_ready, head_valid, head_done;

  assign issue.none = none_q;
  assign issue.last = last_q;
  assign issue.slot = fill_slot_q;
  assign issue.f    = first_f_q;
  assign issue.beat = first_beat_q;
  assign more       = ChunkBits'(part_end_q >> ByteBits) - first_beat_q;
  assign issue_valid = state_q == Send && (issue.none || ar_ready);

  dsoc_fifo #(
      .Width($bits(burst_t)),
      .Depth(31)  // and the one at the head
  ) i_bursts (
      .clk_i,
      .rst_ni,
      .data_i (issue),
      .valid_i(issue_valid),
      .ready_o(issue_ready),
      .data_o (oldest),
      .valid_o(bursts_valid),
      .ready_i(bursts_ready),
      .count_o()
  );

  dsoc_stage #(
      .Width($bits(burst_t))
  ) i_head (
      .clk_i,
      .rst_ni,
      .data_i (oldest),
      .valid_i(bursts_valid),
      .ready_o(bursts_ready),
      .data_o (head),
      .valid_o(head_valid),
      .ready_i(head_done)
  );

  logic [31:0] burst_offset;
  assign burst_offset = chunk_offset_q + f_offset_q;

  dsoc_fifo #(
      .Width(AddrBits + 8),
      .Depth(2)
  ) i_ar (
      .clk_i,
      .rst_ni,
      .data_i ({arena_i + AddrBits'(burst_offset), 8'(more)}),
      .valid_i(state_q == Send && !issue.none && issue_ready),
      .ready_o(ar_ready),
      .data_o ({araddr_o, arlen_o}),
      .valid_o(arvalid_o),
      .ready_i(arready_i),
      .count_o()
  );

  // Where the next row block begins, and the next part: one adder each.
  logic [31:0] next_base, next_cur;
  logic at_base;

  assign at_base = idle || (last_l && last_n);
  assign next_base = at_base ? base_i : (last_l ? n_base_q : l_base_q) + (last_l ? n_pitch_i : l_pitch_i);
  assign next_cur = (seg_ends_q ? off_q : single_q ? beat_address : cur_q & ~(Grid - 32'd1)) +
      (seg_ends_q ? seg_step_i : single_q ? 32'(BeatBytes) : Grid);

  logic sent;
  assign sent       = issue_valid && issue_ready;
  assign idle       = state_q == Idle;
  assign part_sent = sent && last_q;
  assign step_seg   = part_sent && seg_ends_q;
  assign slot_sent  = part_sent && slot_ends_q;
  assign idle_o     = idle;
  assign waits_o    = state_q == Guard;

  dsoc_nest #(
      .Loops (4),
      .Widths({{3{6'd16}}, 6'd32})
  ) i_loops (
      .clk_i,
      .rst_ni,
      .load_i     ({4{idle}}),
      .step_i     (step_seg),
      .count_i    ({32'(t_count_i), 32'(n_count_i), 32'(l_count_i), seg_count_i}),
      .one_i      ({t_count_i == 16'd1, n_count_i == 16'd1, l_count_i == 16'd1, seg_count_i == 32'd1}),
      .before_o   (),
      .last_o     ({last_t, last_n, last_l, last_seg}),
      .ends_o     (),
      .ends_next_o()
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q        <= Idle;
      n_base_q       <= '0;
      l_base_q       <= '0;
      off_t_q        <= '0;
      off_q          <= '0;
      cur_q          <= '0;
      bytes_behind_q <= '0;
      lam_q          <= '0;
      block_need_q   <= '0;
      behind_q       <= '0;
      none_q         <= 1'b1;
      last_q         <= 1'b1;
      first_f_q      <= '0;
      f_offset_q     <= '0;
      chunk_offset_q <= '0;
      l_guard_q      <= '0;
      guard_at_q     <= '0;
      part_left_q    <= '0;
      single_q       <= 1'b0;
      begins_q       <= 1'b0;
      slot_ends_q    <= 1'b0;
      first_beat_q   <= '0;
      part_end_q     <= '0;
      seg_ends_q     <= '0;
      fill_slot_q    <= '0;
      free_q         <= (SlotBits + 1)'(Slots);
    end else begin
      l_guard_q <= l_base_q + guard_i;
      unique case (state_q)
        Idle: begin
          begins_q <= 1'b1;
          n_base_q <= next_base;
          l_base_q <= next_base;
          off_t_q  <= off0_i;
          lam_q    <= 18'(lam0_i);
          if (start_i && enable_i) state_q <= table_whole ? Block : Table;
        end
        Table: begin
          if (table_whole) state_q <= Block;
        end
        Block: begin  // a new row block: which lines exist
          block_need_q   <= mask_i & from_first & to_last;
          off_q        <= off_t_q;
          cur_q        <= off_t_q;
          bytes_behind_q <= seg_bytes - 32'd1;
          state_q        <= Chunk;
        end
        Chunk: begin
          none_q         <= wanted == '0;
          chunk_offset_q <= l_base_q + beat_address;
          guard_at_q     <= l_guard_q + beat_address;
          part_left_q    <= single ? (GridBits + 1)'(BeatBytes) - (GridBits + 1)'(cur_q[ByteBits-1:0]) :
              (GridBits + 1)'(Grid) - (GridBits + 1)'(cur_q[GridBits-1:0]);
          first_beat_q   <= first_beat;
          part_end_q     <= seg_ends ? seg_end[GridBits-1:0] : single ? beat_end : '1;
          single_q       <= single;
          seg_ends_q     <= seg_ends;
          slot_ends_q    <= seg_ends || !single || first_beat == ChunkBits'(ChunkBeats - 1);
          if (free_q != '0) state_q <= guarded_i ? Guard : Send;
        end
        Guard: begin
          if (!guarded_i || guard_at_q < mark_i) state_q <= Send;
        end
        Send: begin
          if (sent) begin
            if (part_sent) begin
              if (slot_ends_q) fill_slot_q <= fill_slot_q + 1'b1;
              begins_q       <= 1'b0;
              state_q        <= Chunk;
              cur_q          <= next_cur;
              bytes_behind_q <= bytes_behind_q - 32'(part_left_q);
              if (seg_ends_q) begin
                off_q          <= next_cur;
                bytes_behind_q <= seg_bytes - 32'd1;
                if (last_seg) begin
                  state_q  <= Block;
                  lam_q    <= last_l ? 18'(lam0_i) : lam_q + $signed({2'b00, lam_step_i});
                  l_base_q <= next_base;
                  if (last_l) begin
                    n_base_q <= next_base;
                    if (last_n) begin
                      off_t_q <= off_t_q + t_step_i;
                      if (last_t) state_q <= Idle;
                    end
                  end
                end
              end
            end
          end
        end
        default: state_q <= Idle;
      endcase
      if (state_q == Chunk || sent) begin
        behind_q   <= behind;
        last_q     <= behind == '0;
        first_f_q  <= next_f;
        f_offset_q <= next_f_offset;
      end
      free_q <= free_q - (SlotBits + 1)'(slot_sent) + (SlotBits + 1)'(slot_freed);
    end
  end

  // ---- beats into the buffers ------------------------------------------------------------------------------------
  logic [ChunkBits-1:0] beat_q;
  logic beat_taken, part_comes;

  assign rready_o   = head_valid && !head.none;
  assign beat_taken = rvalid_i && rready_o;
  assign head_done  = head_valid && (head.none || (beat_taken && rlast_i));
  assign part_comes = head_done && (head.none || head.last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_q <= '0;
    else if (beat_taken) beat_q <= rlast_i ? '0 : beat_q + 1'b1;
  end

  // ---- the consumer's side: part by part, in the order in which they were asked for --------------------------------
  typedef struct packed {
    logic [GridBits-1:0] first;  // byte of the cell
    logic [GridBits-1:0] last;
    logic                frees;  // the slot's last part
    logic                over;   // the operation's
    logic                wide;   // it is consumed by lanes, if Mixed
  } part_t;

  part_t sent_part, next_part;
  logic next_valid, there_q, part_ends, takes_part;
  logic frees_q, over_q, ends_q;  // ends_q: the item that is consumed next is the part's last
  logic active_q, going, more_parts;  // items of the operation are still to come: at all; in this part; behind it
  logic [MemBits:0] come_q;  // parts whose data are there, the one that is consumed included
  logic [GridBits-1:0] byte_q, next_byte, end_q;  // consumed next, behind it, and last
  logic [GridBits-1:0] item_q, next_item;  // bits within an item, and within one of the part behind
  logic [SlotBits-1:0] take_slot_q;
  logic [MemBits-1:0] waddr, raddr;

  assign sent_part.first = cur_q[GridBits-1:0];
  assign sent_part.last  = part_end_q;
  assign sent_part.frees = slot_ends_q;
  assign sent_part.over  = seg_ends_q && last_seg && last_l && last_n && last_t;
  assign sent_part.wide  = Mixed && wide_i;

  dsoc_fifo #(
      .Width($bits(part_t)),
      .Depth(Slots * ChunkBeats)  // a part has a beat at least
  ) i_parts (
      .clk_i,
      .rst_ni,
      .data_i (sent_part),
      .valid_i(part_sent),
      .ready_o(),
      .data_o (next_part),
      .valid_o(next_valid),
      .ready_i(takes_part),
      .count_o()
  );

  assign part_ends  = pop_i && ends_q;
  assign takes_part = !there_q || part_ends;
  assign slot_freed = part_ends && frees_q;
  assign going      = (c_start_i && enable_i) || active_q;
  assign more_parts = (c_start_i && enable_i) || (active_q && !over_q);
  assign next_byte  = (byte_q | item_q) + 1'b1;

  if (Mixed) begin : gen_mixed
    assign next_item = GridBits'(beat_mode_i ? BeatBytes - 1 : next_part.wide ? Lanes - 1 : 0);
    always_ff @(posedge clk_i) if (takes_part) item_q <= next_item;
  end else begin : gen_alike
    assign next_item = item_q;
    always_ff @(posedge clk_i) item_q <= GridBits'(beat_mode_i ? BeatBytes - 1 : wide_i ? Lanes - 1 : 0);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q    <= 1'b0;
      there_q     <= 1'b0;
      frees_q     <= 1'b0;
      over_q      <= 1'b0;
      ends_q      <= 1'b0;
      end_q       <= '0;
      byte_q      <= '0;
      come_q      <= '0;
      take_slot_q <= '0;
      valid_o     <= 1'b0;
    end else begin
      active_q <= part_ends ? more_parts : going;
      come_q   <= part_ends ? come_q - (MemBits + 1)'(!part_comes) : come_q + (MemBits + 1)'(part_comes);
      // A part's place in the queue is there before its data are.
      valid_o  <= part_ends ? more_parts && next_valid && (part_comes || come_q > (MemBits + 1)'(1)) :
          going && (there_q || next_valid) && (part_comes || come_q != '0);
      if (takes_part) begin
        there_q <= next_valid;
        byte_q  <= next_part.first;
        end_q   <= next_part.last;
        ends_q  <= (next_part.first | next_item) == (next_part.last | next_item);
        frees_q <= next_part.frees;
        over_q  <= next_part.over;
      end else if (pop_i) begin
        byte_q <= next_byte;
        ends_q <= (next_byte | item_q) == (end_q | item_q);
      end
      if (slot_freed) take_slot_q <= take_slot_q + 1'b1;
    end
  end

  `DSOC_ASSERT(a_place, clk_i, rst_ni, valid_o |-> there_q && come_q != '0)
  `DSOC_ASSERT(a_taken, clk_i, rst_ni, pop_i |-> valid_o)

  assign waddr = MemBits'({head.slot, ChunkBits'(head.beat + beat_q)} >> (ChunkBits - $clog2(ChunkBeats)));
  assign raddr = MemBits'({take_slot_q, ChunkBits'(byte_q >> ByteBits)} >> (ChunkBits - $clog2(ChunkBeats)));

  for (genvar f = 0; f < Nf; f++) begin : gen_line
    logic [AxiBits-1:0] word;
    dsoc_regfile #(
        .Width(AxiBits),
        .Depth(Slots * ChunkBeats)
    ) i_buffer (
        .clk_i,
        .wen_i  (beat_taken && head.f == FBits'(f)),
        .waddr_i(waddr),
        .wdata_i(rdata_i),
        .raddr_i(raddr),
        .rdata_o(word)
    );
    assign beats_o[f*AxiBits+:AxiBits] = word;
    assign bytes_o[0][f*8+:8] = word[8*byte_q[ByteBits-1:0]+:8];
    for (genvar d = 1; d < Lanes; d++) begin : gen_lane
      assign bytes_o[d][f*8+:8] = word[8*(32'(byte_q[ByteBits-1:0])/Lanes*Lanes+d)+:8];
    end
  end

endmodule
