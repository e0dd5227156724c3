# Places and routes the project, and writes the reports.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step implementation {
    open_project [dsoc::existing project/dsoc.xpr]
    dsoc::run impl_1
    open_run impl_1 -name impl_1
    dsoc::report
    close_project
}
