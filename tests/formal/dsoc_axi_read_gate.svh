// The master keeps what it offers until the gate takes it; the memory answers what it accepted, in whole bursts.
reg f_reset = 1'b1, f_waits = 1'b0, f_offered = 1'b0, f_rest = 1'b1;
reg [CountBits-1:0] f_owed;  // bursts that were accepted and whose last beat was not taken
wire f_address = m_arvalid_o && m_arready_i, f_end = m_rvalid_i && m_rready_o && m_rlast_i;

always @(posedge clk_i) f_reset <= 1'b0;
always @(*) begin
  assume (rst_ni == !f_reset);
  if (rst_ni) begin
    assume (!f_waits || s_arvalid_i);
    assume (!m_rvalid_i || f_owed != 0);
    assume (!m_arready_i || f_owed < (1 << CountBits) - 1);
  end
end

always @(posedge clk_i) begin
  f_waits   <= rst_ni && s_arvalid_i && !s_arready_o;
  f_offered <= rst_ni && m_arvalid_o && !m_arready_i;
  f_owed    <= rst_ni ? f_owed + f_address - f_end : 0;
  f_rest    <= !rst_ni || (f_owed == 0 && !m_arvalid_o);
end

always @(posedge clk_i) if (rst_ni) begin
  a_count: assert (pending_q == f_owed + answered_q && offered_q == f_offered && (!f_offered || f_waits));
  a_idle:  assert (idle_o == f_rest && (!idle_o || (f_owed == 0 && !f_offered)));
  a_kept:  assert (!f_offered || m_arvalid_o);
  a_taken: assert ((s_arvalid_i && s_arready_o) == f_address);
  if (stop_i) begin
    a_no_address: assert (!m_arvalid_o || f_offered);
    a_swallowed:  assert (m_rready_o && !s_rvalid_o);
  end else begin
    a_passes: assert (m_arvalid_o == s_arvalid_i && s_rvalid_o == m_rvalid_i && m_rready_o == s_rready_i);
  end
end
