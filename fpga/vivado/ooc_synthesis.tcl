# Synthesizes the accelerator alone, out of context, without a project.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step synthesis {
    set hardware [dsoc::hardware]
    set board [dsoc::board]
    dsoc::check_parameters $hardware
    set period [format %.3f [expr {1000.0 / [dict get $hardware frequency_mhz]}]]
    dsoc::write clock.xdc "create_clock -name clk_i -period $period \[get_ports clk_i\]"
    read_verilog -sv [dsoc::sources]
    read_xdc -mode out_of_context clock.xdc
    synth_design -top dsoc_top -part [dict get $board part] -mode out_of_context -include_dirs [file normalize src] \
        -verilog_define SYNTHESIS=1
    report_utilization -hierarchical -file synthesis.rpt
    write_checkpoint -force synthesized.dcp
}
