dsoc_dsp48.sv
DSP48E1.sv
DSP48E2.sv
