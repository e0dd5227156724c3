`include "dsoc_assert.svh"

/// Gate of an AXI4 read port: lets everything pass until `stop_i`, then brings the port to rest.
///
/// While `stop_i` is high no new address goes out (one that was offered before stays until it is taken) and every beat
/// that still comes is swallowed. `idle_o` says that nothing is outstanding, a clock behind: then what lies behind may be reset.
/// `error_o` pulses in the clock after a beat with an error.
///
/// Parameters:
///   CountBits  bits of the number of bursts under way
module dsoc_axi_read_gate #(
    parameter int unsigned CountBits = 6
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       stop_i,
    output logic       idle_o,
    output logic       error_o,
    input  logic       s_arvalid_i,
    output logic       s_arready_o,
    output logic       s_rvalid_o,
    input  logic       s_rready_i,
    output logic       m_arvalid_o,
    input  logic       m_arready_i,
    input  logic [1:0] m_rresp_i,
    input  logic       m_rlast_i,
    input  logic       m_rvalid_i,
    output logic       m_rready_o
);

  logic offered_q, open, beat;
  logic asked, answered_q;  // the last beat of a burst is counted a clock late: its handshake comes from far away
  logic [CountBits-1:0] pending_q;

  assign open        = !stop_i || offered_q;
  assign m_arvalid_o = s_arvalid_i && open;
  assign s_arready_o = m_arready_i && open;
  assign m_rready_o  = s_rready_i || stop_i;
  assign s_rvalid_o  = m_rvalid_i && !stop_i;
  assign beat        = m_rvalid_i && m_rready_o;
  assign asked       = m_arvalid_o && m_arready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      offered_q  <= 1'b0;
      answered_q <= 1'b0;
      pending_q  <= '0;
      idle_o     <= 1'b1;
      error_o    <= 1'b0;
    end else begin
      offered_q  <= m_arvalid_o && !m_arready_i;
      answered_q <= beat && m_rlast_i;
      pending_q  <= pending_q + CountBits'(asked) - CountBits'(answered_q);
      idle_o     <= !m_arvalid_o && (pending_q == '0 || (pending_q == CountBits'(1) && answered_q));
      error_o    <= beat && m_rresp_i != 2'b00;
    end
  end

  `DSOC_ASSERT(a_count, clk_i, rst_ni, !(m_arvalid_o && m_arready_i && pending_q == '1 && !answered_q))

endmodule
