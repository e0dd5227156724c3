// The writer keeps what it offers until the gate takes it; the memory answers bursts that it has whole; a stop lasts until
// the port is at rest.
localparam [CountBits-1:0] Most = (1 << (CountBits - 1)) - 1;  // bursts under way
reg f_reset = 1'b1, f_aw_waits = 1'b0, f_w_waits = 1'b0, f_last, f_aw = 1'b0, f_w = 1'b0, f_stops = 1'b0;
reg [StrobeBits-1:0] f_strobes, f_shown;
reg [CountBits-1:0] f_addresses, f_firsts, f_wholes;  // offered, begun, taken whole; all less the answers
wire f_new_address = m_awvalid_o && !f_aw, f_new_beat = m_wvalid_o && !f_w;
wire f_new_burst = f_new_beat && !inside_q;
wire f_answer = m_bvalid_i && m_bready_i, f_whole = m_wvalid_o && m_wready_i && s_wlast_i;

always @(posedge clk_i) f_reset <= 1'b0;
always @(*) begin
  assume (rst_ni == !f_reset);
  if (rst_ni) begin
    assume (!f_stops || stop_i);
    assume (!f_aw_waits || s_awvalid_i);
    assume (!f_w_waits || (s_wvalid_i && s_wlast_i == f_last && s_wstrb_i == f_strobes));
    assume (!m_bvalid_i || (f_addresses > f_aw && f_wholes != 0));
    assume (f_addresses < Most || !s_awvalid_i || f_aw);
    assume (f_firsts < Most || !s_wvalid_i || f_w || inside_q);
  end
end

always @(posedge clk_i) begin
  f_aw_waits  <= rst_ni && s_awvalid_i && !s_awready_o;
  f_w_waits   <= rst_ni && s_wvalid_i && !s_wready_o;
  f_stops     <= rst_ni && stop_i && !idle_o;
  f_last      <= s_wlast_i;
  f_strobes   <= s_wstrb_i;
  f_aw        <= rst_ni && m_awvalid_o && !m_awready_i;
  f_w         <= rst_ni && m_wvalid_o && !m_wready_i;
  f_shown     <= m_wstrb_o;
  f_addresses <= rst_ni ? f_addresses + f_new_address - f_answer : 0;
  f_firsts    <= rst_ni ? f_firsts + f_new_burst - f_answer : 0;
  f_wholes    <= rst_ni ? f_wholes + f_whole - f_answer : 0;
end

always @(posedge clk_i) if (rst_ni) begin
  a_state: assert (aw_offered_q == f_aw && w_offered_q == f_w && (!f_aw || f_aw_waits) && (!f_w || f_w_waits) &&
      (!whole_q || (f_w && f_shown == f_strobes)) && (!f_w || whole_q || f_shown == 0));
  a_count: assert (pending_q == f_addresses && $signed(f_addresses - f_firsts) == lead_q);
  a_bounds: assert (f_addresses <= Most && f_firsts <= Most && f_wholes <= f_firsts && f_aw <= f_addresses);
  a_bursts: assert (f_firsts == f_wholes + (inside_q || f_w));
  a_idle:  assert (idle_o == (f_addresses == 0 && f_firsts == 0));
  a_kept:  assert ((!f_aw || m_awvalid_o) && (!f_w || (m_wvalid_o && m_wstrb_o == f_shown)));
  a_taken: assert ((s_awvalid_i && s_awready_o) == (m_awvalid_o && m_awready_i) &&
      (s_wvalid_i && s_wready_o) == (m_wvalid_o && m_wready_i));
  if (stop_i) begin
    a_address: assert (!f_new_address || f_firsts > f_addresses);
    a_burst:   assert (!f_new_burst || f_addresses > f_firsts);
    a_strobes: assert (!f_new_beat || m_wstrb_o == 0);
    a_ends:    assert ((!s_awvalid_i || f_firsts <= f_addresses || m_awvalid_o) &&
        (!s_wvalid_i || (f_addresses <= f_firsts && !inside_q) || m_wvalid_o));
  end else begin
    a_passes: assert (m_awvalid_o == s_awvalid_i && m_wvalid_o == s_wvalid_i && m_wstrb_o == s_wstrb_i);
  end
end
