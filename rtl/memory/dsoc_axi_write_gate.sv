`include "dsoc_assert.svh"

/// Gate of an AXI4 write port: lets everything pass until `stop_i`, then brings the port to rest.
///
/// While `stop_i` is high no new burst begins. A burst whose address or first beat was offered before is completed, its
/// other half too, with no strobes in the beats that were not offered yet. `idle_o` says that every burst was answered:
/// then what lies behind may be reset. What lies behind must be able to give all beats of a burst whose address it
/// offers, and the address of a burst whose beats it offers. `error_o` pulses in the clock after an answer with an error.
///
/// Parameters:
///   StrobeBits  bytes of a beat
///   CountBits   bits of the number of bursts under way
module dsoc_axi_write_gate #(
    parameter int unsigned StrobeBits = 16,
    parameter int unsigned CountBits  = 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  stop_i,
    output logic                  idle_o,
    output logic                  error_o,
    input  logic                  s_awvalid_i,
    output logic                  s_awready_o,
    input  logic [StrobeBits-1:0] s_wstrb_i,
    input  logic                  s_wlast_i,
    input  logic                  s_wvalid_i,
    output logic                  s_wready_o,
    output logic                  m_awvalid_o,
    input  logic                  m_awready_i,
    output logic [StrobeBits-1:0] m_wstrb_o,
    output logic                  m_wvalid_o,
    input  logic                  m_wready_i,
    input  logic [           1:0] m_bresp_i,
    input  logic                  m_bvalid_i,
    input  logic                  m_bready_i
);

  logic aw_offered_q, w_offered_q, whole_q, inside_q;
  logic aw_open, w_open, address, first, mask, answer;
  logic signed [CountBits-1:0] lead_q;  // bursts whose address was offered, less those whose first beat was
  logic [CountBits-1:0] pending_q;  // bursts whose address was offered and that were not answered

  assign aw_open     = !stop_i || aw_offered_q || lead_q < 0;
  assign w_open      = !stop_i || w_offered_q || inside_q || lead_q > 0;
  assign m_awvalid_o = s_awvalid_i && aw_open;
  assign s_awready_o = m_awready_i && aw_open;
  assign m_wvalid_o  = s_wvalid_i && w_open;
  assign s_wready_o  = m_wready_i && w_open;
  assign mask        = stop_i && !whole_q;  // a beat that was offered with its strobes keeps them
  assign m_wstrb_o   = mask ? '0 : s_wstrb_i;
  assign address     = m_awvalid_o && !aw_offered_q;
  assign first       = m_wvalid_o && !w_offered_q && !inside_q;
  assign answer      = m_bvalid_i && m_bready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_offered_q <= 1'b0;
      w_offered_q  <= 1'b0;
      whole_q      <= 1'b0;
      inside_q     <= 1'b0;
      lead_q       <= '0;
      pending_q    <= '0;
      idle_o       <= 1'b1;
      error_o      <= 1'b0;
    end else begin
      aw_offered_q <= m_awvalid_o && !m_awready_i;
      w_offered_q  <= m_wvalid_o && !m_wready_i;
      whole_q      <= m_wvalid_o && !m_wready_i && !mask;
      if (m_wvalid_o && m_wready_i) inside_q <= !s_wlast_i;
      lead_q    <= lead_q + CountBits'(address) - CountBits'(first);
      pending_q <= pending_q + CountBits'(address) - CountBits'(answer);
      // Nothing is pending behind this clock.
      idle_o    <= !address && (pending_q == '0 || (pending_q == CountBits'(1) && answer)) &&
          lead_q == (first ? CountBits'(1) : '0);
      error_o   <= answer && m_bresp_i != 2'b00;
    end
  end

  `DSOC_ASSERT(a_count, clk_i, rst_ni, !(address && pending_q == '1))

endmodule
