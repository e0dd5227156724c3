# Packages the accelerator as an IP for block designs of one's own: folder ip. The argument is its VLNV.
source [file join [file dirname [file normalize [info script]]] common.tcl]

dsoc::step package {
    set vlnv [lindex $argv 0]
    if {![regexp {^([\w.]+):(\w+):(\w+):([\d.]+)$} $vlnv -> vendor library name version]} {
        error "expected -tclargs VENDOR:LIBRARY:NAME:VERSION, received $vlnv"
    }
    set hardware [dsoc::hardware]
    set board [dsoc::board]
    dsoc::check_parameters $hardware
    file delete -force ip
    create_project -force -part [dict get $board part] dsoc package
    dsoc::add_sources
    ipx::package_project -root_dir ip -vendor $vendor -library $library -taxonomy /UserIP -import_files \
        -set_current true
    set core [ipx::current_core]
    foreach {property value} [list name $name version $version display_name DeepSoC description \
        {Accelerator for quantized neural networks} supported_families {zynq Production zynquplus Production}] {
        set_property $property $value $core
    }
    foreach interface [list s_axil {*}$dsoc::masters clk_i rst_ni irq_o] {
        if {[llength [ipx::get_bus_interfaces -quiet $interface -of_objects $core]] != 1} {
            error "Vivado has not recognized the interface $interface"
        }
    }
    if {[get_property vlnv $core] ne $vlnv} {
        error "the IP is [get_property vlnv $core] instead of $vlnv"
    }
    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity $core
    ipx::save_core $core
    close_project
    dsoc::existing ip/component.xml
}
