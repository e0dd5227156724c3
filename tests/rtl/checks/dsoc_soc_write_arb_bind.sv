bind dsoc_soc_write_arb dsoc_axi_write_check #(
    .AddrBits(AddrBits),
    .DataBits(DataBits),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(m_awaddr_o),
    .awlen_i(m_awlen_o),
    .awsize_i(3'($clog2(DataBits / 8))),
    .awburst_i(2'b01),
    .awvalid_i(m_awvalid_o),
    .awready_i(m_awready_i),
    .wdata_i(m_wdata_o),
    .wstrb_i(m_wstrb_o),
    .wlast_i(m_wlast_o),
    .wvalid_i(m_wvalid_o),
    .wready_i(m_wready_i),
    .bresp_i(2'b00),
    .bvalid_i(m_bvalid_i),
    .bready_i(m_bready_o)
);

bind dsoc_soc_write_arb dsoc_axi_write_check #(
    .AddrBits(AddrBits),
    .DataBits(DataBits),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check0 (
    .clk_i,
    .rst_ni,
    .awaddr_i(s0_awaddr_i),
    .awlen_i(s0_awlen_i),
    .awsize_i(3'($clog2(DataBits / 8))),
    .awburst_i(2'b01),
    .awvalid_i(s0_awvalid_i),
    .awready_i(s0_awready_o),
    .wdata_i(s0_wdata_i),
    .wstrb_i(s0_wstrb_i),
    .wlast_i(s0_wlast_i),
    .wvalid_i(s0_wvalid_i),
    .wready_i(s0_wready_o),
    .bresp_i(2'b00),
    .bvalid_i(s0_bvalid_o),
    .bready_i(s0_bready_i)
);

bind dsoc_soc_write_arb dsoc_axi_write_check #(
    .AddrBits(AddrBits),
    .DataBits(DataBits),
    .MaxBeats(256),
    .MaxPending(MaxPending),
    .Aligned(1'b0)
) i_check1 (
    .clk_i,
    .rst_ni,
    .awaddr_i(s1_awaddr_i),
    .awlen_i(s1_awlen_i),
    .awsize_i(3'($clog2(DataBits / 8))),
    .awburst_i(2'b01),
    .awvalid_i(s1_awvalid_i),
    .awready_i(s1_awready_o),
    .wdata_i(s1_wdata_i),
    .wstrb_i(s1_wstrb_i),
    .wlast_i(s1_wlast_i),
    .wvalid_i(s1_wvalid_i),
    .wready_i(s1_wready_o),
    .bresp_i(2'b00),
    .bvalid_i(s1_bvalid_o),
    .bready_i(s1_bready_i)
);
