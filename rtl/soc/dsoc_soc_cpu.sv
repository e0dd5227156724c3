/// The core of the RISC-V SoC: Ibex (RV32IMC, machine mode) with its register file for FPGAs.
///
/// The core's sources come from the package pythondata-cpu-ibex. Small configuration: no caches, no branch predictor, no
/// debug port; the multiplier takes three clocks. It enters at BootAddr + 0x80, and needs a reset that falls after the
/// first clock has begun (asynchronous flip-flops see an edge only then). Both ports: a request is taken with `gnt_i`,
/// answered later with `rvalid_i`, in order. The core names its instance in messages.
///
/// Parameters:
///   BootAddr  aligned to 256
module dsoc_soc_cpu #(
    parameter logic [31:0] BootAddr = 32'h0000_0000
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    output logic        instr_req_o,
    input  logic        instr_gnt_i,
    input  logic        instr_rvalid_i,
    output logic [31:0] instr_addr_o,
    input  logic [31:0] instr_rdata_i,
    input  logic        instr_err_i,
    output logic        data_req_o,
    input  logic        data_gnt_i,
    input  logic        data_rvalid_i,
    output logic        data_we_o,
    output logic [ 3:0] data_be_o,
    output logic [31:0] data_addr_o,
    output logic [31:0] data_wdata_o,
    input  logic [31:0] data_rdata_i,
    input  logic        data_err_i,
    input  logic        irq_timer_i,
    input  logic        irq_external_i
);

  logic [4:0] raddr_a, raddr_b, waddr;
  logic [31:0] rdata_a, rdata_b, wdata;
  logic we;

  ibex_core u_ibex_core (
      .clk_i,
      .rst_ni,
      .hart_id_i        (32'd0),
      .boot_addr_i      (BootAddr),
      .instr_req_o,
      .instr_gnt_i,
      .instr_rvalid_i,
      .instr_addr_o,
      .instr_rdata_i,
      .instr_err_i,
      .data_req_o,
      .data_gnt_i,
      .data_rvalid_i,
      .data_we_o,
      .data_be_o,
      .data_addr_o,
      .data_wdata_o,
      .data_rdata_i,
      .data_err_i,
      .rf_raddr_a_o     (raddr_a),
      .rf_raddr_b_o     (raddr_b),
      .rf_waddr_wb_o    (waddr),
      .rf_we_wb_o       (we),
      .rf_wdata_wb_ecc_o(wdata),
      .rf_rdata_a_ecc_i (rdata_a),
      .rf_rdata_b_ecc_i (rdata_b),
      // The instruction cache is left out.
      .ic_tag_rdata_i   ('{default: '0}),
      .ic_data_rdata_i  ('{default: '0}),
      .ic_scr_key_valid_i(1'b0),
      .irq_software_i   (1'b0),
      .irq_timer_i,
      .irq_external_i,
      .irq_fast_i       (15'd0),
      .irq_nm_i         (1'b0),
      .debug_req_i      (1'b0),
      .fetch_enable_i   (ibex_pkg::IbexMuBiOn),
      // Outputs of parts that are left out, and of security features.
      .dummy_instr_id_o (),
      .dummy_instr_wb_o (),
      .ic_tag_req_o     (),
      .ic_tag_write_o   (),
      .ic_tag_addr_o    (),
      .ic_tag_wdata_o   (),
      .ic_data_req_o    (),
      .ic_data_write_o  (),
      .ic_data_addr_o   (),
      .ic_data_wdata_o  (),
      .ic_scr_key_req_o (),
      .irq_pending_o    (),
      .crash_dump_o     (),
      .double_fault_seen_o(),
      .alert_minor_o    (),
      .alert_major_internal_o(),
      .alert_major_bus_o(),
      .core_busy_o      ()
  );

  ibex_register_file_fpga i_registers (
      .clk_i,
      .rst_ni,
      .test_en_i       (1'b0),
      .dummy_instr_id_i(1'b0),
      .dummy_instr_wb_i(1'b0),
      .raddr_a_i       (raddr_a),
      .rdata_a_o       (rdata_a),
      .raddr_b_i       (raddr_b),
      .rdata_b_o       (rdata_b),
      .waddr_a_i       (waddr),
      .wdata_a_i       (wdata),
      .we_a_i          (we),
      .err_o           ()
  );

endmodule
