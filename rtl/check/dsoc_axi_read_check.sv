`include "dsoc_assert.svh"

/// Rules of an AXI4 read port with one ID. Sections with a letter are those of ARM IHI 0022E.
///
/// Parameters:
///   MaxPending  bursts that wait for their last beat at most; the others as of dsoc_axi_address_check
module dsoc_axi_read_check #(
    parameter int unsigned AddrBits = 40,
    parameter int unsigned DataBits = 64,
    parameter int unsigned MaxBeats = 16,
    parameter int unsigned MaxPending = 16,
    parameter bit Aligned = 1'b1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [AddrBits-1:0] araddr_i,
    input logic [7:0] arlen_i,
    input logic [2:0] arsize_i,
    input logic [1:0] arburst_i,
    input logic arvalid_i,
    input logic arready_i,
    input logic [DataBits-1:0] rdata_i,
    input logic [1:0] rresp_i,
    input logic rlast_i,
    input logic rvalid_i,
    input logic rready_i
);

  localparam int unsigned PtrBits = $clog2(MaxPending + 1);

  logic [7:0] lengths[1<<PtrBits];
  logic [PtrBits-1:0] newest_q, oldest_q;
  logic [PtrBits:0] pending_q;
  logic [7:0] beat_q;
  logic asked, beat, ended;

  assign asked = arvalid_i && arready_i;
  assign beat  = rvalid_i && rready_i;
  assign ended = beat && rlast_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      newest_q  <= '0;
      oldest_q  <= '0;
      pending_q <= '0;
      beat_q    <= '0;
    end else begin
      newest_q  <= newest_q + PtrBits'(asked);
      oldest_q  <= oldest_q + PtrBits'(ended);
      pending_q <= pending_q + (PtrBits + 1)'(asked) - (PtrBits + 1)'(ended);
      if (beat) beat_q <= rlast_i ? '0 : beat_q + 8'd1;
    end
  end
  always_ff @(posedge clk_i) if (asked) lengths[newest_q] <= arlen_i;

  dsoc_axi_address_check #(
      .AddrBits(AddrBits),
      .DataBits(DataBits),
      .MaxBeats(MaxBeats),
      .Aligned (Aligned)
  ) i_ar (
      .clk_i,
      .rst_ni,
      .valid_i(arvalid_i),
      .ready_i(arready_i),
      .addr_i (araddr_i),
      .len_i  (arlen_i),
      .size_i (arsize_i),
      .burst_i(arburst_i)
  );

  dsoc_axi_channel_check #(
      .Width(DataBits + 3)
  ) i_r (
      .clk_i,
      .rst_ni,
      .valid_i  (rvalid_i),
      .ready_i  (rready_i),
      .payload_i({rdata_i, rresp_i, rlast_i})
  );

  // A3.3.1: RVALID comes behind ARVALID and ARREADY: no data that nobody asked for.
  `DSOC_ASSERT(a_orphan, clk_i, rst_ni, rvalid_i |-> pending_q != '0)
  // A3.2.2: RLAST with the last beat of the burst, A3.4.1: which has as many as its address said.
  `DSOC_ASSERT(a_last, clk_i, rst_ni, rvalid_i && pending_q != '0 |-> rlast_i == (beat_q == lengths[oldest_q]))
  // A3.4.4, for AXI4-Lite B1.1.1: EXOKAY answers exclusive accesses alone.
  `DSOC_ASSERT(a_response, clk_i, rst_ni, rvalid_i |-> rresp_i != 2'b01)
  // A3.2.2: RVALID is high only with valid data.
  `DSOC_ASSERT(a_known, clk_i, rst_ni, rvalid_i |-> !$isunknown({rresp_i, rlast_i}))
  // Project (docs/architecture.md, section 6): bursts under way.
  `DSOC_ASSERT(a_bound, clk_i, rst_ni, asked |-> ended || 32'(pending_q) < MaxPending)

endmodule
