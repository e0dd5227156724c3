bind dsoc_line_reader dsoc_axi_read_check #(
    .AddrBits(AddrBits),
    .DataBits(AxiBits),
    .MaxBeats(ChunkBeats),
    .MaxPending(32)
) i_check (
    .clk_i,
    .rst_ni,
    .araddr_i(araddr_o),
    .arlen_i(arlen_o),
    .arsize_i(3'($clog2(AxiBits / 8))),
    .arburst_i(2'b01),
    .arvalid_i(arvalid_o),
    .arready_i(arready_i),
    .rdata_i(rdata_i),
    .rresp_i(2'b00),
    .rlast_i(rlast_i),
    .rvalid_i(rvalid_i),
    .rready_i(rready_o)
);
