"""A Verilog module as Vivado sees it when a block design refers to it: ports, and interfaces by their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.impl.vivado.catalog import Interface, Pin, VivadoError

_PORT = re.compile(r"((?:\(\*.*?\*\)\s*)*)(input|output) wire (?:\[(.+?):0\] )?(\w+)", re.DOTALL)
_KINDS = {"clock": "clk", "reset": "rst", "interrupt": "intr"}
_READ = {"araddr", "arlen", "arsize", "arburst", "arcache", "arprot", "arvalid", "arready"}
_READ |= {"rdata", "rresp", "rlast", "rvalid", "rready"}
_WRITE = {"awaddr", "awlen", "awsize", "awburst", "awcache", "awprot", "awvalid", "awready"}
_WRITE |= {"wdata", "wstrb", "wlast", "wvalid", "wready", "bresp", "bvalid", "bready"}
_LITE = {"awaddr", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready"}
_LITE |= {"araddr", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"}


def defines(source: Path, places: Iterable[Path]) -> dict[str, str]:
    """The macros of the files that a source includes.

    Raises:
        VivadoError: one is in none of the folders.
    """
    found = {}
    for name in re.findall(r'^\s*`include "(.+?)"', source.read_text(), re.MULTILINE):
        file = next((place / name for place in places if (place / name).is_file()), None)
        if file is None:
            raise VivadoError(f"[Synth 8-993] cannot open include file {name} of {source.name}")
        found |= dict(re.findall(r"^`define (\w+) (.+)$", file.read_text(), re.MULTILINE))
    return found


def read(source: Path, module: str, places: Iterable[Path]) -> tuple[list[Pin], list[Interface], set[str]]:
    """Pins that belong to no bus, buses, and the modules below.

    Raises:
        VivadoError: the source is not what a block design can refer to.
    """
    text = source.read_text()
    if re.search(r"\blogic\b|always_ff|\bimport\b", text):
        raise VivadoError(f"[filemgmt 56-195] {source.name} is SystemVerilog: a reference needs Verilog or VHDL")
    macros = defines(source, places)
    head = text[re.search(rf"\bmodule {module}\b", text).end() :]  # type: ignore[union-attr]
    head, _, body = head.partition(");\n\n")
    below = set(re.findall(r"^\s+(\w+) (?:#\(|i_\w+ \()", body, re.MULTILINE))
    pins: list[Pin] = []
    buses: dict[str, dict] = {}
    clock_of: dict[str, str] = {}
    for attributes, direction, width, port in _PORT.findall(head):
        info = re.search(r'X_INTERFACE_INFO = "(\S+) (\S+) (\w+)"', attributes)
        options = dict(
            part.strip().split(" ", 1)
            for found in re.findall(r'X_INTERFACE_PARAMETER = "(.*?)"', attributes)
            for part in found.split(",")
        )
        kind = info[1].split(":")[2] if info else ""
        if kind == "aximm":
            assert info is not None
            bus = buses.setdefault(info[2], {"signals": {}, "options": {}})
            bus["options"] |= options
            if (signal := info[3].lower()) != port.removeprefix(f"{info[2]}_"):
                raise VivadoError(f"[IP_Flow 19-3153] {port} is not {info[2]} {info[3]}")
            bus["signals"][signal] = _bits(width, macros), direction == "output"
        else:
            pins.append(Pin(port, direction == "output", _KINDS.get(kind, "data")))
            if kind == "clock":
                if options.get("ASSOCIATED_RESET") is None:
                    raise VivadoError(f"[IP_Flow 19-11770] clock {port} has no ASSOCIATED_RESET")
                clock_of |= dict.fromkeys(options["ASSOCIATED_BUSIF"].split(":"), port)
            if kind == "reset" and options.get("POLARITY") != "ACTIVE_LOW":
                raise VivadoError(f"[BD 41-1344] the polarity of {port} is unknown")
    interfaces = [_interface(name, bus, clock_of) for name, bus in buses.items()]
    if unknown := clock_of.keys() - buses.keys():
        raise VivadoError(f"[IP_Flow 19-569] ASSOCIATED_BUSIF names {unknown}, which do not exist")
    return pins, interfaces, below


def _bits(width: str, macros: dict[str, str]) -> int:
    if not width:
        return 1
    text = re.sub(r"`(\w+)", lambda found: macros[found[1]], width)
    if not re.fullmatch(r"[\d+*/ -]+", text):
        raise VivadoError(f"[Synth 8-2716] {width}")
    return int(eval(text.replace("/", "//"))) + 1


def _interface(name: str, bus: dict, clocks: dict[str, str]) -> Interface:
    signals, options = bus["signals"], bus["options"]
    mode = options.get("READ_WRITE_MODE", "READ_WRITE")
    lite = options["PROTOCOL"] == "AXI4LITE"
    want = _LITE if lite else {"READ_ONLY": _READ, "WRITE_ONLY": _WRITE}.get(mode, _READ | _WRITE)
    if signals.keys() != want:
        raise VivadoError(f"[IP_Flow 19-5462] {name} lacks or has too many signals: {sorted(signals.keys() ^ want)}")
    if name not in clocks:
        raise VivadoError(f"[BD 41-967] {name} is not associated to any clock pin")
    valid = "arvalid" if "arvalid" in signals else "awvalid"
    master = signals[valid][1]
    for signal, (_, output) in signals.items():
        ours = signal in ("rready", "bready") or (signal[0] in "aw" and not signal.endswith("ready"))
        if output != (ours == master):
            raise VivadoError(f"[IP_Flow 19-3158] direction of {name}_{signal}")
    bits = (signals.get("rdata") or signals["wdata"])[0]
    if "wstrb" in signals and signals["wstrb"][0] * 8 != bits:
        raise VivadoError(f"[IP_Flow 19-3159] width of {name}_wstrb")
    address = (signals.get("araddr") or signals["awaddr"])[0]
    segments = () if master else (("reg0", 0, 1 << address),)
    return Interface(
        name,
        master,
        clocks[name],
        options["PROTOCOL"],
        mode,
        bits,
        name if master else "",
        (0, 1 << address) if master else None,
        tuple((f"{name}/{path}", offset, size) for path, offset, size in segments),
    )
