// The accelerator as a block of a Vivado block design: dsoc_top under a plain Verilog top, which alone a block design can
// refer to. PYNQ knows the block by the name of this module. Reads of the three read masters and writes of the fourth
// are all there is: the other channels do not exist.
`include "params.svh"

module dsoc #(
    // Memory type of every transfer, as of dsoc_top; coherent ports need 4'b1111.
    parameter [3:0] AX_CACHE = 4'b0011
) (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 clk_i CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axil:m_axi_x:m_axi_k:m_axi_o:m_axi_y, ASSOCIATED_RESET rst_ni" *)
    input wire clk_i,
    (* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 rst_ni RST" *)
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input wire rst_ni,
    (* X_INTERFACE_INFO = "xilinx.com:signal:interrupt:1.0 irq_o INTERRUPT" *)
    (* X_INTERFACE_PARAMETER = "SENSITIVITY LEVEL_HIGH" *)
    output wire irq_o,

    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil AWADDR" *)
    (* X_INTERFACE_PARAMETER = "PROTOCOL AXI4LITE" *)
    input wire [7:0] s_axil_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil AWVALID" *)
    input wire s_axil_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil AWREADY" *)
    output wire s_axil_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil WDATA" *)
    input wire [31:0] s_axil_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil WSTRB" *)
    input wire [3:0] s_axil_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil WVALID" *)
    input wire s_axil_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil WREADY" *)
    output wire s_axil_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil BRESP" *)
    output wire [1:0] s_axil_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil BVALID" *)
    output wire s_axil_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil BREADY" *)
    input wire s_axil_bready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil ARADDR" *)
    input wire [7:0] s_axil_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil ARVALID" *)
    input wire s_axil_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil ARREADY" *)
    output wire s_axil_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil RDATA" *)
    output wire [31:0] s_axil_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil RRESP" *)
    output wire [1:0] s_axil_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil RVALID" *)
    output wire s_axil_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 s_axil RREADY" *)
    input wire s_axil_rready,

    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARADDR" *)
    (* X_INTERFACE_PARAMETER = "PROTOCOL AXI4, READ_WRITE_MODE READ_ONLY" *)
    output wire [39:0] m_axi_x_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARLEN" *)
    output wire [7:0] m_axi_x_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARSIZE" *)
    output wire [2:0] m_axi_x_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARBURST" *)
    output wire [1:0] m_axi_x_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARCACHE" *)
    output wire [3:0] m_axi_x_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARPROT" *)
    output wire [2:0] m_axi_x_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARVALID" *)
    output wire m_axi_x_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x ARREADY" *)
    input wire m_axi_x_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x RDATA" *)
    input wire [`DSOC_AXI_DATA_BITS-1:0] m_axi_x_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x RRESP" *)
    input wire [1:0] m_axi_x_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x RLAST" *)
    input wire m_axi_x_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x RVALID" *)
    input wire m_axi_x_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_x RREADY" *)
    output wire m_axi_x_rready,

    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARADDR" *)
    (* X_INTERFACE_PARAMETER = "PROTOCOL AXI4, READ_WRITE_MODE READ_ONLY" *)
    output wire [39:0] m_axi_k_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARLEN" *)
    output wire [7:0] m_axi_k_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARSIZE" *)
    output wire [2:0] m_axi_k_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARBURST" *)
    output wire [1:0] m_axi_k_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARCACHE" *)
    output wire [3:0] m_axi_k_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARPROT" *)
    output wire [2:0] m_axi_k_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARVALID" *)
    output wire m_axi_k_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k ARREADY" *)
    input wire m_axi_k_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k RDATA" *)
    input wire [`DSOC_AXI_DATA_BITS-1:0] m_axi_k_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k RRESP" *)
    input wire [1:0] m_axi_k_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k RLAST" *)
    input wire m_axi_k_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k RVALID" *)
    input wire m_axi_k_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_k RREADY" *)
    output wire m_axi_k_rready,

    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARADDR" *)
    (* X_INTERFACE_PARAMETER = "PROTOCOL AXI4, READ_WRITE_MODE READ_ONLY" *)
    output wire [39:0] m_axi_o_araddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARLEN" *)
    output wire [7:0] m_axi_o_arlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARSIZE" *)
    output wire [2:0] m_axi_o_arsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARBURST" *)
    output wire [1:0] m_axi_o_arburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARCACHE" *)
    output wire [3:0] m_axi_o_arcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARPROT" *)
    output wire [2:0] m_axi_o_arprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARVALID" *)
    output wire m_axi_o_arvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o ARREADY" *)
    input wire m_axi_o_arready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o RDATA" *)
    input wire [`DSOC_AXI_DATA_BITS-1:0] m_axi_o_rdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o RRESP" *)
    input wire [1:0] m_axi_o_rresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o RLAST" *)
    input wire m_axi_o_rlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o RVALID" *)
    input wire m_axi_o_rvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_o RREADY" *)
    output wire m_axi_o_rready,

    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWADDR" *)
    (* X_INTERFACE_PARAMETER = "PROTOCOL AXI4, READ_WRITE_MODE WRITE_ONLY" *)
    output wire [39:0] m_axi_y_awaddr,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWLEN" *)
    output wire [7:0] m_axi_y_awlen,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWSIZE" *)
    output wire [2:0] m_axi_y_awsize,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWBURST" *)
    output wire [1:0] m_axi_y_awburst,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWCACHE" *)
    output wire [3:0] m_axi_y_awcache,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWPROT" *)
    output wire [2:0] m_axi_y_awprot,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWVALID" *)
    output wire m_axi_y_awvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y AWREADY" *)
    input wire m_axi_y_awready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y WDATA" *)
    output wire [`DSOC_AXI_DATA_BITS-1:0] m_axi_y_wdata,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y WSTRB" *)
    output wire [`DSOC_AXI_DATA_BITS/8-1:0] m_axi_y_wstrb,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y WLAST" *)
    output wire m_axi_y_wlast,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y WVALID" *)
    output wire m_axi_y_wvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y WREADY" *)
    input wire m_axi_y_wready,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y BRESP" *)
    input wire [1:0] m_axi_y_bresp,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y BVALID" *)
    input wire m_axi_y_bvalid,
    (* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 m_axi_y BREADY" *)
    output wire m_axi_y_bready
);

  dsoc_top #(
      .AxCache(AX_CACHE)
  ) i_top (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .irq_o(irq_o),
      .s_axil_awaddr(s_axil_awaddr),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awready(s_axil_awready),
      .s_axil_wdata(s_axil_wdata),
      .s_axil_wstrb(s_axil_wstrb),
      .s_axil_wvalid(s_axil_wvalid),
      .s_axil_wready(s_axil_wready),
      .s_axil_bresp(s_axil_bresp),
      .s_axil_bvalid(s_axil_bvalid),
      .s_axil_bready(s_axil_bready),
      .s_axil_araddr(s_axil_araddr),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_arready(s_axil_arready),
      .s_axil_rdata(s_axil_rdata),
      .s_axil_rresp(s_axil_rresp),
      .s_axil_rvalid(s_axil_rvalid),
      .s_axil_rready(s_axil_rready),
      .m_axi_x_araddr(m_axi_x_araddr),
      .m_axi_x_arlen(m_axi_x_arlen),
      .m_axi_x_arsize(m_axi_x_arsize),
      .m_axi_x_arburst(m_axi_x_arburst),
      .m_axi_x_arcache(m_axi_x_arcache),
      .m_axi_x_arprot(m_axi_x_arprot),
      .m_axi_x_arvalid(m_axi_x_arvalid),
      .m_axi_x_arready(m_axi_x_arready),
      .m_axi_x_rdata(m_axi_x_rdata),
      .m_axi_x_rresp(m_axi_x_rresp),
      .m_axi_x_rlast(m_axi_x_rlast),
      .m_axi_x_rvalid(m_axi_x_rvalid),
      .m_axi_x_rready(m_axi_x_rready),
      .m_axi_k_araddr(m_axi_k_araddr),
      .m_axi_k_arlen(m_axi_k_arlen),
      .m_axi_k_arsize(m_axi_k_arsize),
      .m_axi_k_arburst(m_axi_k_arburst),
      .m_axi_k_arcache(m_axi_k_arcache),
      .m_axi_k_arprot(m_axi_k_arprot),
      .m_axi_k_arvalid(m_axi_k_arvalid),
      .m_axi_k_arready(m_axi_k_arready),
      .m_axi_k_rdata(m_axi_k_rdata),
      .m_axi_k_rresp(m_axi_k_rresp),
      .m_axi_k_rlast(m_axi_k_rlast),
      .m_axi_k_rvalid(m_axi_k_rvalid),
      .m_axi_k_rready(m_axi_k_rready),
      .m_axi_o_araddr(m_axi_o_araddr),
      .m_axi_o_arlen(m_axi_o_arlen),
      .m_axi_o_arsize(m_axi_o_arsize),
      .m_axi_o_arburst(m_axi_o_arburst),
      .m_axi_o_arcache(m_axi_o_arcache),
      .m_axi_o_arprot(m_axi_o_arprot),
      .m_axi_o_arvalid(m_axi_o_arvalid),
      .m_axi_o_arready(m_axi_o_arready),
      .m_axi_o_rdata(m_axi_o_rdata),
      .m_axi_o_rresp(m_axi_o_rresp),
      .m_axi_o_rlast(m_axi_o_rlast),
      .m_axi_o_rvalid(m_axi_o_rvalid),
      .m_axi_o_rready(m_axi_o_rready),
      .m_axi_y_awaddr(m_axi_y_awaddr),
      .m_axi_y_awlen(m_axi_y_awlen),
      .m_axi_y_awsize(m_axi_y_awsize),
      .m_axi_y_awburst(m_axi_y_awburst),
      .m_axi_y_awcache(m_axi_y_awcache),
      .m_axi_y_awprot(m_axi_y_awprot),
      .m_axi_y_awvalid(m_axi_y_awvalid),
      .m_axi_y_awready(m_axi_y_awready),
      .m_axi_y_wdata(m_axi_y_wdata),
      .m_axi_y_wstrb(m_axi_y_wstrb),
      .m_axi_y_wlast(m_axi_y_wlast),
      .m_axi_y_wvalid(m_axi_y_wvalid),
      .m_axi_y_wready(m_axi_y_wready),
      .m_axi_y_bresp(m_axi_y_bresp),
      .m_axi_y_bvalid(m_axi_y_bvalid),
      .m_axi_y_bready(m_axi_y_bready),
      .op_start_o(),
      .op_done_o(),
      .op_index_o()
  );

endmodule
