`include "dsoc_assert.svh"

/// Rules of an AXI4 address channel. Sections with a letter are those of ARM IHI 0022E; "project" is what this accelerator
/// promises beyond them (docs/architecture.md, section 6).
///
/// Parameters:
///   AddrBits  bits of an address
///   DataBits  bits of a beat
///   MaxBeats  beats of a burst at most
///   Aligned   addresses are multiples of a beat
module dsoc_axi_address_check #(
    parameter int unsigned AddrBits = 40,
    parameter int unsigned DataBits = 64,
    parameter int unsigned MaxBeats = 16,
    parameter bit Aligned = 1'b1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic valid_i,
    input logic ready_i,
    input logic [AddrBits-1:0] addr_i,
    input logic [7:0] len_i,
    input logic [2:0] size_i,
    input logic [1:0] burst_i
);

  localparam int unsigned BeatBytes = DataBits / 8;
  localparam int unsigned Size = $clog2(BeatBytes);

  logic [16:0] bytes, first;  // of the burst, and its first byte within 4 KiB
  assign bytes = (17'(len_i) + 17'd1) << Size;
  assign first = 17'(addr_i[11:0]) & ~17'(BeatBytes - 1);

  dsoc_axi_channel_check #(
      .Width(AddrBits + 13)
  ) i_channel (
      .clk_i,
      .rst_ni,
      .valid_i,
      .ready_i,
      .payload_i({addr_i, len_i, size_i, burst_i})
  );

  // A3.4.1: a burst does not cross 4 KiB.
  `DSOC_ASSERT(a_page, clk_i, rst_ni, valid_i |-> first + bytes <= 17'd4096)
  // A3.4.1: a transfer is no wider than the bus. Project: and no narrower.
  `DSOC_ASSERT(a_size, clk_i, rst_ni, valid_i |-> size_i == 3'(Size))
  // A3.4.1: burst type 3 is reserved. Project: all are INCR.
  `DSOC_ASSERT(a_type, clk_i, rst_ni, valid_i |-> burst_i == 2'b01)
  // A3.4.1: 1 to 256 beats. Project: no more than the parameter says.
  `DSOC_ASSERT(a_length, clk_i, rst_ni, valid_i |-> 32'(len_i) < MaxBeats)
  // Project: a burst begins with a whole beat.
  `DSOC_ASSERT(a_aligned, clk_i, rst_ni, valid_i && Aligned |-> (addr_i & AddrBits'(BeatBytes - 1)) == '0)
  // A3.2.2: VALID is high only with valid address and control information.
  `DSOC_ASSERT(a_known, clk_i, rst_ni, valid_i |-> !$isunknown({addr_i, len_i, size_i, burst_i}))

endmodule
