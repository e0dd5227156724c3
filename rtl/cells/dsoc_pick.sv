/// One of several words by its index, combinationally: a tree of multiplexers of four, which are one lookup table a bit on most
/// FPGAs.
///
/// Parameters:
///   Count  words
///   Width  bits of a word
module dsoc_pick #(
    parameter  int unsigned Count     = 24,
    parameter  int unsigned Width     = 32,
    localparam int unsigned IndexBits = (Count > 1) ? $clog2(Count) : 1
) (
    input  logic [Count*Width-1:0] words_i,
    input  logic [  IndexBits-1:0] index_i,
    output logic [      Width-1:0] word_o
);

  localparam int unsigned Fours = (Count + 3) / 4;

  logic [Fours*Width-1:0] fours;

  for (genvar f = 0; f < Fours; f++) begin : gen_four
    localparam int unsigned Words = (Count - 4 * f < 4) ? Count - 4 * f : 4;
    logic [4*Width-1:0] words;
    logic [1:0] index;
    // Words that do not exist are as the last one, which costs nothing.
    for (genvar w = 0; w < 4; w++) begin : gen_word
      localparam int unsigned From = 4 * f + ((w < Words) ? w : Words - 1);
      assign words[w*Width+:Width] = words_i[From*Width+:Width];
    end
    assign index = 2'(index_i);
    assign fours[f*Width+:Width] = index[1] ? (index[0] ? words[3*Width+:Width] : words[2*Width+:Width]) :
        (index[0] ? words[Width+:Width] : words[0+:Width]);
  end

  if (Fours == 1) begin : gen_end
    assign word_o = fours;
  end else begin : gen_more
    dsoc_pick #(
        .Count(Fours),
        .Width(Width)
    ) i_pick (
        .words_i(fours),
        .index_i(index_i[IndexBits-1:2]),
        .word_o
    );
  end

endmodule
