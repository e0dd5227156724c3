# Writes the bitstream, and beside it under the same name the description that PYNQ reads.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step bitstream {
    open_project [dsoc::existing project/dsoc.xpr]
    set run [dsoc::run impl_1 -to_step write_bitstream]
    file copy -force [file join [get_property DIRECTORY $run] system_wrapper.bit] design.bit
    file copy -force project/dsoc.gen/sources_1/bd/system/hw_handoff/system.hwh design.hwh
    close_project
}
