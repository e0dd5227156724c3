# The processing systems, by the family in a board's file: names of their pins and properties.
#   cell, rule, automation   the block of the catalog, and the rule that gives it the board's preset
#   config                   its properties for one clock, one register port and one interrupt
#   frequency                the property that is the clock rate in MHz
#   clock, reset, interrupt  pins
#   registers                port for the registers, its clock pin, its address space
#   ports                    memory ports: interface, clock pin, property that enables it, property of its width,
#                            widths, address segments: the one that is needed, those that may be there, those that are
#                            left out

namespace eval dsoc {
    variable families {
        xc7 {
            cell processing_system7
            rule xilinx.com:bd_rule:processing_system7
            automation {make_external {FIXED_IO, DDR} apply_board_preset 1 Master Disable Slave Disable}
            config {
                CONFIG.PCW_USE_M_AXI_GP0 1
                CONFIG.PCW_USE_M_AXI_GP1 0
                CONFIG.PCW_USE_FABRIC_INTERRUPT 1
                CONFIG.PCW_IRQ_F2P_INTR 1
                CONFIG.PCW_EN_CLK0_PORT 1
                CONFIG.PCW_EN_RST0_PORT 1
            }
            frequency CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ
            clock FCLK_CLK0
            reset FCLK_RESET0_N
            interrupt IRQ_F2P
            registers {M_AXI_GP0 M_AXI_GP0_ACLK Data}
            ports {
                {S_AXI_HP0 S_AXI_HP0_ACLK CONFIG.PCW_USE_S_AXI_HP0 CONFIG.PCW_S_AXI_HP0_DATA_WIDTH {32 64}
                    S_AXI_HP0/HP0_DDR_LOWOCM {} {}}
                {S_AXI_HP1 S_AXI_HP1_ACLK CONFIG.PCW_USE_S_AXI_HP1 CONFIG.PCW_S_AXI_HP1_DATA_WIDTH {32 64}
                    S_AXI_HP1/HP1_DDR_LOWOCM {} {}}
                {S_AXI_HP2 S_AXI_HP2_ACLK CONFIG.PCW_USE_S_AXI_HP2 CONFIG.PCW_S_AXI_HP2_DATA_WIDTH {32 64}
                    S_AXI_HP2/HP2_DDR_LOWOCM {} {}}
                {S_AXI_HP3 S_AXI_HP3_ACLK CONFIG.PCW_USE_S_AXI_HP3 CONFIG.PCW_S_AXI_HP3_DATA_WIDTH {32 64}
                    S_AXI_HP3/HP3_DDR_LOWOCM {} {}}
            }
        }
        xcup {
            cell zynq_ultra_ps_e
            rule xilinx.com:bd_rule:zynq_ultra_ps_e
            automation {apply_board_preset 1}
            config {
                CONFIG.PSU__USE__M_AXI_GP0 1
                CONFIG.PSU__USE__M_AXI_GP1 0
                CONFIG.PSU__USE__M_AXI_GP2 0
                CONFIG.PSU__USE__IRQ0 1
                CONFIG.PSU__FPGA_PL0_ENABLE 1
                CONFIG.PSU__USE__FABRIC__RST 1
            }
            frequency CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ
            clock pl_clk0
            reset pl_resetn0
            interrupt pl_ps_irq0
            registers {M_AXI_HPM0_FPD maxihpm0_fpd_aclk Data}
            ports {
                {S_AXI_HP0_FPD saxihp0_fpd_aclk CONFIG.PSU__USE__S_AXI_GP2 CONFIG.PSU__SAXIGP2__DATA_WIDTH {32 64 128}
                    SAXIGP2/HP0_DDR_LOW SAXIGP2/HP0_DDR_HIGH {SAXIGP2/HP0_LPS_OCM SAXIGP2/HP0_QSPI}}
                {S_AXI_HP1_FPD saxihp1_fpd_aclk CONFIG.PSU__USE__S_AXI_GP3 CONFIG.PSU__SAXIGP3__DATA_WIDTH {32 64 128}
                    SAXIGP3/HP1_DDR_LOW SAXIGP3/HP1_DDR_HIGH {SAXIGP3/HP1_LPS_OCM SAXIGP3/HP1_QSPI}}
                {S_AXI_HP2_FPD saxihp2_fpd_aclk CONFIG.PSU__USE__S_AXI_GP4 CONFIG.PSU__SAXIGP4__DATA_WIDTH {32 64 128}
                    SAXIGP4/HP2_DDR_LOW SAXIGP4/HP2_DDR_HIGH {SAXIGP4/HP2_LPS_OCM SAXIGP4/HP2_QSPI}}
                {S_AXI_HP3_FPD saxihp3_fpd_aclk CONFIG.PSU__USE__S_AXI_GP5 CONFIG.PSU__SAXIGP5__DATA_WIDTH {32 64 128}
                    SAXIGP5/HP3_DDR_LOW SAXIGP5/HP3_DDR_HIGH {SAXIGP5/HP3_LPS_OCM SAXIGP5/HP3_QSPI}}
            }
        }
    }
}
