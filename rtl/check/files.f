// Rules of AXI on the ports of the accelerator, for simulations alone: behind its sources, bound to them.
dsoc_axi_channel_check.sv
dsoc_axi_address_check.sv
dsoc_axi_read_check.sv
dsoc_axi_write_check.sv
dsoc_axi_lite_check.sv
dsoc_top_bind.sv
