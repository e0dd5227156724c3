// The port has no AWLEN: of writes, the channels alone.
bind dsoc_soc_axi_ram dsoc_axi_read_check #(
    .AddrBits(AddrBits),
    .DataBits(AxiBits),
    .MaxBeats(256),
    .MaxPending(2)
) i_read_check (
    .clk_i,
    .rst_ni,
    .araddr_i(araddr_i),
    .arlen_i(arlen_i),
    .arsize_i(3'($clog2(AxiBits / 8))),
    .arburst_i(2'b01),
    .arvalid_i(arvalid_i),
    .arready_i(arready_o),
    .rdata_i(rdata_o),
    .rresp_i(rresp_o),
    .rlast_i(rlast_o),
    .rvalid_i(rvalid_o),
    .rready_i(rready_i)
);

bind dsoc_soc_axi_ram dsoc_axi_channel_check #(
    .Width(AddrBits)
) i_aw_check (
    .clk_i,
    .rst_ni,
    .valid_i(awvalid_i),
    .ready_i(awready_o),
    .payload_i(awaddr_i)
);

bind dsoc_soc_axi_ram dsoc_axi_channel_check #(
    .Width(AxiBits + AxiBits / 8 + 1)
) i_w_check (
    .clk_i,
    .rst_ni,
    .valid_i(wvalid_i),
    .ready_i(wready_o),
    .payload_i({wdata_i, wstrb_i, wlast_i})
);

bind dsoc_soc_axi_ram dsoc_axi_channel_check #(
    .Width(2)
) i_b_check (
    .clk_i,
    .rst_ni,
    .valid_i(bvalid_o),
    .ready_i(bready_i),
    .payload_i(bresp_o)
);
