# The block design: processing system, accelerator, their connections and addresses.

# The newest version of a block in the catalog.
proc dsoc::newest {name} {
    set found [get_ipdefs -all xilinx.com:ip:${name}:*]
    if {[llength $found] == 0} {
        error "the IP catalog of this Vivado has no $name; install the devices of the board"
    }
    return [lindex [lsort -dictionary $found] end]
}

proc dsoc::block {name type config} {
    set cell [create_bd_cell -type ip -vlnv [newest $type] $name]
    if {[llength $config]} {
        set_property -dict $config $cell
    }
    return $cell
}

# Connects a pin to pins.
proc dsoc::wire {from args} {
    set pins {}
    foreach name [list $from {*}$args] {
        lappend pins [get_bd_pins $name]
    }
    connect_bd_net {*}$pins
}

# Connects a master's interface to a slave's.
proc dsoc::link {master slave} {
    connect_bd_intf_net [get_bd_intf_pins $master] [get_bd_intf_pins $slave]
}

# A SmartConnect from masters to one slave, on the common clock.
proc dsoc::bus {name clock masters slave} {
    block $name smartconnect [list CONFIG.NUM_SI [llength $masters] CONFIG.NUM_MI 1]
    wire $clock ${name}/aclk
    wire clocking/interconnect_aresetn ${name}/aresetn
    set index 0
    foreach master $masters {
        link $master ${name}/[format "S%02d_AXI" $index]
        incr index
    }
    link ${name}/M00_AXI $slave
}

# Properties of the processing system for the memory ports in use. All have the board's width, whatever the
# accelerator's: of the Zynq-7000 PYNQ sets no width when it loads a bitstream.
proc dsoc::port_config {board ports} {
    set bits [dict get $board axi_data_bits]
    set config {}
    foreach port $ports {
        lassign $port interface clock enable width widths
        if {$bits ni $widths} {
            error "board.toml: axi_data_bits is $bits, expected one of $widths"
        }
        lappend config $enable 1 $width $bits
    }
    return $config
}

# Stops if the processing system cannot make the clock. Returns its rate in Hz.
proc dsoc::check_clock {hardware pin} {
    set hz [get_property CONFIG.FREQ_HZ [get_bd_pins $pin]]
    set want [dict get $hardware frequency_mhz]
    if {abs($hz / 1e6 - $want) > 0.01 * $want} {
        set can [format %.6g [expr {$hz / 1e6}]]
        error "the processing system makes $can MHz instead of $want; set frequency_mhz of hw.json to $can, export\
            again"
    }
    return $hz
}

# Gives the registers their address, and every master the memory behind its port. Returns the registers' address.
proc dsoc::assign {hardware family ports} {
    variable masters
    lassign [dict get $family registers] interface clock space
    set base [dict get $hardware base_address]
    set mapped [assign_bd_address -offset $base -range 4K -target_address_space [get_bd_addr_spaces ps/$space] \
        [get_bd_addr_segs dsoc_0/s_axil/reg0]]
    set offset [get_property OFFSET $mapped]
    if {$offset != $base} {
        error "the registers are at $offset instead of $base"
    }
    set index 0
    foreach master $masters {
        lassign [lindex $ports [expr {$index % [llength $ports]}]] interface clock enable width widths needed more rest
        incr index
        set target [get_bd_addr_spaces dsoc_0/$master]
        assign_bd_address -target_address_space $target [get_bd_addr_segs ps/$needed]
        foreach name $more {
            set segment [get_bd_addr_segs -quiet ps/$name]
            if {[llength $segment]} {
                assign_bd_address -target_address_space $target $segment
            }
        }
        foreach name $rest {
            set segment [get_bd_addr_segs -quiet ps/$name]
            if {[llength $segment]} {
                exclude_bd_addr_seg -target_address_space $target $segment
            }
        }
    }
    return $offset
}

# Makes the block design in the open project. Returns its clock in Hz and the registers' address.
proc dsoc::system {hardware board} {
    variable masters
    set family [family $board]
    set count [expr {min([llength $masters], [dict get $board memory_ports], [llength [dict get $family ports]])}]
    set ports [lrange [dict get $family ports] 0 [expr {$count - 1}]]

    create_bd_design system
    set ps [block ps [dict get $family cell] {}]
    apply_bd_automation -rule [dict get $family rule] -config [dict get $family automation] $ps
    set config [dict get $family config]
    lappend config [dict get $family frequency] [dict get $hardware frequency_mhz]
    set_property -dict [concat $config [port_config $board $ports]] $ps
    create_bd_cell -type module -reference dsoc dsoc_0

    block clocking proc_sys_reset {}
    lassign [dict get $family registers] registers registers_clock
    set clock ps/[dict get $family clock]
    wire $clock clocking/slowest_sync_clk dsoc_0/clk_i ps/$registers_clock
    wire ps/[dict get $family reset] clocking/ext_reset_in
    wire clocking/peripheral_aresetn dsoc_0/rst_ni
    wire dsoc_0/irq_o ps/[dict get $family interrupt]

    bus registers $clock [list ps/$registers] dsoc_0/s_axil
    for {set index 0} {$index < $count} {incr index} {
        lassign [lindex $ports $index] interface port_clock
        set users {}
        for {set user $index} {$user < [llength $masters]} {incr user $count} {
            lappend users dsoc_0/[lindex $masters $user]
        }
        wire $clock ps/$port_clock
        bus memory_$index $clock $users ps/$interface
    }
    set address [assign $hardware $family $ports]
    set hz [check_clock $hardware $clock]
    validate_bd_design
    save_bd_design
    return [list $hz $address]
}
