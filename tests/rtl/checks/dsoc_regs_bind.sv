// The bench's master withdraws what it offers, to see that nothing depends on it: the answers alone.
bind dsoc_regs dsoc_axi_channel_check #(
    .Width(2)
) i_b_check (
    .clk_i,
    .rst_ni,
    .valid_i(bvalid_o),
    .ready_i(bready_i),
    .payload_i(bresp_o)
);

bind dsoc_regs dsoc_axi_channel_check #(
    .Width(34)
) i_r_check (
    .clk_i,
    .rst_ni,
    .valid_i(rvalid_o),
    .ready_i(rready_i),
    .payload_i({rdata_o, rresp_o})
);
