// The RISC-V SoC, behind the accelerator's sources (../files.f) and the core's.
dsoc_soc_pkg.sv
dsoc_soc_cpu.sv
dsoc_soc_ram.sv
dsoc_soc_uart.sv
dsoc_soc_timer.sv
dsoc_soc_bus.sv
dsoc_soc_write_arb.sv
dsoc_soc_axi_ram.sv
dsoc_soc.sv
dsoc_soc_board.sv
