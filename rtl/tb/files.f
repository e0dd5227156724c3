dsoc_tb_pkg.sv
dsoc_tb_address.sv
dsoc_tb_read_memory.sv
dsoc_tb_write_memory.sv
dsoc_tb.sv
