// AXI rules on every port of the accelerator; limits are those of docs/architecture.md, section 6.
`include "params.svh"

// Of the ports for operands and pixels, 1 and 2 behind that of the weights: 8 beats, or 16 where weights come by them too.
`define DSOC_WEIGHTS_BY(port) (`DSOC_COLS * `DSOC_K_BITS > port * `DSOC_AXI_DATA_BITS)
`define DSOC_LEAST(a, b) ((a) < (b) ? (a) : (b))
`define DSOC_READ_BEATS(port) `DSOC_LEAST(`DSOC_AXI_MAX_BURST, `DSOC_WEIGHTS_BY(port) ? 16 : 8)

bind dsoc_top dsoc_axi_read_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_READ_BEATS(2)),
    .MaxPending(32 + 4)
) i_x_check (
    .clk_i,
    .rst_ni,
    .araddr_i(m_axi_x_araddr),
    .arlen_i(m_axi_x_arlen),
    .arsize_i(m_axi_x_arsize),
    .arburst_i(m_axi_x_arburst),
    .arvalid_i(m_axi_x_arvalid),
    .arready_i(m_axi_x_arready),
    .rdata_i(m_axi_x_rdata),
    .rresp_i(m_axi_x_rresp),
    .rlast_i(m_axi_x_rlast),
    .rvalid_i(m_axi_x_rvalid),
    .rready_i(m_axi_x_rready)
);

bind dsoc_top dsoc_axi_read_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_AXI_MAX_BURST),
    .MaxPending(16)
) i_k_check (
    .clk_i,
    .rst_ni,
    .araddr_i(m_axi_k_araddr),
    .arlen_i(m_axi_k_arlen),
    .arsize_i(m_axi_k_arsize),
    .arburst_i(m_axi_k_arburst),
    .arvalid_i(m_axi_k_arvalid),
    .arready_i(m_axi_k_arready),
    .rdata_i(m_axi_k_rdata),
    .rresp_i(m_axi_k_rresp),
    .rlast_i(m_axi_k_rlast),
    .rvalid_i(m_axi_k_rvalid),
    .rready_i(m_axi_k_rready)
);

bind dsoc_top dsoc_axi_read_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_READ_BEATS(1)),
    .MaxPending(32 + 4)
) i_o_check (
    .clk_i,
    .rst_ni,
    .araddr_i(m_axi_o_araddr),
    .arlen_i(m_axi_o_arlen),
    .arsize_i(m_axi_o_arsize),
    .arburst_i(m_axi_o_arburst),
    .arvalid_i(m_axi_o_arvalid),
    .arready_i(m_axi_o_arready),
    .rdata_i(m_axi_o_rdata),
    .rresp_i(m_axi_o_rresp),
    .rlast_i(m_axi_o_rlast),
    .rvalid_i(m_axi_o_rvalid),
    .rready_i(m_axi_o_rready)
);

bind dsoc_top dsoc_axi_write_check #(
    .DataBits(`DSOC_AXI_DATA_BITS),
    .MaxBeats(`DSOC_AXI_MAX_BURST),
    .MaxPending(64)
) i_y_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(m_axi_y_awaddr),
    .awlen_i(m_axi_y_awlen),
    .awsize_i(m_axi_y_awsize),
    .awburst_i(m_axi_y_awburst),
    .awvalid_i(m_axi_y_awvalid),
    .awready_i(m_axi_y_awready),
    .wdata_i(m_axi_y_wdata),
    .wstrb_i(m_axi_y_wstrb),
    .wlast_i(m_axi_y_wlast),
    .wvalid_i(m_axi_y_wvalid),
    .wready_i(m_axi_y_wready),
    .bresp_i(m_axi_y_bresp),
    .bvalid_i(m_axi_y_bvalid),
    .bready_i(m_axi_y_bready)
);

bind dsoc_top dsoc_axi_lite_check i_axil_check (
    .clk_i,
    .rst_ni,
    .awaddr_i(s_axil_awaddr),
    .awvalid_i(s_axil_awvalid),
    .awready_i(s_axil_awready),
    .wdata_i(s_axil_wdata),
    .wstrb_i(s_axil_wstrb),
    .wvalid_i(s_axil_wvalid),
    .wready_i(s_axil_wready),
    .bresp_i(s_axil_bresp),
    .bvalid_i(s_axil_bvalid),
    .bready_i(s_axil_bready),
    .araddr_i(s_axil_araddr),
    .arvalid_i(s_axil_arvalid),
    .arready_i(s_axil_arready),
    .rdata_i(s_axil_rdata),
    .rresp_i(s_axil_rresp),
    .rvalid_i(s_axil_rvalid),
    .rready_i(s_axil_rready)
);
