# Makes the project: block design, wrapper, and what they generate. Writes project.txt.
source [file join [file dirname [file normalize [info script]]] common.tcl]
source [file join $dsoc::scripts system.tcl]

dsoc::step project {
    set hardware [dsoc::hardware]
    set board [dsoc::board]
    dsoc::check_parameters $hardware
    create_project -force -part [dict get $board part] dsoc project
    set preset [dict get $board board_part]
    if {[llength [get_board_parts -quiet $preset]] != 1} {
        set name [join [lrange [split $preset :] 0 2] :]
        error "Vivado has no board files $preset, of this board it has: [get_board_parts -quiet ${name}:*]. Get them in\
            Tools > Vivado Store > Boards, or give a board with another board_part"
    }
    set_property board_part $preset [current_project]
    if {[dict get $board board_connections] ne ""} {
        set_property board_connections [dict get $board board_connections] [current_project]
    }
    dsoc::add_sources
    lassign [dsoc::system $hardware $board] hz address
    set design [get_files system.bd]
    set_property synth_checkpoint_mode None $design
    generate_target all $design
    add_files -norecurse -fileset [get_filesets sources_1] [make_wrapper -top $design]
    set_property top system_wrapper [get_filesets sources_1]
    update_compile_order -fileset [get_filesets sources_1]
    close_project
    # The time tells this project from others of the same content: the runs of those are not in it.
    dsoc::write project.txt "clock_hz $hz\nregisters $address\nboard [dict get $board name]\nmade [clock seconds]"
}
