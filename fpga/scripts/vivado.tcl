# From an export to the bitstream in the current folder, in Vivado's Tcl console, or with vivado -mode batch -source:
#
#   mkdir fpga/work
#   cd fpga/work
#   source ../scripts/vivado.tcl
#
# Before the last line, if they are to be others:
#   set dsoc_export DIR      folder that deepsoc export wrote; left out: the only one in build
#   set dsoc_board NAME      board by its name, or its .toml file; left out: pynq-z2
# The same steps as of the flow vivado of deepsoc implement, which says more about what is wrong beforehand.

namespace eval dsoc {
    variable root [file dirname [file dirname [file dirname [file normalize [info script]]]]]
}

proc dsoc::find_export {} {
    variable root
    if {[info exists ::dsoc_export]} {
        return [file normalize $::dsoc_export]
    }
    set build [file join $root build]
    set found [glob -nocomplain -directory $build */config.tcl */export/config.tcl]
    if {[llength $found] != 1} {
        error "expected one export in $build, found [llength $found]; name it: set dsoc_export DIR"
    }
    return [file dirname [lindex $found 0]]
}

proc dsoc::find_board {} {
    variable root
    set name pynq-z2
    if {[info exists ::dsoc_board]} {
        set name $::dsoc_board
    }
    set folders [list [file join $root deepsoc hw boards] [file join $root .. hw boards]]
    foreach place [list $name {*}[lmap folder $folders {file join $folder $name.toml}]] {
        if {[file isfile $place]} {
            return $place
        }
    }
    error "there is no board $name, nor such a file"
}

# Copies what the steps read.
proc dsoc::collect {} {
    variable root
    set export [find_export]
    foreach name {config.tcl params.svh} {
        if {![file isfile [file join $export $name]]} {
            error "[file join $export $name] is missing; give a folder that deepsoc export wrote"
        }
    }
    set rtl [file join $root rtl]
    file delete -force src
    file mkdir src
    set channel [open [file join $rtl files.f] r]
    set names [split [read $channel] \n]
    close $channel
    set list [open src/files.f w]
    foreach line $names {
        set name [string trim [regsub {//.*} $line {}]]
        if {$name ne ""} {
            file copy [file join $rtl $name] src
            puts $list [file tail $name]
        }
    }
    close $list
    foreach header [glob -directory $rtl */*.svh] {
        file copy $header src
    }
    file copy [file join $root fpga vivado dsoc.v] [file join $export params.svh] src
    file copy -force [file join $export config.tcl] config.tcl
    file copy -force [find_board] board.toml
    puts "export $export, board [find_board]"
}

set dsoc_interactive 1
dsoc::collect
foreach dsoc_step {project synthesis implementation bitstream xsa} {
    source [file join $dsoc::root fpga vivado $dsoc_step.tcl]
}
puts "[file normalize design.bit], .hwh and .xsa are made"
