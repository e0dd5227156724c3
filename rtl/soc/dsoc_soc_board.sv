/// The RISC-V SoC as a board without external memory takes it: its shared memory is block RAM.
///
/// The reset of the board may come and go at any time; after power-up, and after it, the design stays in reset for 16
/// clocks.
///
/// Parameters: those of dsoc_soc, and
///   MemoryBytes  size of the shared memory, a power of two
`include "params.svh"

module dsoc_soc_board #(
    parameter int unsigned ClkHz = 25_000_000,
    parameter int unsigned Baud = 1_000_000,
    parameter int unsigned RomBytes = 4096,
    parameter int unsigned RamBytes = 65536,
    parameter int unsigned MemoryBytes = 131072,
    parameter string RomFile = "boot.hex",
    parameter string RamFile = ""
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       uart_rx_i,
    output logic       uart_tx_o,
    output logic [7:0] leds_o
);

  localparam int unsigned AxiBits = `DSOC_AXI_DATA_BITS;

  // Power-up: flip-flops start at 0. The core needs a reset that falls after the first clock has begun.
  logic [4:0] wait_q = '0;
  logic [1:0] sync_q = '0;
  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) begin
    sync_q <= {sync_q[0], rst_ni};
    if (!sync_q[1]) wait_q <= '0;
    else if (!wait_q[4]) wait_q <= wait_q + 5'd1;
    rst_n <= wait_q[4];
  end

  logic [39:0] araddr;
  logic [7:0] arlen;
  logic arvalid;
  logic arready;
  logic [AxiBits-1:0] rdata;
  logic [1:0] rresp;
  logic rlast;
  logic rvalid;
  logic rready;
  logic [39:0] awaddr;
  logic awvalid;
  logic awready;
  logic [AxiBits-1:0] wdata;
  logic [AxiBits/8-1:0] wstrb;
  logic wlast;
  logic wvalid;
  logic wready;
  logic [1:0] bresp;
  logic bvalid;
  logic bready;

  dsoc_soc #(
      .ClkHz   (ClkHz),
      .Baud    (Baud),
      .RomBytes(RomBytes),
      .RamBytes(RamBytes),
      .RomFile (RomFile),
      .RamFile (RamFile)
  ) i_soc (
      .clk_i,
      .rst_ni(rst_n),
      .uart_rx_i,
      .uart_tx_o,
      .leds_o,
      .memory_bytes_i(32'(MemoryBytes)),
      .m_axi_mem_araddr(araddr),
      .m_axi_mem_arlen(arlen),
      .m_axi_mem_arvalid(arvalid),
      .m_axi_mem_arready(arready),
      .m_axi_mem_rdata(rdata),
      .m_axi_mem_rresp(rresp),
      .m_axi_mem_rlast(rlast),
      .m_axi_mem_rvalid(rvalid),
      .m_axi_mem_rready(rready),
      .m_axi_mem_awaddr(awaddr),
      .m_axi_mem_awvalid(awvalid),
      .m_axi_mem_awready(awready),
      .m_axi_mem_wdata(wdata),
      .m_axi_mem_wstrb(wstrb),
      .m_axi_mem_wlast(wlast),
      .m_axi_mem_wvalid(wvalid),
      .m_axi_mem_wready(wready),
      .m_axi_mem_bresp(bresp),
      .m_axi_mem_bvalid(bvalid),
      .m_axi_mem_bready(bready),
      .m_axi_mem_arsize(),
      .m_axi_mem_arburst(),
      .m_axi_mem_awlen(),
      .m_axi_mem_awsize(),
      .m_axi_mem_awburst(),
      .op_start_o(),
      .op_done_o(),
      .op_index_o()
  );

  dsoc_soc_axi_ram #(
      .AxiBits(AxiBits),
      .Base   ({8'd0, dsoc_soc_pkg::MEMORY_BASE}),
      .Bytes  (MemoryBytes)
  ) i_memory (
      .clk_i,
      .rst_ni(rst_n),
      .araddr_i(araddr),
      .arlen_i(arlen),
      .arvalid_i(arvalid),
      .arready_o(arready),
      .rdata_o(rdata),
      .rresp_o(rresp),
      .rlast_o(rlast),
      .rvalid_o(rvalid),
      .rready_i(rready),
      .awaddr_i(awaddr),
      .awvalid_i(awvalid),
      .awready_o(awready),
      .wdata_i(wdata),
      .wstrb_i(wstrb),
      .wlast_i(wlast),
      .wvalid_i(wvalid),
      .wready_o(wready),
      .bresp_o(bresp),
      .bvalid_o(bvalid),
      .bready_i(bready)
  );

endmodule
