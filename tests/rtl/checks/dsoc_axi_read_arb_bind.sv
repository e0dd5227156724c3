bind dsoc_axi_read_arb dsoc_axi_read_check #(
    .AddrBits(AddrBits),
    .DataBits(32),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check (
    .clk_i,
    .rst_ni,
    .araddr_i(m_araddr_o),
    .arlen_i(m_arlen_o),
    .arsize_i(3'd2),
    .arburst_i(2'b01),
    .arvalid_i(m_arvalid_o),
    .arready_i(m_arready_i),
    .rdata_i(32'd0),
    .rresp_i(2'b00),
    .rlast_i(m_rlast_i),
    .rvalid_i(m_rvalid_i),
    .rready_i(m_rready_o)
);

bind dsoc_axi_read_arb dsoc_axi_read_check #(
    .AddrBits(AddrBits),
    .DataBits(32),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check0 (
    .clk_i,
    .rst_ni,
    .araddr_i(s0_araddr_i),
    .arlen_i(s0_arlen_i),
    .arsize_i(3'd2),
    .arburst_i(2'b01),
    .arvalid_i(s0_arvalid_i),
    .arready_i(s0_arready_o),
    .rdata_i(32'd0),
    .rresp_i(2'b00),
    .rlast_i(m_rlast_i),
    .rvalid_i(s0_rvalid_o),
    .rready_i(s0_rready_i)
);

bind dsoc_axi_read_arb dsoc_axi_read_check #(
    .AddrBits(AddrBits),
    .DataBits(32),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check1 (
    .clk_i,
    .rst_ni,
    .araddr_i(s1_araddr_i),
    .arlen_i(s1_arlen_i),
    .arsize_i(3'd2),
    .arburst_i(2'b01),
    .arvalid_i(s1_arvalid_i),
    .arready_i(s1_arready_o),
    .rdata_i(32'd0),
    .rresp_i(2'b00),
    .rlast_i(m_rlast_i),
    .rvalid_i(s1_rvalid_o),
    .rready_i(s1_rready_i)
);
