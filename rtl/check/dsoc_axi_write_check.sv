`include "dsoc_assert.svh"

/// Rules of an AXI4 write port with one ID, whose data may come before their address. Sections with a letter are those of
/// ARM IHI 0022E.
///
/// Parameters:
///   MaxPending  bursts that wait for their answer at most; the others as of dsoc_axi_address_check
module dsoc_axi_write_check #(
    parameter int unsigned AddrBits = 40,
    parameter int unsigned DataBits = 64,
    parameter int unsigned MaxBeats = 16,
    parameter int unsigned MaxPending = 64,
    parameter bit Aligned = 1'b1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [AddrBits-1:0] awaddr_i,
    input logic [7:0] awlen_i,
    input logic [2:0] awsize_i,
    input logic [1:0] awburst_i,
    input logic awvalid_i,
    input logic awready_i,
    input logic [DataBits-1:0] wdata_i,
    input logic [DataBits/8-1:0] wstrb_i,
    input logic wlast_i,
    input logic wvalid_i,
    input logic wready_i,
    input logic [1:0] bresp_i,
    input logic bvalid_i,
    input logic bready_i
);

  localparam int unsigned PtrBits = $clog2(MaxPending + 2);

  logic [7:0] lengths[1<<PtrBits];  // by address: beats less one
  logic [7:0] found[1<<PtrBits];  // by data that came before their address
  logic [PtrBits-1:0] address_q, burst_q;
  logic [PtrBits:0] addresses_q, bursts_q;  // taken and not answered; of bursts, all their beats
  logic [7:0] beat_q, length;
  logic address, beat, ended, answer, known;

  assign address = awvalid_i && awready_i;
  assign beat = wvalid_i && wready_i;
  assign ended = beat && wlast_i;
  assign answer = bvalid_i && bready_i;
  assign known = addresses_q > bursts_q || (addresses_q == bursts_q && address);  // the address of the beat's burst
  assign length = addresses_q > bursts_q ? lengths[burst_q] : awlen_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      address_q   <= '0;
      burst_q     <= '0;
      addresses_q <= '0;
      bursts_q    <= '0;
      beat_q      <= '0;
    end else begin
      address_q   <= address_q + PtrBits'(address);
      burst_q     <= burst_q + PtrBits'(ended);
      addresses_q <= addresses_q + (PtrBits + 1)'(address) - (PtrBits + 1)'(answer);
      bursts_q    <= bursts_q + (PtrBits + 1)'(ended) - (PtrBits + 1)'(answer);
      if (beat) beat_q <= wlast_i ? '0 : beat_q + 8'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (address) lengths[address_q] <= awlen_i;
    if (ended) found[burst_q] <= beat_q;
  end

  dsoc_axi_address_check #(
      .AddrBits(AddrBits),
      .DataBits(DataBits),
      .MaxBeats(MaxBeats),
      .Aligned (Aligned)
  ) i_aw (
      .clk_i,
      .rst_ni,
      .valid_i(awvalid_i),
      .ready_i(awready_i),
      .addr_i (awaddr_i),
      .len_i  (awlen_i),
      .size_i (awsize_i),
      .burst_i(awburst_i)
  );

  dsoc_axi_channel_check #(
      .Width(DataBits + DataBits / 8 + 1)
  ) i_w (
      .clk_i,
      .rst_ni,
      .valid_i  (wvalid_i),
      .ready_i  (wready_i),
      .payload_i({wdata_i, wstrb_i, wlast_i})
  );

  dsoc_axi_channel_check #(
      .Width(2)
  ) i_b (
      .clk_i,
      .rst_ni,
      .valid_i  (bvalid_i),
      .ready_i  (bready_i),
      .payload_i(bresp_i)
  );

  // A3.2.2: WLAST with the last beat of the burst and no other, A3.4.1: which has as many as its address says.
  `DSOC_ASSERT(a_last, clk_i, rst_ni, beat && known |-> wlast_i ? beat_q == length : beat_q < length)
  // The same where the address comes behind all its data.
  `DSOC_ASSERT(a_length, clk_i, rst_ni, address && addresses_q < bursts_q |-> awlen_i == found[address_q])
  // A3.3.1: BVALID comes behind the last data and, in AXI4, behind the address: no answer to what was not asked.
  `DSOC_ASSERT(a_orphan, clk_i, rst_ni, bvalid_i |-> addresses_q != '0 && bursts_q != '0)
  // A3.4.4, for AXI4-Lite B1.1.1: EXOKAY answers exclusive accesses alone.
  `DSOC_ASSERT(a_response, clk_i, rst_ni, bvalid_i |-> bresp_i != 2'b01)
  // A3.2.2: VALID is high only with valid information; bytes that are not written say nothing.
  `DSOC_ASSERT(a_known, clk_i, rst_ni, !(wvalid_i && $isunknown({wstrb_i, wlast_i})) &&
               !(bvalid_i && $isunknown(bresp_i)))
  // Project (docs/architecture.md, section 6): bursts under way, by address and by data.
  `DSOC_ASSERT(a_bound, clk_i, rst_ni, !answer |-> !(address && 32'(addresses_q) >= MaxPending) &&
               !(ended && 32'(bursts_q) >= MaxPending))

endmodule
