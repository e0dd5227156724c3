// For the RISC-V SoC besides.
dsoc_soc_bind.sv
