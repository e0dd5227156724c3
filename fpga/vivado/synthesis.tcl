# Synthesizes the project.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step synthesis {
    open_project [dsoc::existing project/dsoc.xpr]
    dsoc::run synth_1
    open_run synth_1 -name synth_1
    report_utilization -hierarchical -file synthesis.rpt
    close_project
}
