# Makes platform and application of this folder with XSCT, which Vitis has up to 2025.2.
#
#   xsct build.tcl DESIGN.xsa CPU
#
# CPU: ps7_cortexa9_0, psu_cortexa53_0 or psu_cortexr5_0. The workspace is the folder `workspace` beside this file.

proc stop {message} {
    puts stderr "error: $message"
    exit 2
}

set cpus {ps7_cortexa9_0 psu_cortexa53_0 psu_cortexr5_0}
if {[llength $argv] != 2 || [lindex $argv 1] ni $cpus} {
    stop "usage: xsct build.tcl DESIGN.xsa [join $cpus |]"
}
set xsa [file normalize [lindex $argv 0]]
set cpu [lindex $argv 1]
set here [file dirname [file normalize [info script]]]
set workspace [file join $here workspace]
if {![file isfile $xsa]} {
    stop "$xsa: there is no such file; Vivado's write_hw_platform -fixed -include_bit makes it"
}
if {[file exists $workspace]} {
    stop "$workspace: exists; remove it to build anew"
}

if {[catch {
    setws $workspace
    platform create -name dsoc_platform -hw $xsa -proc $cpu -os standalone
    platform generate
    app create -name dsoc_app -platform dsoc_platform -domain standalone_domain -template {Empty Application(C)}
    importsources -name dsoc_app -path [file join $here src]
    app config -name dsoc_app build-config release
    app build -name dsoc_app
} message]} {
    puts stderr "error: $message"
    exit 1
}
set programs [glob -nocomplain [file join $workspace dsoc_app Release dsoc_app.elf]]
if {[llength $programs] == 0} {
    puts stderr "error: nothing was built; see what XSCT printed above"
    exit 1
}
puts "built [lindex $programs 0]"
