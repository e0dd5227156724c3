bind dsoc_writer dsoc_axi_write_check #(
    .AddrBits(AddrBits),
    .DataBits(AxiBits),
    .MaxBeats(MaxBurst),
    .MaxPending(Bursts)
) i_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(awaddr_o),
    .awlen_i(awlen_o),
    .awsize_i(3'($clog2(AxiBits / 8))),
    .awburst_i(2'b01),
    .awvalid_i(awvalid_o),
    .awready_i(awready_i),
    .wdata_i(wdata_o),
    .wstrb_i(wstrb_o),
    .wlast_i(wlast_o),
    .wvalid_i(wvalid_o),
    .wready_i(wready_i),
    .bresp_i(2'b00),
    .bvalid_i(bvalid_i),
    .bready_i(bready_o)
);
