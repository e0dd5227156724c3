/// The RISC-V SoC but for its large memory: core, boot ROM, program RAM, UART, timer, accelerator, and the interconnect
/// that leads the accelerator's four ports and the core to one AXI4 port.
///
/// The interconnect is three read arbiters of the accelerator's own kind and a write arbiter: all masters keep one ID,
/// take every beat they asked for (space is reserved before an address is sent), and there is one slave, so nothing of a
/// general crossbar (IDs, reordering, width conversion) is needed. Bursts are answered in order; a reader that waits
/// holds up no other. The core reads and writes single beats.
///
/// The memory's slave answers in order and sees addresses from MEMORY of docs/soc-map.md on.
///
/// Parameters:
///   ClkHz     clock frequency
///   Baud      bits a second of the UART after reset
///   RomBytes  size of the boot ROM, a power of two
///   RamBytes  size of the program RAM, a power of two
///   RomFile   contents of the ROM, hexadecimal words
///   RamFile   contents of the RAM at power-up; "": none
`include "params.svh"

module dsoc_soc #(
    parameter int unsigned ClkHz = 25_000_000,
    parameter int unsigned Baud = 1_000_000,
    parameter int unsigned RomBytes = 4096,
    parameter int unsigned RamBytes = 65536,
    parameter string RomFile = "boot.hex",
    parameter string RamFile = ""
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        uart_rx_i,
    output logic        uart_tx_o,
    output logic [ 7:0] leds_o,
    input  logic [31:0] memory_bytes_i,
    // AXI ports keep the names that tools infer interfaces from.
    // verilog_lint: waive-start port-name-suffix
    output logic [39:0] m_axi_mem_araddr,
    output logic [7:0] m_axi_mem_arlen,
    output logic [2:0] m_axi_mem_arsize,
    output logic [1:0] m_axi_mem_arburst,
    output logic m_axi_mem_arvalid,
    input logic m_axi_mem_arready,
    input logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_mem_rdata,
    input logic [1:0] m_axi_mem_rresp,
    input logic m_axi_mem_rlast,
    input logic m_axi_mem_rvalid,
    output logic m_axi_mem_rready,
    output logic [39:0] m_axi_mem_awaddr,
    output logic [7:0] m_axi_mem_awlen,
    output logic [2:0] m_axi_mem_awsize,
    output logic [1:0] m_axi_mem_awburst,
    output logic m_axi_mem_awvalid,
    input logic m_axi_mem_awready,
    output logic [`DSOC_AXI_DATA_BITS-1:0] m_axi_mem_wdata,
    output logic [`DSOC_AXI_DATA_BITS/8-1:0] m_axi_mem_wstrb,
    output logic m_axi_mem_wlast,
    output logic m_axi_mem_wvalid,
    input logic m_axi_mem_wready,
    input logic [1:0] m_axi_mem_bresp,
    input logic m_axi_mem_bvalid,
    output logic m_axi_mem_bready,
    // verilog_lint: waive-stop port-name-suffix
    output logic op_start_o,
    output logic op_done_o,
    output logic [15:0] op_index_o
);

  localparam int unsigned AxiBits = `DSOC_AXI_DATA_BITS;
  localparam int unsigned RomWords = RomBytes / 4;
  localparam int unsigned RamWords = RamBytes / 4;
  localparam int unsigned RomAddrBits = $clog2(RomWords);
  localparam int unsigned RamAddrBits = $clog2(RamWords);

  // ---- core ----------------------------------------------------------------------------------------------------------
  logic instr_req, instr_valid_q, instr_ram_q, instr_err_q, fetch_rom, fetch_ram;
  logic data_req, data_gnt, data_rvalid, data_we, data_err, timer_irq, irq;
  logic [31:0] instr_addr, data_addr, data_wdata, data_rdata, rom_instr, ram_instr;
  logic [3:0] data_be;

  dsoc_soc_cpu #(
      .BootAddr(dsoc_soc_pkg::ROM_BASE)
  ) i_cpu (
      .clk_i,
      .rst_ni,
      .instr_req_o   (instr_req),
      .instr_gnt_i   (instr_req),
      .instr_rvalid_i(instr_valid_q),
      .instr_addr_o  (instr_addr),
      .instr_rdata_i (instr_ram_q ? ram_instr : rom_instr),
      .instr_err_i   (instr_err_q),
      .data_req_o    (data_req),
      .data_gnt_i    (data_gnt),
      .data_rvalid_i (data_rvalid),
      .data_we_o     (data_we),
      .data_be_o     (data_be),
      .data_addr_o   (data_addr),
      .data_wdata_o  (data_wdata),
      .data_rdata_i  (data_rdata),
      .data_err_i    (data_err),
      .irq_timer_i   (timer_irq),
      .irq_external_i(irq)
  );

  assign fetch_rom = instr_addr < dsoc_soc_pkg::ROM_BASE + 32'(RomBytes);
  assign fetch_ram = (instr_addr & dsoc_soc_pkg::RAM_MASK) == dsoc_soc_pkg::RAM_BASE &&
      (instr_addr & ~dsoc_soc_pkg::RAM_MASK) < 32'(RamBytes);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      instr_valid_q <= 1'b0;
      instr_ram_q   <= 1'b0;
      instr_err_q   <= 1'b0;
    end else begin
      instr_valid_q <= instr_req;
      instr_ram_q   <= fetch_ram;
      instr_err_q   <= !fetch_rom && !fetch_ram;
    end
  end

  // ---- memories and peripherals --------------------------------------------------------------------------------------
  logic rom_en, ram_en, uart_en, timer_en, system_en;
  logic [31:0] rom_rdata, ram_rdata, uart_rdata, timer_rdata;

  dsoc_soc_ram #(
      .Words(RomWords),
      .File (RomFile)
  ) i_rom (
      .clk_i,
      .a_en_i   (instr_req),
      .a_addr_i (instr_addr[2+:RomAddrBits]),
      .a_rdata_o(rom_instr),
      .b_en_i   (rom_en),
      .b_we_i   (4'd0),
      .b_addr_i (data_addr[2+:RomAddrBits]),
      .b_wdata_i(32'd0),
      .b_rdata_o(rom_rdata)
  );

  dsoc_soc_ram #(
      .Words(RamWords),
      .File (RamFile)
  ) i_ram (
      .clk_i,
      .a_en_i   (instr_req),
      .a_addr_i (instr_addr[2+:RamAddrBits]),
      .a_rdata_o(ram_instr),
      .b_en_i   (ram_en),
      .b_we_i   (data_we ? data_be : 4'd0),
      .b_addr_i (data_addr[2+:RamAddrBits]),
      .b_wdata_i(data_wdata),
      .b_rdata_o(ram_rdata)
  );

  dsoc_soc_uart #(
      .Divider(ClkHz / Baud)
  ) i_uart (
      .clk_i,
      .rst_ni,
      .en_i   (uart_en),
      .we_i   (data_we),
      .addr_i (data_addr[11:0]),
      .wdata_i(data_wdata),
      .rdata_o(uart_rdata),
      .rx_i   (uart_rx_i),
      .tx_o   (uart_tx_o)
  );

  dsoc_soc_timer #(
      .ClkHz   (ClkHz),
      .RamBytes(RamBytes)
  ) i_timer (
      .clk_i,
      .rst_ni,
      .timer_en_i (timer_en),
      .system_en_i(system_en),
      .we_i       (data_we),
      .addr_i     (data_addr[11:0]),
      .wdata_i    (data_wdata),
      .rdata_o    (timer_rdata),
      .memory_bytes_i,
      .leds_o,
      .irq_o      (timer_irq)
  );

  // ---- the core's data port ------------------------------------------------------------------------------------------
  logic lite_awvalid, lite_awready, lite_wvalid, lite_wready, lite_bvalid, lite_arvalid, lite_arready, lite_rvalid;
  logic [1:0] lite_bresp, lite_rresp;
  logic [31:0] lite_rdata, cpu_addr, cpu_wdata;
  logic [3:0] cpu_be;
  logic cpu_awvalid, cpu_awready, cpu_wvalid, cpu_wready, cpu_bvalid, cpu_arvalid, cpu_arready, cpu_rvalid;
  logic [39:0] cpu_beat;
  logic [AxiBits-1:0] cpu_mem_wdata;
  logic [AxiBits/8-1:0] cpu_mem_wstrb;

  dsoc_soc_bus #(
      .AxiBits (AxiBits),
      .RomWords(RomWords),
      .RamWords(RamWords)
  ) i_bus (
      .clk_i,
      .rst_ni,
      .memory_bytes_i,
      .req_i         (data_req),
      .gnt_o         (data_gnt),
      .we_i          (data_we),
      .be_i          (data_be),
      .addr_i        (data_addr),
      .wdata_i       (data_wdata),
      .rvalid_o      (data_rvalid),
      .rdata_o       (data_rdata),
      .err_o         (data_err),
      .rom_en_o      (rom_en),
      .rom_rdata_i   (rom_rdata),
      .ram_en_o      (ram_en),
      .ram_rdata_i   (ram_rdata),
      .uart_en_o     (uart_en),
      .uart_rdata_i  (uart_rdata),
      .timer_en_o    (timer_en),
      .system_en_o   (system_en),
      .timer_rdata_i (timer_rdata),
      .addr_o        (cpu_addr),
      .wdata_o       (cpu_wdata),
      .be_o          (cpu_be),
      .lite_awvalid_o(lite_awvalid),
      .lite_awready_i(lite_awready),
      .lite_wvalid_o (lite_wvalid),
      .lite_wready_i (lite_wready),
      .lite_bresp_i  (lite_bresp),
      .lite_bvalid_i (lite_bvalid),
      .lite_arvalid_o(lite_arvalid),
      .lite_arready_i(lite_arready),
      .lite_rdata_i  (lite_rdata),
      .lite_rresp_i  (lite_rresp),
      .lite_rvalid_i (lite_rvalid),
      .mem_awvalid_o (cpu_awvalid),
      .mem_awready_i (cpu_awready),
      .mem_wdata_o   (cpu_mem_wdata),
      .mem_wstrb_o   (cpu_mem_wstrb),
      .mem_wvalid_o  (cpu_wvalid),
      .mem_wready_i  (cpu_wready),
      .mem_bresp_i   (m_axi_mem_bresp),
      .mem_bvalid_i  (cpu_bvalid),
      .mem_arvalid_o (cpu_arvalid),
      .mem_arready_i (cpu_arready),
      .mem_rdata_i   (m_axi_mem_rdata),
      .mem_rresp_i   (m_axi_mem_rresp),
      .mem_rvalid_i  (cpu_rvalid)
  );

  assign cpu_beat = {8'd0, cpu_addr} & ~(40'(AxiBits / 8) - 40'd1);

  // ---- accelerator ---------------------------------------------------------------------------------------------------
  logic [39:0] x_araddr;
  logic [7:0] x_arlen;
  logic x_arvalid, x_arready, x_rvalid, x_rready;
  logic [39:0] k_araddr;
  logic [7:0] k_arlen;
  logic k_arvalid, k_arready, k_rvalid, k_rready;
  logic [39:0] o_araddr;
  logic [7:0] o_arlen;
  logic o_arvalid, o_arready, o_rvalid, o_rready;
  logic [39:0] y_awaddr;
  logic [7:0] y_awlen;
  logic y_awvalid, y_awready, y_wlast, y_wvalid, y_wready, y_bvalid, y_bready;
  logic [AxiBits-1:0] y_wdata;
  logic [AxiBits/8-1:0] y_wstrb;

  dsoc_top i_accelerator (
      .clk_i,
      .rst_ni,
      .irq_o         (irq),
      .s_axil_awaddr (cpu_addr[7:0]),
      .s_axil_awvalid(lite_awvalid),
      .s_axil_awready(lite_awready),
      .s_axil_wdata  (cpu_wdata),
      .s_axil_wstrb  (cpu_be),
      .s_axil_wvalid (lite_wvalid),
      .s_axil_wready (lite_wready),
      .s_axil_bresp  (lite_bresp),
      .s_axil_bvalid (lite_bvalid),
      .s_axil_bready (1'b1),
      .s_axil_araddr (cpu_addr[7:0]),
      .s_axil_arvalid(lite_arvalid),
      .s_axil_arready(lite_arready),
      .s_axil_rdata  (lite_rdata),
      .s_axil_rresp  (lite_rresp),
      .s_axil_rvalid (lite_rvalid),
      .s_axil_rready (1'b1),
      .m_axi_x_araddr(x_araddr),
      .m_axi_x_arlen(x_arlen),
      .m_axi_x_arsize(),
      .m_axi_x_arburst(),
      .m_axi_x_arcache(),
      .m_axi_x_arprot(),
      .m_axi_x_arvalid(x_arvalid),
      .m_axi_x_arready(x_arready),
      .m_axi_x_rdata(m_axi_mem_rdata),
      .m_axi_x_rresp(m_axi_mem_rresp),
      .m_axi_x_rlast(m_axi_mem_rlast),
      .m_axi_x_rvalid(x_rvalid),
      .m_axi_x_rready(x_rready),
      .m_axi_k_araddr(k_araddr),
      .m_axi_k_arlen(k_arlen),
      .m_axi_k_arsize(),
      .m_axi_k_arburst(),
      .m_axi_k_arcache(),
      .m_axi_k_arprot(),
      .m_axi_k_arvalid(k_arvalid),
      .m_axi_k_arready(k_arready),
      .m_axi_k_rdata(m_axi_mem_rdata),
      .m_axi_k_rresp(m_axi_mem_rresp),
      .m_axi_k_rlast(m_axi_mem_rlast),
      .m_axi_k_rvalid(k_rvalid),
      .m_axi_k_rready(k_rready),
      .m_axi_o_araddr(o_araddr),
      .m_axi_o_arlen(o_arlen),
      .m_axi_o_arsize(),
      .m_axi_o_arburst(),
      .m_axi_o_arcache(),
      .m_axi_o_arprot(),
      .m_axi_o_arvalid(o_arvalid),
      .m_axi_o_arready(o_arready),
      .m_axi_o_rdata(m_axi_mem_rdata),
      .m_axi_o_rresp(m_axi_mem_rresp),
      .m_axi_o_rlast(m_axi_mem_rlast),
      .m_axi_o_rvalid(o_rvalid),
      .m_axi_o_rready(o_rready),
      .m_axi_y_awaddr(y_awaddr),
      .m_axi_y_awlen(y_awlen),
      .m_axi_y_awsize(),
      .m_axi_y_awburst(),
      .m_axi_y_awcache(),
      .m_axi_y_awprot(),
      .m_axi_y_awvalid(y_awvalid),
      .m_axi_y_awready(y_awready),
      .m_axi_y_wdata(y_wdata),
      .m_axi_y_wstrb(y_wstrb),
      .m_axi_y_wlast(y_wlast),
      .m_axi_y_wvalid(y_wvalid),
      .m_axi_y_wready(y_wready),
      .m_axi_y_bresp(m_axi_mem_bresp),
      .m_axi_y_bvalid(y_bvalid),
      .m_axi_y_bready(y_bready),
      .op_start_o,
      .op_done_o,
      .op_index_o
  );

  // ---- interconnect: core and pixels, operands and weights, both pairs -----------------------------------------------
  logic [39:0] a_araddr, b_araddr;
  logic [7:0] a_arlen, b_arlen;
  logic a_arvalid, a_arready, a_rvalid, a_rready, b_arvalid, b_arready, b_rvalid, b_rready;

  dsoc_axi_read_arb i_read_a (
      .clk_i,
      .rst_ni,
      .s0_araddr_i(cpu_beat),
      .s0_arlen_i(8'd0),
      .s0_arvalid_i(cpu_arvalid),
      .s0_arready_o(cpu_arready),
      .s0_rvalid_o(cpu_rvalid),
      .s0_rready_i(1'b1),
      .s1_araddr_i(x_araddr),
      .s1_arlen_i(x_arlen),
      .s1_arvalid_i(x_arvalid),
      .s1_arready_o(x_arready),
      .s1_rvalid_o(x_rvalid),
      .s1_rready_i(x_rready),
      .m_araddr_o(a_araddr),
      .m_arlen_o(a_arlen),
      .m_arvalid_o(a_arvalid),
      .m_arready_i(a_arready),
      .m_rlast_i(m_axi_mem_rlast),
      .m_rvalid_i(a_rvalid),
      .m_rready_o(a_rready)
  );

  dsoc_axi_read_arb i_read_b (
      .clk_i,
      .rst_ni,
      .s0_araddr_i(o_araddr),
      .s0_arlen_i(o_arlen),
      .s0_arvalid_i(o_arvalid),
      .s0_arready_o(o_arready),
      .s0_rvalid_o(o_rvalid),
      .s0_rready_i(o_rready),
      .s1_araddr_i(k_araddr),
      .s1_arlen_i(k_arlen),
      .s1_arvalid_i(k_arvalid),
      .s1_arready_o(k_arready),
      .s1_rvalid_o(k_rvalid),
      .s1_rready_i(k_rready),
      .m_araddr_o(b_araddr),
      .m_arlen_o(b_arlen),
      .m_arvalid_o(b_arvalid),
      .m_arready_i(b_arready),
      .m_rlast_i(m_axi_mem_rlast),
      .m_rvalid_i(b_rvalid),
      .m_rready_o(b_rready)
  );

  dsoc_axi_read_arb i_read (
      .clk_i,
      .rst_ni,
      .s0_araddr_i(a_araddr),
      .s0_arlen_i(a_arlen),
      .s0_arvalid_i(a_arvalid),
      .s0_arready_o(a_arready),
      .s0_rvalid_o(a_rvalid),
      .s0_rready_i(a_rready),
      .s1_araddr_i(b_araddr),
      .s1_arlen_i(b_arlen),
      .s1_arvalid_i(b_arvalid),
      .s1_arready_o(b_arready),
      .s1_rvalid_o(b_rvalid),
      .s1_rready_i(b_rready),
      .m_araddr_o(m_axi_mem_araddr),
      .m_arlen_o(m_axi_mem_arlen),
      .m_arvalid_o(m_axi_mem_arvalid),
      .m_arready_i(m_axi_mem_arready),
      .m_rlast_i(m_axi_mem_rlast),
      .m_rvalid_i(m_axi_mem_rvalid),
      .m_rready_o(m_axi_mem_rready)
  );

  dsoc_soc_write_arb #(
      .DataBits(AxiBits)
  ) i_write (
      .clk_i,
      .rst_ni,
      .s0_awaddr_i (cpu_beat),
      .s0_awlen_i  (8'd0),
      .s0_awvalid_i(cpu_awvalid),
      .s0_awready_o(cpu_awready),
      .s0_wdata_i  (cpu_mem_wdata),
      .s0_wstrb_i  (cpu_mem_wstrb),
      .s0_wlast_i  (1'b1),
      .s0_wvalid_i (cpu_wvalid),
      .s0_wready_o (cpu_wready),
      .s0_bvalid_o (cpu_bvalid),
      .s0_bready_i (1'b1),
      .s1_awaddr_i (y_awaddr),
      .s1_awlen_i  (y_awlen),
      .s1_awvalid_i(y_awvalid),
      .s1_awready_o(y_awready),
      .s1_wdata_i  (y_wdata),
      .s1_wstrb_i  (y_wstrb),
      .s1_wlast_i  (y_wlast),
      .s1_wvalid_i (y_wvalid),
      .s1_wready_o (y_wready),
      .s1_bvalid_o (y_bvalid),
      .s1_bready_i (y_bready),
      .m_awaddr_o  (m_axi_mem_awaddr),
      .m_awlen_o   (m_axi_mem_awlen),
      .m_awvalid_o (m_axi_mem_awvalid),
      .m_awready_i (m_axi_mem_awready),
      .m_wdata_o   (m_axi_mem_wdata),
      .m_wstrb_o   (m_axi_mem_wstrb),
      .m_wlast_o   (m_axi_mem_wlast),
      .m_wvalid_o  (m_axi_mem_wvalid),
      .m_wready_i  (m_axi_mem_wready),
      .m_bvalid_i  (m_axi_mem_bvalid),
      .m_bready_o  (m_axi_mem_bready)
  );

  assign m_axi_mem_arsize  = 3'($clog2(AxiBits / 8));
  assign m_axi_mem_arburst = 2'b01;
  assign m_axi_mem_awsize  = 3'($clog2(AxiBits / 8));
  assign m_axi_mem_awburst = 2'b01;

endmodule
