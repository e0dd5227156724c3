/// Top of the IP: the one reader of the generated params.svh; fixes the AXI4 attributes that never change.
///
/// All master ports: INCR bursts of full beats, unprivileged secure data.
///
/// Parameters:
///   AxCache  memory type of every transfer. 4'b0011: normal, non-cacheable, modifiable, bufferable: for ports that the
///            CPU's caches do not follow (Zynq HP, AXI to a memory controller); the firmware's `flush` and `invalidate`
///            do it. 4'b1111: write-back, read and write allocate: for coherent ports (Zynq ACP, Zynq UltraScale+ HPC
///            and ACP, a CCI or a system-level cache), which snoop only cacheable transfers; a port to which both
///            functions are NULL needs it.
`include "params.svh"

module dsoc_top #(
    parameter logic [3:0] AxCache = 4'b0011
) (
    input logic clk_i,
    input logic rst_ni,
    output logic irq_o,
    // AXI ports keep the names that tools infer interfaces from.
    // verilog_lint: waive-start port-name-suffix
    input logic [7:0] s_axil_awaddr,
    input logic s_axil_awvalid,
    output logic s_axil_awready,
    input logic [31:0] s_axil_wdata,
    input logic [3:0] s_axil_wstrb,
    input logic s_axil_wvalid,
    output logic s_axil_wready,
    output logic [1:0] s_axil_bresp,
    output logic s_axil_bvalid,
    input logic s_axil_bready,
    input logic [7:0] s_axil_araddr,
    input logic s_axil_arvalid,
    output logic s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    output logic s_axil_rvalid,
    input logic s_axil_rready,
    output logic [39:0] m_axi_x_araddr,
    output logic [7:0] m_axi_x_arlen,
    output logic [2:0] m_axi_x_arsize,
    output logic [1:0] m_axi_x_arburst,
    output logic [3:0] m_axi_x_arcache,
    output logic [2:0] m_axi_x_arprot,
    output logic m_axi_x_arvalid,
    input logic m_axi_x_arready,
    input logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_x_rdata,
    input logic [1:0] m_axi_x_rresp,
    input logic m_axi_x_rlast,
    input logic m_axi_x_rvalid,
    output logic m_axi_x_rready,
    output logic [39:0] m_axi_k_araddr,
    output logic [7:0] m_axi_k_arlen,
    output logic [2:0] m_axi_k_arsize,
    output logic [1:0] m_axi_k_arburst,
    output logic [3:0] m_axi_k_arcache,
    output logic [2:0] m_axi_k_arprot,
    output logic m_axi_k_arvalid,
    input logic m_axi_k_arready,
    input logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_k_rdata,
    input logic [1:0] m_axi_k_rresp,
    input logic m_axi_k_rlast,
    input logic m_axi_k_rvalid,
    output logic m_axi_k_rready,
    output logic [39:0] m_axi_o_araddr,
    output logic [7:0] m_axi_o_arlen,
    output logic [2:0] m_axi_o_arsize,
    output logic [1:0] m_axi_o_arburst,
    output logic [3:0] m_axi_o_arcache,
    output logic [2:0] m_axi_o_arprot,
    output logic m_axi_o_arvalid,
    input logic m_axi_o_arready,
    input logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_o_rdata,
    input logic [1:0] m_axi_o_rresp,
    input logic m_axi_o_rlast,
    input logic m_axi_o_rvalid,
    output logic m_axi_o_rready,
    output logic [39:0] m_axi_y_awaddr,
    output logic [7:0] m_axi_y_awlen,
    output logic [2:0] m_axi_y_awsize,
    output logic [1:0] m_axi_y_awburst,
    output logic [3:0] m_axi_y_awcache,
    output logic [2:0] m_axi_y_awprot,
    output logic m_axi_y_awvalid,
    input logic m_axi_y_awready,
    output logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_y_wdata,
    output logic [`DSOC_AXI_DATA_BITS/8-1:0] m_axi_y_wstrb,
    output logic m_axi_y_wlast,
    output logic m_axi_y_wvalid,
    input logic m_axi_y_wready,
    input logic [1:0] m_axi_y_bresp,
    input logic m_axi_y_bvalid,
    output logic m_axi_y_bready,
    // verilog_lint: waive-stop port-name-suffix
    output logic op_start_o,
    output logic op_done_o,
    output logic [15:0] op_index_o
);

  // Which of AMD's DSP blocks there are, an implementation flow says.
`ifdef DSOC_DSP48E2
  localparam bit Dsp48e2 = 1'b1;
`else
  localparam bit Dsp48e2 = 1'b0;
