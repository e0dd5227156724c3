/// Rules of a 32-bit AXI4-Lite port: those of AXI4 for bursts of one full beat (ARM IHI 0022E, B1.1).
///
/// Parameters:
///   AddrBits    bits of an address
///   MaxPending  writes, and reads, that wait for their answer at most
module dsoc_axi_lite_check #(
    parameter int unsigned AddrBits = 8,
    parameter int unsigned MaxPending = 2
) (
    input logic clk_i,
    input logic rst_ni,
    input logic [AddrBits-1:0] awaddr_i,
    input logic awvalid_i,
    input logic awready_i,
    input logic [31:0] wdata_i,
    input logic [3:0] wstrb_i,
    input logic wvalid_i,
    input logic wready_i,
    input logic [1:0] bresp_i,
    input logic bvalid_i,
    input logic bready_i,
    input logic [AddrBits-1:0] araddr_i,
    input logic arvalid_i,
    input logic arready_i,
    input logic [31:0] rdata_i,
    input logic [1:0] rresp_i,
    input logic rvalid_i,
    input logic rready_i
);

  dsoc_axi_write_check #(
      .AddrBits(32),
      .DataBits(32),
      .MaxBeats(1),
      .MaxPending(MaxPending),
      .Aligned(1'b0)
  ) i_write (
      .clk_i,
      .rst_ni,
      .awaddr_i (32'(awaddr_i)),
      .awlen_i  (8'd0),
      .awsize_i (3'd2),
      .awburst_i(2'b01),
      .awvalid_i,
      .awready_i,
      .wdata_i,
      .wstrb_i,
      .wlast_i  (1'b1),
      .wvalid_i,
      .wready_i,
      .bresp_i,
      .bvalid_i,
      .bready_i
  );

  dsoc_axi_read_check #(
      .AddrBits(32),
      .DataBits(32),
      .MaxBeats(1),
      .MaxPending(MaxPending),
      .Aligned(1'b0)
  ) i_read (
      .clk_i,
      .rst_ni,
      .araddr_i (32'(araddr_i)),
      .arlen_i  (8'd0),
      .arsize_i (3'd2),
      .arburst_i(2'b01),
      .arvalid_i,
      .arready_i,
      .rdata_i,
      .rresp_i,
      .rlast_i  (1'b1),
      .rvalid_i,
      .rready_i
  );

endmodule
