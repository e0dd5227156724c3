// Files of Ibex that the SoC uses, in the folder system_verilog of the package pythondata-cpu-ibex. Those outside of its
// folder rtl are included by the others. ibex_pmp is not used; the core's own observation points name it.
rtl/ibex_pkg.sv
rtl/ibex_alu.sv
rtl/ibex_compressed_decoder.sv
rtl/ibex_controller.sv
rtl/ibex_csr.sv
rtl/ibex_counter.sv
rtl/ibex_cs_registers.sv
rtl/ibex_decoder.sv
rtl/ibex_multdiv_fast.sv
rtl/ibex_ex_block.sv
rtl/ibex_fetch_fifo.sv
rtl/ibex_id_stage.sv
rtl/ibex_prefetch_buffer.sv
rtl/ibex_if_stage.sv
rtl/ibex_load_store_unit.sv
rtl/ibex_wb_stage.sv
rtl/ibex_pmp.sv
rtl/ibex_core.sv
rtl/ibex_register_file_fpga.sv
vendor/lowrisc_ip/ip/prim/rtl/prim_assert.sv
vendor/lowrisc_ip/ip/prim/rtl/prim_assert_dummy_macros.svh
vendor/lowrisc_ip/ip/prim/rtl/prim_assert_sec_cm.svh
vendor/lowrisc_ip/ip/prim/rtl/prim_flop_macros.sv
vendor/lowrisc_ip/dv/sv/dv_utils/dv_fcov_macros.svh
