"""Boards with their presets, and blocks of the IP catalog, as far as designs with the accelerator could use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Config = dict[str, str]


class VivadoError(Exception):
    """What a command says when it fails."""


@dataclass(frozen=True)
class Pin:
    name: str
    output: bool
    kind: str = "data"  # clk, rst (active low), rst_high, intr
    needed: bool = True


@dataclass(frozen=True)
class Interface:
    name: str
    master: bool
    clock: str
    protocol: str = "AXI4"
    mode: str = "READ_WRITE"
    data_bits: int = 0  # 0: any
    space: str = ""  # of a master that addresses
    window: tuple[int, int] | None = None  # which addresses of its space go through a master
    segments: tuple[tuple[str, int, int], ...] = ()  # of a slave: path in its cell, offset, range


@dataclass(frozen=True)
class Block:
    properties: dict[str, tuple[str, frozenset[str] | type]]  # default, and values or their type
    pins: Callable[[Config], list[Pin]]
    interfaces: Callable[[Config, dict], list[Interface]]
    versions: tuple[str, ...] = ("1.0",)
    rules: dict[str, frozenset[str]] = field(default_factory=dict)  # automation: keys of its configuration


BIT = frozenset("01")
MEGA, GIGA = 1 << 20, 1 << 30

BOARDS = {
    "tul.com.tw:pynq-z2:part0:1.0": ("xc7z020clg400-1", 512 * MEGA),
    "digilentinc.com:arty-z7-20:part0:1.1": ("xc7z020clg400-1", 512 * MEGA),
    "digilentinc.com:cora-z7-10:part0:1.0": ("xc7z010clg400-1", 512 * MEGA),
    "digilentinc.com:zybo-z7-20:part0:1.1": ("xc7z020clg400-1", GIGA),
    "avnet.com:zedboard:part0:1.4": ("xc7z020clg484-1", 512 * MEGA),
    "avnet.com:ultra96v2:part0:1.2": ("xczu3eg-sbva484-1-i", 2 * GIGA),
    "xilinx.com:kv260_som:part0:1.4": ("xck26-sfvc784-2LV-c", 4 * GIGA),
    "xilinx.com:zcu102:part0:3.4": ("xczu9eg-ffvb1156-2-e", 4 * GIGA),
    "xilinx.com:zcu104:part0:1.1": ("xczu7ev-ffvc1156-2-e", 2 * GIGA),
}
CARRIERS = {"xilinx.com:kv260_som:part0:1.4": {"som240_1_connector": "xilinx.com:kv260_carrier:som240_1_connector:1.3"}}


def rate(want: float, plls: tuple[float, ...]) -> int:
    """Hz that two dividers of 1 … 63 make of a PLL's MHz."""
    rates = (pll / (a * b) for pll in plls for a in range(1, 64) for b in range(1, 64))
    return round(min(rates, key=lambda mhz: abs(mhz - want)) * 1e6)


def _zynq_pins(c: Config) -> list[Pin]:
    pins = []
    if c["PCW_EN_CLK0_PORT"] == "1":
        pins.append(Pin("FCLK_CLK0", True, "clk"))
    if c["PCW_EN_RST0_PORT"] == "1":
        pins.append(Pin("FCLK_RESET0_N", True, "rst"))
    if c["PCW_USE_FABRIC_INTERRUPT"] == c["PCW_IRQ_F2P_INTR"] == "1":
        pins.append(Pin("IRQ_F2P", False, "intr"))
    pins += [Pin(f"M_AXI_GP{n}_ACLK", False, "clk") for n in range(2) if c[f"PCW_USE_M_AXI_GP{n}"] == "1"]
    return pins + [Pin(f"S_AXI_HP{n}_ACLK", False, "clk") for n in range(4) if c[f"PCW_USE_S_AXI_HP{n}"] == "1"]


def _zynq_interfaces(c: Config, board: dict) -> list[Interface]:
    windows = ((0x4000_0000, 0x8000_0000), (0x8000_0000, 0xC000_0000))
    found = [
        Interface(f"M_AXI_GP{n}", True, f"M_AXI_GP{n}_ACLK", "AXI3", data_bits=32, space="Data", window=windows[n])
        for n in range(2)
        if c[f"PCW_USE_M_AXI_GP{n}"] == "1"
    ]
    for n in range(4):
        if c[f"PCW_USE_S_AXI_HP{n}"] == "1":
            segment = (f"S_AXI_HP{n}/HP{n}_DDR_LOWOCM", 0, board["memory"])
            bits = int(c[f"PCW_S_AXI_HP{n}_DATA_WIDTH"])
            found.append(
                Interface(f"S_AXI_HP{n}", False, f"S_AXI_HP{n}_ACLK", "AXI3", data_bits=bits, segments=(segment,))
            )
    return found


def _ultra_pins(c: Config) -> list[Pin]:
    pins = []
    if c["PSU__FPGA_PL0_ENABLE"] == "1":
        pins.append(Pin("pl_clk0", True, "clk"))
    if c["PSU__USE__FABRIC__RST"] == "1":
        pins.append(Pin("pl_resetn0", True, "rst"))
    if c["PSU__USE__IRQ0"] == "1":
        pins.append(Pin("pl_ps_irq0", False, "intr"))
    for n, name in enumerate(("maxihpm0_fpd_aclk", "maxihpm1_fpd_aclk", "maxihpm0_lpd_aclk")):
        if c[f"PSU__USE__M_AXI_GP{n}"] == "1":
            pins.append(Pin(name, False, "clk"))
    return pins + [Pin(f"saxihp{n}_fpd_aclk", False, "clk") for n in range(4) if c[f"PSU__USE__S_AXI_GP{n + 2}"] == "1"]