`endif
  localparam logic [2:0] BeatSize = 3'($clog2(`DSOC_AXI_DATA_BITS / 8));

  assign m_axi_x_arsize  = BeatSize;
  assign m_axi_x_arburst = 2'b01;
  assign m_axi_x_arcache = AxCache;
  assign m_axi_x_arprot  = 3'b000;
  assign m_axi_k_arsize  = BeatSize;
  assign m_axi_k_arburst = 2'b01;
  assign m_axi_k_arcache = AxCache;
  assign m_axi_k_arprot  = 3'b000;
  assign m_axi_o_arsize  = BeatSize;
  assign m_axi_o_arburst = 2'b01;
  assign m_axi_o_arcache = AxCache;
  assign m_axi_o_arprot  = 3'b000;
  assign m_axi_y_awsize  = BeatSize;
  assign m_axi_y_awburst = 2'b01;
  assign m_axi_y_awcache = AxCache;
  assign m_axi_y_awprot  = 3'b000;

  dsoc_core #(
      .Rows(`DSOC_ROWS),
      .Cols(`DSOC_COLS),
      .XBits(`DSOC_X_BITS),
      .KBits(`DSOC_K_BITS),
      .YBits(`DSOC_Y_BITS),
      .KhMax(`DSOC_KH_MAX),
      .KwMax(`DSOC_KW_MAX),
      .ShMax(`DSOC_SH_MAX),
      .SwMax(`DSOC_SW_MAX),
      .NMax(`DSOC_XN_MAX),
      .WeightsDepth(`DSOC_WEIGHTS_RAM_DEPTH),
      .EdgesDepth(`DSOC_EDGES_RAM_DEPTH),
      .GlobalPoolMax(`DSOC_GLOBAL_POOL_MAX),
      .PoolDepth(`DSOC_POOL_RAM_DEPTH),
      .AxiBits(`DSOC_AXI_DATA_BITS),
      .MaxBurst(`DSOC_AXI_MAX_BURST),
      .AddrBits(40),
      .CountersDepth(`DSOC_COUNTERS_DEPTH),
      .Requants(`DSOC_REQUANTIZERS),
      .Lanes(`DSOC_DRAIN_LANES),
      .ScaleBits(`DSOC_SCALE_BITS),
      .Depthwise(`DSOC_DEPTHWISE),
      .ResidentDepth(`DSOC_WEIGHTS_RESIDENT),
      .Pe(`DSOC_PE),
      .Dsp48e2(Dsp48e2),
      .ParamsHash(`DSOC_PARAMS_HASH)
  ) i_core (
      .clk_i,
      .rst_ni,
      .irq_o,
      .s_axil_awaddr,
      .s_axil_awvalid,
      .s_axil_awready,
      .s_axil_wdata,
      .s_axil_wstrb,
      .s_axil_wvalid,
      .s_axil_wready,
      .s_axil_bresp,
      .s_axil_bvalid,
      .s_axil_bready,
      .s_axil_araddr,
      .s_axil_arvalid,
      .s_axil_arready,
      .s_axil_rdata,
      .s_axil_rresp,
      .s_axil_rvalid,
      .s_axil_rready,
      .m_axi_x_araddr,
      .m_axi_x_arlen,
      .m_axi_x_arvalid,
      .m_axi_x_arready,
      .m_axi_x_rdata,
      .m_axi_x_rresp,
      .m_axi_x_rlast,
      .m_axi_x_rvalid,
      .m_axi_x_rready,
      .m_axi_k_araddr,
      .m_axi_k_arlen,
      .m_axi_k_arvalid,
      .m_axi_k_arready,
      .m_axi_k_rdata,
      .m_axi_k_rresp,
      .m_axi_k_rlast,
      .m_axi_k_rvalid,
      .m_axi_k_rready,
      .m_axi_o_araddr,
      .m_axi_o_arlen,
      .m_axi_o_arvalid,
      .m_axi_o_arready,
      .m_axi_o_rdata,
      .m_axi_o_rresp,
      .m_axi_o_rlast,
      .m_axi_o_rvalid,
      .m_axi_o_rready,
      .m_axi_y_awaddr,
      .m_axi_y_awlen,
      .m_axi_y_awvalid,
      .m_axi_y_awready,
      .m_axi_y_wdata,
      .m_axi_y_wstrb,
      .m_axi_y_wlast,
      .m_axi_y_wvalid,
      .m_axi_y_wready,
      .m_axi_y_bresp,
      .m_axi_y_bvalid,
      .m_axi_y_bready,
      .op_start_o,
      .op_done_o,
      .op_index_o
  );

endmodule
