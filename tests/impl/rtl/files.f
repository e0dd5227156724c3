dsoc_fifo.sv
dsoc_core.sv
dsoc_top.sv
