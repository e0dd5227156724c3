`include "dsoc_assert.svh"

/// Pixel gather: what the pixel shifter loads at once, out of the bytes that come one after the other.
///
/// Of ordinary operations an item passes through, to the first set. While `own_i` every elastic group has a channel of its own:
/// the bytes of a column's channels, one a clock (`Lanes` of them while `wide_i`), are kept until all are there, and the next
/// column's come while those are taken. The last iteration may have fewer channels than the others: `next_t_last_i` says
/// whether the column behind the one that is taken belongs to it.
///
/// Parameters:
///   Nf     line buffers: bytes of a channel
///   Sets   channels at most
///   Lanes  channels that come at once at most, a power of two
module dsoc_pixel_gather #(
    parameter int unsigned Nf = 12,
    parameter int unsigned Sets = 8,
    parameter int unsigned Lanes = 1
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    input  logic                    start_i,
    input  logic                    own_i,
    input  logic                    wide_i,
    input  logic                    t_one_i,
    input  logic [            15:0] channels_i,
    input  logic [            15:0] channels_last_i,
    input  logic                    next_t_last_i,
    input  logic [Lanes*8*Nf-1:0]   bytes_i,
    input  logic                    valid_i,
    output logic                    pop_o,
    output logic [ Sets*8*Nf-1:0]   bytes_o,
    output logic                    valid_o,
    input  logic                    take_i
);

  localparam int unsigned CountBits = $clog2(Sets + 1);

  // Items of a column, of all iterations but the last one and of that.
  logic [CountBits-1:0] items_q, items_last_q, items, next_items, count_q, index_q;
  logic one_q, one_last_q, start_q, full_q, ends_q, accept, ends, turn;

  function automatic logic [CountBits-1:0] items_of(input logic [15:0] channels);
    return CountBits'(wide_i ? (channels + 16'(Lanes - 1)) / 16'(Lanes) : channels);
  endfunction

  // The operation begins with a column, each that is taken is followed by one.
  assign turn       = own_i && take_i;
  assign next_items = next_t_last_i ? items_last_q : items_q;
  assign items      = turn ? next_items : count_q;
  assign ends       = turn ? (next_t_last_i ? one_last_q : one_q) : ends_q;
  assign accept     = own_i && valid_i && (!full_q || take_i);
  assign pop_o      = own_i ? accept : take_i;
  assign valid_o    = own_i ? full_q : valid_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      items_q      <= '0;
      items_last_q <= '0;
      one_q        <= 1'b0;
      one_last_q   <= 1'b0;
      start_q      <= 1'b0;
      full_q       <= 1'b0;
      ends_q       <= 1'b0;
      count_q      <= '0;
      index_q      <= '0;
    end else begin
      items_q      <= items_of(channels_i);
      items_last_q <= items_of(channels_last_i);
      one_q        <= items_of(channels_i) == CountBits'(1);
      one_last_q   <= items_of(channels_last_i) == CountBits'(1);
      start_q      <= start_i;
      if (start_q) begin
        count_q <= t_one_i ? items_last_q : items_q;
        ends_q  <= t_one_i ? one_last_q : one_q;
      end else begin
        count_q <= items;
        ends_q  <= accept ? !ends && index_q + CountBits'(2) == items : ends;
      end
      if (accept) index_q <= ends ? '0 : index_q + 1'b1;
      full_q <= (accept && ends) || (full_q && !turn);
    end
  end

  `DSOC_ASSERT(a_taken, clk_i, rst_ni, turn |-> full_q)

  for (genvar s = 0; s < Sets; s++) begin : gen_set
    logic [8*Nf-1:0] kept_q;
    logic mine;

    assign mine = wide_i ? index_q == CountBits'(s / Lanes) : index_q == CountBits'(s);

    always_ff @(posedge clk_i) begin
      if (accept && mine) kept_q <= bytes_i[(wide_i ? s % Lanes : 0) * 8 * Nf+:8*Nf];
    end

    if (s == 0) begin : gen_first
      assign bytes_o[0+:8*Nf] = own_i ? kept_q : bytes_i[0+:8*Nf];
    end else begin : gen_other
      assign bytes_o[s*8*Nf+:8*Nf] = kept_q;
    end
  end

endmodule
