# Places and routes the accelerator alone, and writes the reports.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step implementation {
    open_checkpoint [dsoc::existing synthesized.dcp]
    opt_design
    place_design
    phys_opt_design
    route_design
    write_checkpoint -force routed.dcp
    dsoc::report
}
