bind dsoc_soc_bus dsoc_axi_lite_check #(
    .AddrBits(32),
    .MaxPending(1)
) i_lite_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(addr_o),
    .awvalid_i(lite_awvalid_o),
    .awready_i(lite_awready_i),
    .wdata_i(wdata_o),
    .wstrb_i(be_o),
    .wvalid_i(lite_wvalid_o),
    .wready_i(lite_wready_i),
    .bresp_i(lite_bresp_i),
    .bvalid_i(lite_bvalid_i),
    .bready_i(1'b1),
    .araddr_i(addr_o),
    .arvalid_i(lite_arvalid_o),
    .arready_i(lite_arready_i),
    .rdata_i(lite_rdata_i),
    .rresp_i(lite_rresp_i),
    .rvalid_i(lite_rvalid_i),
    .rready_i(1'b1)
);

bind dsoc_soc_bus dsoc_axi_read_check #(
    .AddrBits(32),
    .DataBits(AxiBits),
    .MaxBeats(1),
    .MaxPending(1),
    .Aligned(1'b0)
) i_read_check (
    .clk_i,
    .rst_ni,
    .araddr_i(addr_o),
    .arlen_i(8'd0),
    .arsize_i(3'($clog2(AxiBits / 8))),
    .arburst_i(2'b01),
    .arvalid_i(mem_arvalid_o),
    .arready_i(mem_arready_i),
    .rdata_i(mem_rdata_i),
    .rresp_i(mem_rresp_i),
    .rlast_i(1'b1),
    .rvalid_i(mem_rvalid_i),
    .rready_i(1'b1)
);

bind dsoc_soc_bus dsoc_axi_write_check #(
    .AddrBits(32),
    .DataBits(AxiBits),
    .MaxBeats(1),
    .MaxPending(1),
    .Aligned(1'b0)
) i_write_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(addr_o),
    .awlen_i(8'd0),
    .awsize_i(3'($clog2(AxiBits / 8))),
    .awburst_i(2'b01),
    .awvalid_i(mem_awvalid_o),
    .awready_i(mem_awready_i),
    .wdata_i(mem_wdata_o),
    .wstrb_i(mem_wstrb_o),
    .wlast_i(1'b1),
    .wvalid_i(mem_wvalid_o),
    .wready_i(mem_wready_i),
    .bresp_i(mem_bresp_i),
    .bvalid_i(mem_bvalid_i),
    .bready_i(1'b1)
);
