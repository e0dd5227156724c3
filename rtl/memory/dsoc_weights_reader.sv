/// Weights reader and rotator: fetches the weights stream and keeps two blocks of it on chip.
///
/// Commands (offset, beats) are queued; each names a stream of blocks (docs/architecture.md, section 4). A block's weights go
/// into one of two banks, its biases into one of eight small ones, so that the next iterations load while this one runs
/// and those before still drain. The consumer sees `block_valid_o` once a block's biases are there, reads words by
/// address within the block (one clock) while `block_whole_o`, or while `word_valid_o` says that the word at `addr_i` has come. That is
/// a register made of the address before and `read_i`; it means nothing in the first clock of an address that does not follow in a
/// block whose first words may be missing. The consumer gives the bank back with
/// `release_i`, not before `block_whole_o`. A bias comes a clock after `bias_read_i`.
///
/// With resident weights a block may be for their memory: its words leave by `fill_o` as they come, and the consumer
/// sees nothing of it. A block with biases may have no words then.
///
/// With several ports a beat of the stream is one beat of each. The stream lies in memory in cells of MaxBurst such beats, at a
/// multiple of MaxBurst beats of a port: first those of port 0, then those of port 1, ….
///
/// Parameters:
///   Cols, KBits, WordBits   columns, bits of a weight, bits of a stored word (>= Cols*KBits)
///   Depth                   words of a bank
///   AxiBits, AddrBits       of a port
///   MaxBurst                beats of a burst, power of two
///   Ports                   that the stream comes by, 1 to 3
///   ChannelBits             bits of a bias, 32, or 64 with what else its channel has beside it
///   Lanes                   biases that are read at once, from an aligned group of as many; the first alone from anywhere
///   Resident                there are resident weights
module dsoc_weights_reader #(
    parameter int unsigned Cols = 24,
    parameter int unsigned KBits = 4,
    parameter int unsigned WordBits = 96,
    parameter int unsigned Depth = 2048,
    parameter int unsigned AxiBits = 128,
    parameter int unsigned AddrBits = 40,
    parameter int unsigned MaxBurst = 16,
    parameter int unsigned Ports = 1,
    parameter int unsigned ChannelBits = 32,
    parameter int unsigned Lanes = 1,
    parameter bit Resident = 1'b0
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic [AddrBits-1:0] arena_i,

    input  logic [31:0] cmd_offset_i,
    input  logic [31:0] cmd_beats_i,
    input  logic        cmd_valid_i,
    output logic        cmd_ready_o,

    output logic [Ports*AddrBits-1:0] araddr_o,
    output logic [               7:0] arlen_o,    // of all ports
    output logic [         Ports-1:0] arvalid_o,
    input  logic [         Ports-1:0] arready_i,
    input  logic [ Ports*AxiBits-1:0] rdata_i,
    input  logic [         Ports-1:0] rvalid_i,
    output logic [         Ports-1:0] rready_o,

    output logic                     block_valid_o,
    output logic                     block_whole_o,
    output logic [             19:0] block_words_o,
    output logic                     word_valid_o,
    input  logic                     release_i,
    input  logic                     read_i,
    input  logic [$clog2(Depth)-1:0] addr_i,
    output logic [   Cols*KBits-1:0] weights_o,

    output logic                     fill_o,
    output logic [   Cols*KBits-1:0] fill_word_o,

    input  logic [ 2:0] bias_bank_i,
    input  logic [15:0] bias_index_i,
    input  logic        bias_read_i,
    output logic [Lanes-1:0][ChannelBits-1:0] bias_o,

    output logic error_o
);

  localparam int unsigned BeatBytes = AxiBits / 8;
  localparam int unsigned ByteBits = $clog2(BeatBytes);
  localparam int unsigned FifoBeats = (4 * MaxBurst > 16) ? 4 * MaxBurst : 16;
  localparam int unsigned StreamBits = Ports * AxiBits;
  localparam int unsigned BiasPerBeat = (Ports < 3 ? Ports : 2) * AxiBits / ChannelBits;  // a power of two
  localparam int unsigned BiasBeats = (Cols + BiasPerBeat - 1) / BiasPerBeat;
  localparam int unsigned BiasAddr = (BiasBeats > 1) ? $clog2(BiasBeats) : 1;
  localparam int unsigned BiasDepth = 8 << BiasAddr;
  localparam int unsigned MostRegfile = 64;  // words that lookup tables hold without a multiplexer behind them
  localparam int unsigned DepthBits = $clog2(Depth);
  // Words and beats are counted in a unit of both.
  localparam int unsigned Unit = Ports * ((AxiBits / 8 > 8) ? AxiBits / 8 : 8);
  localparam int unsigned OutUnits = WordBits / Unit;
  localparam int unsigned InUnits = StreamBits / Unit;
  localparam int unsigned SizeBits = $clog2((Depth + 1) * OutUnits + InUnits);

  if ((MaxBurst & (MaxBurst - 1)) != 0 || MaxBurst * BeatBytes > 4096) begin : gen_illegal_burst
    $error("dsoc_weights_reader: MaxBurst must be a power of two and a burst at most 4096 bytes");
  end
  if (WordBits % Unit != 0 || WordBits < Cols * KBits) begin : gen_illegal_word
    $error("dsoc_weights_reader: WordBits must hold Cols*KBits bits and be a multiple of Ports*AxiBits/8 (or Ports*8)");
  end
  if (Lanes > BiasPerBeat || (Lanes & (Lanes - 1)) != 0) begin : gen_illegal_lanes
    $error("dsoc_weights_reader: Lanes must be a power of two, at most the biases of a beat");
  end
  if (Ports < 1 || Ports > 3) begin : gen_illegal_ports
    $error("dsoc_weights_reader: Ports must be 1 to 3");
  end
  if (Depth < 2) begin : gen_illegal_depth
    $error("dsoc_weights_reader: Depth must be at least 2");
  end

  // ---- bursts ------------------------------------------------------------------------------------------------------
  localparam int unsigned BurstBits = $clog2(MaxBurst + 1);
  logic [31:0] offset, beats, left_q, left;
  logic [AddrBits-1:0] at_q;
  logic [BurstBits-1:0] burst_q, room, first;  // beats: of the burst; up to the first boundary; of the first burst
  logic cmd_valid, active_q, ar_fire;
  logic [Ports-1:0] taken_q;  // ports that have taken the burst, and wait for the others
  logic [$clog2(FifoBeats+1)-1:0] credit_q;
  logic [StreamBits-1:0] beat;
  logic [Ports-1:0] beats_valid;
  logic beat_valid, beat_ready;

  // A stream's first burst ends at a boundary of bursts, so that all others begin at one.
  assign room = BurstBits'(MaxBurst) - BurstBits'(BurstBits'(cmd_offset_i >> ByteBits) & BurstBits'(MaxBurst - 1));

  dsoc_fifo #(
      .Width(64 + BurstBits),
      .Depth(2)
  ) i_cmd (
      .clk_i,
      .rst_ni,
      .data_i ({cmd_offset_i, cmd_beats_i, (cmd_beats_i < 32'(room)) ? BurstBits'(cmd_beats_i) : room}),
      .valid_i(cmd_valid_i),
      .ready_o(cmd_ready_o),
      .data_o ({offset, beats, first}),
      .valid_o(cmd_valid),
      .ready_i(!active_q),
      .count_o()
  );

  assign left      = left_q - 32'(burst_q);
  assign arlen_o   = 8'(burst_q - 1'b1);
  // Once raised, arvalid stays: credits only grow while it waits.
  assign arvalid_o = active_q && credit_q >= ($clog2(FifoBeats + 1))'(burst_q) ? ~taken_q : '0;
  assign ar_fire   = arvalid_o != '0 && &(arready_i | taken_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      at_q     <= '0;
      left_q   <= '0;
      burst_q  <= '0;
      credit_q <= ($clog2(FifoBeats + 1))'(FifoBeats);
      taken_q  <= '0;
    end else begin
      taken_q <= ar_fire ? '0 : taken_q | (arvalid_o & arready_i);
      if (!active_q) begin
        active_q <= cmd_valid && beats != '0;
        at_q     <= arena_i + AddrBits'(offset);
        left_q   <= beats;
        burst_q  <= first;
      end else if (ar_fire) begin
        at_q     <= at_q + (Ports > 1 ? AddrBits'(Ports * MaxBurst * BeatBytes) : AddrBits'(burst_q) << ByteBits);
        left_q   <= left;
        burst_q  <= (left < 32'(MaxBurst)) ? BurstBits'(left) : BurstBits'(MaxBurst);
        active_q <= left != '0;
      end
      credit_q <= credit_q - (ar_fire ? ($clog2(
          FifoBeats + 1
      ))'(burst_q) : '0) + ($clog2(
          FifoBeats + 1
      ))'(beat_valid && beat_ready);
    end
  end

  assign beat_valid = &beats_valid;

  for (genvar p = 0; p < Ports; p++) begin : gen_port
    assign araddr_o[p*AddrBits+:AddrBits] = at_q + AddrBits'(p * MaxBurst * BeatBytes);

    dsoc_fifo #(
        .Width(AxiBits),
        .Depth(FifoBeats)
    ) i_beats (
        .clk_i,
        .rst_ni,
        .data_i (rdata_i[p*AxiBits+:AxiBits]),
        .valid_i(rvalid_i[p]),
        .ready_o(rready_o[p]),
        .data_o (beat[p*AxiBits+:AxiBits]),
        .valid_o(beats_valid[p]),
        .ready_i(beat_ready && beat_valid),
        .count_o()
    );
  end

  // ---- blocks --------------------------------------------------------------------------------------------------------
  typedef enum logic [1:0] {
    Header,
    Bias,
    Words
  } state_e;

  state_e state_q;
  logic bank_q, use_bank_q;
  logic [1:0] blocks_q;
  logic [2:0] bias_bank_q;
  logic [19:0] words_left_q, waddr_q;
  logic [SizeBits-1:0] units_left_q;  // of the block's words, in beats still to come
  logic more_q;  // some
  logic here, here_next;
  logic [19:0] bank_words_q[2];
  logic [11:0] bias_left_q;
  logic [BiasAddr-1:0] bias_addr_q;
  logic [WordBits-1:0] word;
  logic word_valid, gear_ready, loaded, last_word;
  logic fills, bias_ends, no_words;  // the block is for resident weights; its last bias comes; it has biases alone
  logic sizing_q;  // the clock behind a header: how many beats its words take

  logic [19:0] words;  // of a header

  assign words = Resident ? {1'b0, beat[18:0]} : beat[19:0];

  // A late `read_i` chooses between two comparisons.
  assign here      = (DepthBits + 1)'(addr_i) < (DepthBits + 1)'(waddr_q);
  assign here_next = (DepthBits + 1)'(addr_i) + 1'b1 < (DepthBits + 1)'(waddr_q);
  assign last_word  = word_valid && state_q == Words && words_left_q == 20'd1;
  assign bias_ends  = state_q == Bias && beat_valid && bias_left_q <= 12'(BiasPerBeat);
  assign no_words   = Resident && bias_ends && words_left_q == '0;
  assign loaded     = (last_word && !fills) || no_words;
  assign fill_o     = fills && word_valid && state_q == Words;
  assign fill_word_o = word[Cols*KBits-1:0];

  if (Resident) begin : gen_fills
    logic fills_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) fills_q <= 1'b0;
      else if (state_q == Header && beat_valid && beat_ready) fills_q <= beat[19];
    end
    assign fills = fills_q;
  end else begin : gen_no_fills
    assign fills = 1'b0;
  end

  assign beat_ready = (state_q == Header) ? blocks_q != 2'd2 : (state_q == Bias) || (gear_ready && more_q);

  dsoc_gearbox #(
      .InWidth (StreamBits),
      .OutWidth(WordBits)
  ) i_gearbox (
      .clk_i,
      .rst_ni,
      .flush_i(last_word),
      .data_i (beat),
      .valid_i(beat_valid && state_q == Words && more_q),
      .ready_o(gear_ready),
      .data_o (word),
      .valid_o(word_valid),
      .ready_i(1'b1)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q      <= Header;
      bank_q       <= 1'b0;
      use_bank_q   <= 1'b0;
      blocks_q     <= '0;
      bias_bank_q  <= 3'd7;
      words_left_q <= '0;
      units_left_q <= '0;
      more_q       <= 1'b0;
      word_valid_o <= 1'b0;
      sizing_q     <= 1'b0;
      waddr_q      <= '0;
      bank_words_q <= '{default: '0};
      bias_left_q  <= '0;
      bias_addr_q  <= '0;
      error_o      <= 1'b0;
    end else begin
      unique case (state_q)
        Header: begin
          if (beat_valid && beat_ready) begin
            words_left_q         <= words;
            bank_words_q[bank_q] <= words;
            bias_left_q          <= beat[31:20];
            bias_addr_q          <= '0;
            waddr_q              <= '0;
            if (beat[31:20] != '0) bias_bank_q <= bias_bank_q + 3'd1;
            state_q <= (beat[31:20] != '0) ? Bias : Words;
          end
        end
        Bias: begin
          if (beat_valid) begin
            bias_addr_q <= bias_addr_q + 1'b1;
            bias_left_q <= bias_left_q - 12'(BiasPerBeat);
            if (bias_ends) state_q <= no_words ? Header : Words;
          end
        end
        default: begin
          if (beat_valid && beat_ready) begin
            units_left_q <= units_left_q - SizeBits'(InUnits);
            more_q       <= units_left_q > SizeBits'(InUnits);
          end
          if (word_valid) begin
            waddr_q      <= waddr_q + 20'd1;
            words_left_q <= words_left_q - 20'd1;
            if (last_word) begin
              state_q <= Header;
            end
          end
        end
      endcase
      sizing_q <= state_q == Header && beat_valid && beat_ready;
      if (sizing_q) begin
        units_left_q <= SizeBits'(words_left_q) * SizeBits'(OutUnits);
        more_q       <= words_left_q != '0;
        if (32'(words_left_q) > Depth || 32'(bias_left_q) > Cols) error_o <= 1'b1;
        if (words_left_q == '0 && (!Resident || bias_left_q == '0)) error_o <= 1'b1;
      end
      if (loaded) bank_q <= !bank_q;
      if (release_i) use_bank_q <= !use_bank_q;
      word_valid_o <= state_q == Words && !fills && !release_i && (read_i ? here_next : here);
      blocks_q <= blocks_q + 2'(loaded) - 2'(release_i);
    end
  end

  // A block may be used while its end is still being fetched.
  assign block_valid_o = blocks_q != '0 || (state_q == Words && !fills);
  assign block_whole_o = blocks_q != '0;
  assign block_words_o = bank_words_q[use_bank_q];

  logic [WordBits-1:0] read_word;
  dsoc_ram #(
      .Width(WordBits),
      .Depth(2 << DepthBits)
  ) i_weights (
      .clk_i,
      .wen_i  (word_valid && state_q == Words),  // resident words too: the bank is free
      .waddr_i({bank_q, DepthBits'(waddr_q)}),
      .wdata_i(word),
      .ren_i  (read_i),
      .raddr_i({use_bank_q, addr_i}),
      .rdata_o(read_word)
  );
  assign weights_o = read_word[Cols*KBits-1:0];

  localparam int unsigned BiasBits = ChannelBits * BiasPerBeat;
  logic [BiasBits-1:0] bias_beat;
  logic bias_wen;
  logic [BiasAddr+2:0] bias_waddr, bias_raddr;
  logic [15:0] bias_place;  // in its beat

  assign bias_wen   = beat_valid && state_q == Bias;
  assign bias_waddr = {bias_bank_q, bias_addr_q};
  assign bias_raddr = {bias_bank_i, BiasAddr'(bias_index_i / BiasPerBeat)};
  assign bias_place = 16'(32'(bias_index_i) % BiasPerBeat);

  // Lanes behind the first are asked for in aligned groups only.
  function automatic logic [Lanes-1:0][ChannelBits-1:0] biases(logic [BiasBits-1:0] of_beat, logic [15:0] place);
    biases[0] = of_beat[ChannelBits*place+:ChannelBits];
    for (int unsigned d = 1; d < Lanes; d++) begin
      biases[d] = of_beat[ChannelBits*(32'(place)/Lanes*Lanes+d)+:ChannelBits];
    end
  endfunction

  if (BiasDepth > MostRegfile) begin : gen_bias_ram
    logic [15:0] bias_place_q;

    dsoc_ram #(
        .Width(BiasBits),
        .Depth(BiasDepth)
    ) i_bias (
        .clk_i,
        .wen_i  (bias_wen),
        .waddr_i(bias_waddr),
        .wdata_i(beat[BiasBits-1:0]),
        .ren_i  (bias_read_i),
        .raddr_i(bias_raddr),
        .rdata_o(bias_beat)
    );
    assign bias_o = biases(bias_beat, bias_place_q);

    always_ff @(posedge clk_i) begin
      if (bias_read_i) bias_place_q <= bias_place;
    end
  end else begin : gen_bias_regfile
    dsoc_regfile #(
        .Width(BiasBits),
        .Depth(BiasDepth)
    ) i_bias (
        .clk_i,
        .wen_i  (bias_wen),
        .waddr_i(bias_waddr),
        .wdata_i(beat[BiasBits-1:0]),
        .raddr_i(bias_raddr),
        .rdata_o(bias_beat)
    );

    always_ff @(posedge clk_i) begin
      if (bias_read_i) bias_o <= biases(bias_beat, bias_place);
    end
  end

endmodule
