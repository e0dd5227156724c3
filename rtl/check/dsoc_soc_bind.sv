// AXI rules on the memory port of the RISC-V SoC; its arbiters let 16 bursts each way be under way.
`include "params.svh"

bind dsoc_soc dsoc_axi_read_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_AXI_MAX_BURST),
    .MaxPending(16)
) i_read_check (
    .clk_i,
    .rst_ni,
    .araddr_i(m_axi_mem_araddr),
    .arlen_i(m_axi_mem_arlen),
    .arsize_i(m_axi_mem_arsize),
    .arburst_i(m_axi_mem_arburst),
    .arvalid_i(m_axi_mem_arvalid),
    .arready_i(m_axi_mem_arready),
    .rdata_i(m_axi_mem_rdata),
    .rresp_i(m_axi_mem_rresp),
    .rlast_i(m_axi_mem_rlast),
    .rvalid_i(m_axi_mem_rvalid),
    .rready_i(m_axi_mem_rready)
);

bind dsoc_soc dsoc_axi_write_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_AXI_MAX_BURST),
    .MaxPending(16)
) i_write_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(m_axi_mem_awaddr),
    .awlen_i(m_axi_mem_awlen),
    .awsize_i(m_axi_mem_awsize),
    .awburst_i(m_axi_mem_awburst),
    .awvalid_i(m_axi_mem_awvalid),
    .awready_i(m_axi_mem_awready),
    .wdata_i(m_axi_mem_wdata),
    .wstrb_i(m_axi_mem_wstrb),
    .wlast_i(m_axi_mem_wlast),
    .wvalid_i(m_axi_mem_wvalid),
    .wready_i(m_axi_mem_wready),
    .bresp_i(m_axi_mem_bresp),
    .bvalid_i(m_axi_mem_bvalid),
    .bready_i(m_axi_mem_bready)
);
