/// Two AXI4 read masters share one port; bursts are answered in order, so a queue of owners routes the data.
///
/// Master 0 wins when both ask. The address channel is registered once.
///
/// Parameters:
///   AddrBits    address bits
///   MaxPending  bursts that may be outstanding
module dsoc_axi_read_arb #(
    parameter int unsigned AddrBits   = 40,
    parameter int unsigned MaxPending = 16
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic [AddrBits-1:0] s0_araddr_i,
    input  logic [         7:0] s0_arlen_i,
    input  logic                s0_arvalid_i,
    output logic                s0_arready_o,
    output logic                s0_rvalid_o,
    input  logic                s0_rready_i,
    input  logic [AddrBits-1:0] s1_araddr_i,
    input  logic [         7:0] s1_arlen_i,
    input  logic                s1_arvalid_i,
    output logic                s1_arready_o,
    output logic                s1_rvalid_o,
    input  logic                s1_rready_i,
    output logic [AddrBits-1:0] m_araddr_o,
    output logic [         7:0] m_arlen_o,
    output logic                m_arvalid_o,
    input  logic                m_arready_i,
    input  logic                m_rlast_i,
    input  logic                m_rvalid_i,
    output logic                m_rready_o
);

  localparam int unsigned ArBits = AddrBits + 8;

  logic owner, owner_valid, owner_space, ar_space, take;

  assign take = ar_space && owner_space && (s0_arvalid_i || s1_arvalid_i);
  assign s0_arready_o = ar_space && owner_space;
  assign s1_arready_o = ar_space && owner_space && !s0_arvalid_i;

  dsoc_fifo #(
      .Width(ArBits),
      .Depth(2)
  ) i_ar (
      .clk_i,
      .rst_ni,
      .data_i (s0_arvalid_i ? {s0_araddr_i, s0_arlen_i} : {s1_araddr_i, s1_arlen_i}),
      .valid_i(take),
      .ready_o(ar_space),
      .data_o ({m_araddr_o, m_arlen_o}),
      .valid_o(m_arvalid_o),
      .ready_i(m_arready_i),
      .count_o()
  );

  dsoc_fifo #(
      .Width(1),
      .Depth(MaxPending)
  ) i_owner (
      .clk_i,
      .rst_ni,
      .data_i (!s0_arvalid_i),
      .valid_i(take),
      .ready_o(owner_space),
      .data_o (owner),
      .valid_o(owner_valid),
      .ready_i(m_rvalid_i && m_rready_o && m_rlast_i),
      .count_o()
  );

  assign s0_rvalid_o = m_rvalid_i && owner_valid && !owner;
  assign s1_rvalid_o = m_rvalid_i && owner_valid && owner;
  assign m_rready_o  = owner_valid && (owner ? s1_rready_i : s0_rready_i);

endmodule