def _ultra_interfaces(c: Config, board: dict) -> list[Interface]:
    masters = (
        ("M_AXI_HPM0_FPD", "maxihpm0_fpd_aclk", (0xA000_0000, 0xB000_0000)),
        ("M_AXI_HPM1_FPD", "maxihpm1_fpd_aclk", (0xB000_0000, 0xC000_0000)),
        ("M_AXI_HPM0_LPD", "maxihpm0_lpd_aclk", (0x8000_0000, 0xA000_0000)),
    )
    found = [
        Interface(name, True, clock, data_bits=128, space="Data", window=window)
        for n, (name, clock, window) in enumerate(masters)
        if c[f"PSU__USE__M_AXI_GP{n}"] == "1"
    ]
    for n in range(4):
        if c[f"PSU__USE__S_AXI_GP{n + 2}"] == "1":
            place = f"SAXIGP{n + 2}/HP{n}_"
            segments = [(f"{place}DDR_LOW", 0, 2 * GIGA), (f"{place}LPS_OCM", 0xFF00_0000, 16 * MEGA)]
            segments.append((f"{place}QSPI", 0xC000_0000, 512 * MEGA))
            if board["memory"] > 2 * GIGA:
                segments.append((f"{place}DDR_HIGH", 0x8_0000_0000, board["memory"] - 2 * GIGA))
            bits = int(c[f"PSU__SAXIGP{n + 2}__DATA_WIDTH"])
            clock = f"saxihp{n}_fpd_aclk"
            found.append(Interface(f"S_AXI_HP{n}_FPD", False, clock, data_bits=bits, segments=tuple(segments)))
    return found


def _smartconnect_interfaces(c: Config, board: dict) -> list[Interface]:
    slaves = [Interface(f"S{n:02d}_AXI", False, "aclk", "any") for n in range(int(c["NUM_SI"]))]
    return slaves + [Interface(f"M{n:02d}_AXI", True, "aclk", "any") for n in range(int(c["NUM_MI"]))]


def _reset_pins(c: Config) -> list[Pin]:
    inputs = [Pin("slowest_sync_clk", False, "clk"), Pin("ext_reset_in", False, "rst")]
    inputs += [Pin(name, False, needed=False) for name in ("aux_reset_in", "mb_debug_sys_rst", "dcm_locked")]
    high = [Pin(name, True, "rst_high") for name in ("mb_reset", "bus_struct_reset", "peripheral_reset")]
    return inputs + high + [Pin(name, True, "rst") for name in ("interconnect_aresetn", "peripheral_aresetn")]


_PORTS = frozenset(str(n) for n in range(1, 17))

BLOCKS = {
    "processing_system7": Block(
        {
            **dict.fromkeys(("PCW_USE_FABRIC_INTERRUPT", "PCW_IRQ_F2P_INTR", "PCW_USE_M_AXI_GP1"), ("0", BIT)),
            **dict.fromkeys(("PCW_USE_M_AXI_GP0", "PCW_EN_CLK0_PORT", "PCW_EN_RST0_PORT"), ("1", BIT)),
            **{f"PCW_USE_S_AXI_HP{n}": ("0", BIT) for n in range(4)},
            **{f"PCW_S_AXI_HP{n}_DATA_WIDTH": ("64", frozenset(("32", "64"))) for n in range(4)},
            "PCW_USE_S_AXI_ACP": ("0", BIT),
            "PCW_EN_CLK1_PORT": ("0", BIT),
            "PCW_FPGA0_PERIPHERAL_FREQMHZ": ("50", float),
            "PCW_FPGA1_PERIPHERAL_FREQMHZ": ("50", float),
        },
        _zynq_pins,
        _zynq_interfaces,
        ("5.5",),
        {
            "xilinx.com:bd_rule:processing_system7": frozenset(
                ("make_external", "apply_board_preset", "Master", "Slave")
            )
        },
    ),
    "zynq_ultra_ps_e": Block(
        {
            **{f"PSU__USE__M_AXI_GP{n}": ("1" if n < 2 else "0", BIT) for n in range(3)},
            **{f"PSU__USE__S_AXI_GP{n}": ("0", BIT) for n in range(7)},
            **{f"PSU__SAXIGP{n}__DATA_WIDTH": ("128", frozenset(("32", "64", "128"))) for n in range(7)},
            "PSU__USE__IRQ0": ("1", BIT),
            "PSU__USE__IRQ1": ("0", BIT),
            "PSU__FPGA_PL0_ENABLE": ("1", BIT),
            "PSU__FPGA_PL1_ENABLE": ("0", BIT),
            "PSU__USE__FABRIC__RST": ("1", BIT),
            "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ": ("100", float),
            "PSU__CRL_APB__PL1_REF_CTRL__FREQMHZ": ("100", float),
        },
        _ultra_pins,
        _ultra_interfaces,
        ("3.3", "3.5"),
        {"xilinx.com:bd_rule:zynq_ultra_ps_e": frozenset(("apply_board_preset",))},
    ),
    "smartconnect": Block(
        {"NUM_SI": ("1", _PORTS), "NUM_MI": ("1", _PORTS), "NUM_CLKS": ("1", _PORTS), "HAS_ARESETN": ("1", BIT)},
        lambda c: [Pin("aclk", False, "clk"), Pin("aresetn", False, "rst")],
        _smartconnect_interfaces,
    ),
    "proc_sys_reset": Block(
        {"C_EXT_RST_WIDTH": ("4", _PORTS), "C_AUX_RST_WIDTH": ("4", _PORTS), "C_EXT_RESET_HIGH": ("0", BIT)},
        _reset_pins,
        lambda c, board: [],
        ("5.0",),
    ),
}
