/// Two AXI4 write masters on one port. Bursts are answered in order, so two queues of owners route data and answers.
///
/// Master 0 wins when both ask. The address channel is registered once. The data of a burst follow in the order of the
/// addresses; a master's data may wait for its turn, never the other way round.
///
/// Parameters:
///   AddrBits    address bits
///   DataBits    data bits
///   MaxPending  bursts that may be outstanding
module dsoc_soc_write_arb #(
    parameter int unsigned AddrBits   = 40,
    parameter int unsigned DataBits   = 64,
    parameter int unsigned MaxPending = 16
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [  AddrBits-1:0] s0_awaddr_i,
    input  logic [           7:0] s0_awlen_i,
    input  logic                  s0_awvalid_i,
    output logic                  s0_awready_o,
    input  logic [  DataBits-1:0] s0_wdata_i,
    input  logic [DataBits/8-1:0] s0_wstrb_i,
    input  logic                  s0_wlast_i,
    input  logic                  s0_wvalid_i,
    output logic                  s0_wready_o,
    output logic                  s0_bvalid_o,
    input  logic                  s0_bready_i,
    input  logic [  AddrBits-1:0] s1_awaddr_i,
    input  logic [           7:0] s1_awlen_i,
    input  logic                  s1_awvalid_i,
    output logic                  s1_awready_o,
    input  logic [  DataBits-1:0] s1_wdata_i,
    input  logic [DataBits/8-1:0] s1_wstrb_i,
    input  logic                  s1_wlast_i,
    input  logic                  s1_wvalid_i,
    output logic                  s1_wready_o,
    output logic                  s1_bvalid_o,
    input  logic                  s1_bready_i,
    output logic [  AddrBits-1:0] m_awaddr_o,
    output logic [           7:0] m_awlen_o,
    output logic                  m_awvalid_o,
    input  logic                  m_awready_i,
    output logic [  DataBits-1:0] m_wdata_o,
    output logic [DataBits/8-1:0] m_wstrb_o,
    output logic                  m_wlast_o,
    output logic                  m_wvalid_o,
    input  logic                  m_wready_i,
    input  logic                  m_bvalid_i,
    output logic                  m_bready_o
);

  logic room, aw_space, w_space, b_space, take, w_owner, w_known, b_owner, b_known;

  assign room         = aw_space && w_space && b_space;
  assign take         = room && (s0_awvalid_i || s1_awvalid_i);
  assign s0_awready_o = room;
  assign s1_awready_o = room && !s0_awvalid_i;

  dsoc_fifo #(
      .Width(AddrBits + 8),
      .Depth(2)
  ) i_aw (
      .clk_i,
      .rst_ni,
      .data_i (s0_awvalid_i ? {s0_awaddr_i, s0_awlen_i} : {s1_awaddr_i, s1_awlen_i}),
      .valid_i(take),
      .ready_o(aw_space),
      .data_o ({m_awaddr_o, m_awlen_o}),
      .valid_o(m_awvalid_o),
      .ready_i(m_awready_i),
      .count_o()
  );

  dsoc_fifo #(
      .Width(1),
      .Depth(MaxPending)
  ) i_data_owner (
      .clk_i,
      .rst_ni,
      .data_i (!s0_awvalid_i),
      .valid_i(take),
      .ready_o(w_space),
      .data_o (w_owner),
      .valid_o(w_known),
      .ready_i(m_wvalid_o && m_wready_i && m_wlast_o),
      .count_o()
  );

  dsoc_fifo #(
      .Width(1),
      .Depth(MaxPending)
  ) i_answer_owner (
      .clk_i,
      .rst_ni,
      .data_i (!s0_awvalid_i),
      .valid_i(take),
      .ready_o(b_space),
      .data_o (b_owner),
      .valid_o(b_known),
      .ready_i(m_bvalid_i && m_bready_o),
      .count_o()
  );

  assign m_wdata_o   = w_owner ? s1_wdata_i : s0_wdata_i;
  assign m_wstrb_o   = w_owner ? s1_wstrb_i : s0_wstrb_i;
  assign m_wlast_o   = w_owner ? s1_wlast_i : s0_wlast_i;
  assign m_wvalid_o  = w_known && (w_owner ? s1_wvalid_i : s0_wvalid_i);
  assign s0_wready_o = w_known && !w_owner && m_wready_i;
  assign s1_wready_o = w_known && w_owner && m_wready_i;
  assign s0_bvalid_o = b_known && !b_owner && m_bvalid_i;
  assign s1_bvalid_o = b_known && b_owner && m_bvalid_i;
  assign m_bready_o  = b_known && (b_owner ? s1_bready_i : s0_bready_i);

endmodule
