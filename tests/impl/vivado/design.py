"""A block design: cells, connections, addresses; what `validate_bd_design` finds wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.impl.vivado.catalog import BLOCKS, Config, Interface, Pin, VivadoError, rate

_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass
class Cell:
    name: str
    block: str  # of the catalog; empty for a reference
    vlnv: str
    config: Config = field(default_factory=dict)
    board: dict = field(default_factory=dict)  # preset that an automation has applied
    own_pins: list[Pin] = field(default_factory=list)
    own_interfaces: list[Interface] = field(default_factory=list)

    @property
    def pins(self) -> dict[str, Pin]:
        pins = BLOCKS[self.block].pins(self.config) if self.block else self.own_pins
        return {pin.name: pin for pin in pins}

    @property
    def interfaces(self) -> dict[str, Interface]:
        kind = BLOCKS[self.block].interfaces if self.block else None
        board = self.board or {"memory": 0}
        return {i.name: i for i in (kind(self.config, board) if kind else self.own_interfaces)}

    def set(self, name: str, value: str) -> None:
        known = BLOCKS[self.block].properties if self.block else {}
        key = name.removeprefix("CONFIG.")
        if key == name or key not in known:
            raise VivadoError(f"[Common 17-142] {self.name}: there is no property {name}")
        allowed = known[key][1]
        if isinstance(allowed, frozenset) and value not in allowed:
            raise VivadoError(f"[IP_Flow 19-3461] {name}: {value} is not one of {sorted(allowed)}")
        if allowed is float:
            float(value)
        self.config[key] = value


@dataclass
class Mapped:
    """A segment in an address space."""

    name: str
    offset: int
    size: int


class Design:
    """One block design."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: dict[str, Cell] = {}
        self.nets: list[set[str]] = []  # of pins, "cell/pin"
        self.links: dict[str, str] = {}  # master's interface to slave's
        self.mapped: dict[tuple[str, str], Mapped] = {}  # by address space and segment
        self.excluded: set[tuple[str, str]] = set()
        self.valid = self.saved = False

    def changed(self) -> None:
        self.valid = self.saved = False

    def pin(self, name: str) -> Pin:
        cell, _, pin = name.partition("/")
        if cell not in self.cells or pin not in self.cells[cell].pins:
            raise VivadoError(f"[BD 5-105] no pin {name}")
        return self.cells[cell].pins[pin]

    def interface(self, name: str) -> Interface:
        cell, _, interface = name.partition("/")
        if cell not in self.cells or interface not in self.cells[cell].interfaces:
            raise VivadoError(f"[BD 5-106] no interface {name}")
        return self.cells[cell].interfaces[interface]

    def connect(self, pins: list[str]) -> None:
        """Joins pins to one net."""
        self.changed()
        new = set(pins)
        for net in [net for net in self.nets if net & new]:
            new |= net
            self.nets.remove(net)
        drivers = [name for name in new if self.pin(name).output]
        if len(drivers) > 1:
            raise VivadoError(f"[BD 41-1306] more than one driver: {sorted(drivers)}")
        self.nets.append(new)

    def link(self, first: str, second: str) -> None:
        """Connects a master's interface with a slave's."""
        self.changed()
        by_role = {self.interface(name).master: name for name in (first, second)}
        if len(by_role) != 2:
            raise VivadoError(f"[BD 5-4] {first} and {second} have the same role")
        if by_role[True] in self.links or by_role[False] in self.links.values():
            raise VivadoError(f"[BD 41-171] {first} or {second} is connected already")
        self.links[by_role[True]] = by_role[False]

    def reached(self, master: str) -> list[str]:
        """Slave interfaces with segments that a master's interface comes to."""
        slave = self.links.get(master)
        if slave is None:
            return []
        cell = self.cells[slave.partition("/")[0]]
        if cell.block != "smartconnect":
            return [slave]
        return [end for i in cell.interfaces.values() if i.master for end in self.reached(f"{cell.name}/{i.name}")]

    def spaces(self) -> dict[str, list[str]]:
        """Address spaces, "cell/space", with their master interfaces."""
        found: dict[str, list[str]] = {}
        for cell in self.cells.values():
            for i in cell.interfaces.values():
                if i.master and i.space:
                    found.setdefault(f"{cell.name}/{i.space}", []).append(f"{cell.name}/{i.name}")
        return found

    def segments(self) -> dict[str, tuple[str, int, int]]:
        """Slave segments by path: their interface, offset, range."""
        return {
            f"{cell.name}/{path}": (f"{cell.name}/{i.name}", offset, size)
            for cell in self.cells.values()
            for i in cell.interfaces.values()
            for path, offset, size in i.segments
        }

    def paths(self, space: str, segment: str) -> list[str]:
        """The masters of a space that reach a segment."""
        slave = self.segments()[segment][0]
        return [master for master in self.spaces()[space] if slave in self.reached(master)]

    def assign(self, space: str, segment: str, offset: int | None, size: int | None) -> Mapped:
        """Maps a segment into a space."""
        self.changed()
        masters = self.paths(space, segment)
        if not masters:
            raise VivadoError(f"[BD 41-1051] {segment} is not accessible from {space}")
        _, own_offset, own_size = self.segments()[segment]
        begin = own_offset if offset is None else offset
        length = max(own_size, 4096) if size is None else size
        if begin % length and offset is not None:
            raise VivadoError(f"[BD 41-1273] offset {begin:#x} is not a multiple of the range {length:#x}")
        if length < own_size:
            raise VivadoError(f"[BD 41-1359] range {length:#x} is less than that of {segment}, {own_size:#x}")
        windows = [self.interface(master).window or (0, 0) for master in masters]
        if not any(low <= begin and begin + length <= high for low, high in windows):
            raise VivadoError(f"[BD 41-1356] {begin:#x} lies outside of what {masters} address")
        cell = segment.partition("/")[0]
        found = Mapped(f"{space}/SEG_{cell}_{segment.rpartition('/')[2]}", begin, length)
        self.mapped[space, segment] = found
        return found

    def clock_hz(self, pin: str) -> int:
        """Rate of an output of a processing system."""
        cell = self.cells[pin.partition("/")[0]]
        if cell.block == "processing_system7":
            return rate(float(cell.config["PCW_FPGA0_PERIPHERAL_FREQMHZ"]), (1000.0,))
        if cell.block == "zynq_ultra_ps_e":
            return rate(float(cell.config["PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ"]), (1499.985, 999.99))
        return 100_000_000

    def validate(self) -> None:
        """Finds what is wrong with the design.

        Raises:
            VivadoError: with all that was found.
        """
        wrong = [*self._pins(), *self._buses(), *self._addresses()]
        for cell in self.cells.values():
            if cell.block in ("processing_system7", "zynq_ultra_ps_e") and not cell.board:
                wrong.append(f"{cell.name} has no preset: its DRAM is not configured")
        if wrong:
            raise VivadoError("[BD 41-1031] " + "; ".join(wrong))
        self.valid = True

    def driver(self, pin: str) -> str:
        """The pin that drives a pin; empty if there is none."""
        net = next((net for net in self.nets if pin in net), set())
        return next((name for name in sorted(net) if self.pin(name).output), "")

    def _pins(self) -> list[str]:
        wrong = []
        for cell in self.cells.values():
            for pin in cell.pins.values():
                name = f"{cell.name}/{pin.name}"
                if pin.output or not pin.needed:
                    continue
                driver = self.driver(name)
                if not driver:
                    wrong.append(f"{name} is not connected")
                elif self.pin(driver).kind != pin.kind:
                    wrong.append(f"{name} ({pin.kind}) is driven by {driver} ({self.pin(driver).kind})")
        return wrong

    def _buses(self) -> list[str]:
        wrong = []
        ends = [*self.links, *self.links.values()]
        for cell in self.cells.values():
            for i in cell.interfaces.values():
                if f"{cell.name}/{i.name}" not in ends:
                    wrong.append(f"interface {cell.name}/{i.name} is not connected")
        for pair in self.links.items():
            clocks = {self.driver(f"{name.partition('/')[0]}/{self.interface(name).clock}") for name in pair}
            if len(clocks) > 1:
                wrong.append(f"{pair} are on different clocks: {sorted(clocks)}")
            protocols = {self.interface(name).protocol for name in pair} - {"any"}
            if len(protocols) > 1:
                wrong.append(f"{pair} speak different protocols: {sorted(protocols)}")
        return wrong

    def _addresses(self) -> list[str]:
        wrong = []
        for space in self.spaces():
            for segment in self.segments():
                key = (space, segment)
                if self.paths(space, segment) and key not in self.mapped and key not in self.excluded:
                    wrong.append(f"{segment} is neither assigned to {space} nor excluded from it")
        return wrong


def size(text: str) -> int:
    """Bytes of a range such as 4K."""
    return int(text[:-1]) * _SIZES[text[-1]] if text[-1] in _SIZES else int(text, 0)
