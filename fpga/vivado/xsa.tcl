# Writes the hardware description for Vitis and PetaLinux, with the bitstream in it.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step xsa {
    open_project [dsoc::existing project/dsoc.xpr]
    write_hw_platform -fixed -include_bit -force design.xsa
    dsoc::existing design.xsa
    close_project
}
