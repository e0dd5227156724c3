# What the steps share. A step works in the current folder and reads there: config.tcl, board.toml, the sources in src.
# Nothing of these files is evaluated: every line is matched, every value checked.

namespace eval dsoc {
    variable scripts [file dirname [file normalize [info script]]]
    variable masters {m_axi_x m_axi_k m_axi_o m_axi_y}
}
source [file join $dsoc::scripts families.tcl]

# Runs a step: an error in it ends Vivado with its message and status 1, or where a person sits before it, the script.
proc dsoc::step {name body} {
    if {[catch {uplevel 1 $body} message options] == 0} {
        puts "step $name is done"
        return
    }
    puts stderr [dict get $options -errorinfo]
    catch {close_project -quiet}
    if {[info exists ::dsoc_interactive]} {
        error "step $name: $message"
    }
    puts stderr "error: step $name: $message"
    exit 1
}

proc dsoc::lines {file} {
    if {![file isfile $file]} {
        error "$file is missing; run the step in a folder that deepsoc has made"
    }
    set channel [open $file r]
    set text [read $channel]
    close $channel
    return [split $text \n]
}

proc dsoc::write {file text} {
    set channel [open $file w]
    puts $channel $text
    close $channel
}

# The accelerator's parameters, of config.tcl, by name.
proc dsoc::hardware {{file config.tcl}} {
    set values [dict create]
    foreach line [lines $file] {
        if {$line eq "" || [string index $line 0] eq "#"} {
            continue
        }
        if {![regexp {^set dsoc\((\w+)\) ([\w.+-]+)$} $line -> name value]} {
            error "$file: expected set dsoc(NAME) VALUE, received $line"
        }
        dict set values $name $value
    }
    foreach name {frequency_mhz axi_data_bits base_address} {
        if {![dict exists $values $name] || ![string is double -strict [dict get $values $name]]} {
            error "$file: expected a number $name"
        }
    }
    return $values
}

# Stops unless the parameters in the sources are those of the hardware.
proc dsoc::check_parameters {hardware {file src/params.svh}} {
    foreach line [lines $file] {
        if {[regexp {^`define DSOC_(\w+) (.+)$} $line -> name value]} {
            set name [string tolower $name]
            if {[dict exists $hardware $name] && [dict get $hardware $name] != $value} {
                error "$file: $name is $value, in config.tcl [dict get $hardware $name]; export again"
            }
        }
    }
}

# The fields of a board's file, by name; those of its tables are left out.
proc dsoc::board {{file board.toml}} {
    set values [dict create]
    foreach line [lines $file] {
        if {[string index $line 0] eq "\["} {
            break
        }
        if {[regexp {^\s*(#.*)?$} $line]} {
            continue
        }
        if {![regexp {^(\w+) = (?:"([^"\\]*)"|([0-9_.]+))$} $line -> name text number]} {
            error "$file: expected NAME = \"TEXT\" or NAME = NUMBER, received $line"
        }
        dict set values $name [expr {$number eq "" ? $text : [string map {_ ""} $number]}]
    }
    foreach {name pattern} {
        name {^[\w.-]+$} part {^[\w-]+$} family {^\w+$} board_part {^[\w.-]+(:[\w.-]+){3}$}
        axi_data_bits {^\d+$} memory_ports {^\d+$}
    } {
        if {![dict exists $values $name] || ![regexp $pattern [dict get $values $name]]} {
            error "$file: $name is missing or not as docs/boards/vivado.md says"
        }
    }
    if {![dict exists $values board_connections]} {
        dict set values board_connections ""
    }
    if {![regexp {^[\w.: -]*$} [dict get $values board_connections]]} {
        error "$file: board_connections is not as docs/boards/vivado.md says"
    }
    return $values
}

# What the scripts know of the processing system of a board.
proc dsoc::family {board} {
    variable families
    set name [dict get $board family]
    if {![dict exists $families $name]} {
        error "board.toml: family $name has no processing system; expected one of [dict keys $families]"
    }
    return [dict get $families $name]
}

# The sources, in the order of files.f.
proc dsoc::sources {} {
    set files {}
    foreach name [lines src/files.f] {
        if {$name ne ""} {
            lappend files [existing [file join src $name]]
        }
    }
    return $files
}

proc dsoc::existing {file} {
    if {![file isfile $file]} {
        error "$file is missing; run all steps anew (--fresh)"
    }
    return $file
}

# Adds the sources to the project, with the plain Verilog top, to which block designs refer.
proc dsoc::add_sources {} {
    set headers [glob -directory src *.svh]
    set fileset [get_filesets sources_1]
    add_files -norecurse -fileset $fileset [list {*}[sources] {*}$headers [existing src/dsoc.v]]
    foreach header $headers {
        set_property file_type {Verilog Header} [get_files [file tail $header]]
    }
    set_property include_dirs [list [file normalize src]] $fileset
    set_property verilog_define {SYNTHESIS=1} $fileset
    set_property top dsoc $fileset
    update_compile_order -fileset $fileset
}

# Runs a run of the project from its beginning, or with -to_step as far as that step.
proc dsoc::run {name args} {
    set run [get_runs $name]
    set status [get_property STATUS $run]
    if {$status ne "Not started" && ([llength $args] == 0 || [string match *ERROR* $status])} {
        reset_runs $run
    }
    launch_runs $run -jobs 2 {*}$args
    # Some versions raise an error for a run that fails, but do not say where its log is.
    if {[catch {wait_on_runs $run} message]} {
        puts $message
    }
    set status [get_property STATUS $run]
    if {[get_property PROGRESS $run] ne "100%" || ![string match *Complete* $status]} {
        error "$name has failed ($status); see [file join [get_property DIRECTORY $run] runme.log]"
    }
    return $run
}

# Writes the reports of the open, routed design.
proc dsoc::report {} {
    report_utilization -file utilization.rpt
    report_utilization -hierarchical -file hierarchy.rpt
    report_timing_summary -no_detailed_paths -file timing.rpt
    report_timing -max_paths 10 -path_type full -file paths.rpt
    report_power -file power.rpt
    set rows {}
    foreach path [get_timing_paths -setup -max_paths 10] {
        set row {}
        foreach name {SLACK REQUIREMENT DATAPATH_DELAY DATAPATH_LOGIC_DELAY LOGIC_LEVELS STARTPOINT_PIN ENDPOINT_PIN} {
            lappend row [get_property $name $path]
        }
        lappend row [join [get_cells -of_objects $path] " "]
        lappend rows [join $row \t]
    }
    write paths.tsv [join $rows \n]
}
