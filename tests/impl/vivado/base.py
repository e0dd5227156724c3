"""Tcl with commands that are methods, checked against fpga/vivado/commands.json."""

from __future__ import annotations

import fnmatch
import json
import tkinter
from collections.abc import Callable
from typing import Any

from deepsoc.assets import folder
from tests.impl.vivado.catalog import VivadoError
from tests.impl.vivado.design import Design
from tests.impl.vivado.ipx import Packager
from tests.impl.vivado.project import Project

Options = dict[str, Any]


def specification() -> dict[str, Any]:
    """Commands with their switches and positionals."""
    return json.loads((folder("fpga") / "vivado" / "commands.json").read_text())["commands"]


def parsed(name: str, spec: dict[str, Any], words: tuple[str, ...]) -> tuple[Options, list[str]]:
    """Options and positionals of a call.

    Raises:
        VivadoError: an option does not exist or has no value, or there are too few or too many words.
    """
    options: Options = {}
    places: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in spec["switches"]:
            if spec["switches"][word]["value"] is None:
                options[word] = True
            elif not rest:
                raise VivadoError(f"[Common 17-157] {name}: {word} has no value")
            else:
                options[word] = rest.pop(0)
        elif word.startswith("-") and not word[1:2].isdigit():
            raise VivadoError(f"[Common 17-170] {name}: unknown option {word}")
        else:
            places.append(word)
    least = sum(place["required"] for place in spec["positionals"])
    most = len(spec["positionals"])
    many = any(place["value"]["type"] == "variadic" for place in spec["positionals"])
    if len(places) < least or (len(places) > most and not many):
        raise VivadoError(f"[Common 17-163] {name}: {len(places)} arguments")
    for switch, rule in spec["switches"].items():
        if rule["required"] and switch not in options:
            raise VivadoError(f"[Common 17-163] {name}: {switch} is missing")
    return options, places


class Base:
    """One process of the program. Objects are words KIND@NAME for the scripts."""

    def __init__(self, arguments: list[str]) -> None:
        self.tcl = tkinter.Tcl()
        self.project: Project | None = None
        self.opened: str = ""  # run or checkpoint whose netlist is in memory
        self.memory: dict[str, Any] = {}  # of the flow without a project
        self.packager: Packager | None = None
        self.paths: list[tuple[Any, ...]] = []
        self.tcl.setvar("argv", self.tcl.call("list", *arguments))
        self.status: int | None = None  # of the script's own exit
        self.tcl.createcommand("standin exit", self._exit)
        self.tcl.eval("proc exit {{status 0}} {{standin exit} $status; return -code error exit}")
        for name, spec in specification().items():
            self._define(name, spec)

    def source(self, script: str) -> None:
        """Runs a script; a Tcl error leaves as tkinter.TclError."""
        self.tcl.call("source", script)

    def _exit(self, status: str) -> str:
        self.status = int(status)
        return ""

    def _define(self, name: str, spec: dict[str, Any]) -> None:
        method: Callable[..., Any] | None = getattr(self, name.replace("::", "_"), None)

        def call(*words: str) -> tuple[int, Any]:
            try:
                options, places = parsed(name, spec, tuple(map(str, words)))
                if method is None:
                    raise VivadoError(f"[Stand-in] {name} is not modelled")
                return 0, method(options, *places)
            except Exception as error:
                if "-quiet" in words:
                    return 0, ""
                return 1, f"ERROR: {error if isinstance(error, VivadoError) else repr(error)} ({name})"

        self.tcl.createcommand(f"standin {name}", call)
        if "::" in name:
            self.tcl.eval(f"namespace eval {name.rpartition('::')[0]} {{}}")
        self.tcl.eval(
            f"proc {name} args {{lassign [{{standin {name}}} {{*}}$args] code value; "
            "if {$code} {return -code error $value}; return $value}"
        )

    def split(self, text: str) -> list[str]:
        return [str(word) for word in self.tcl.splitlist(text)]

    def names(self, kind: str, words: tuple[str, ...] | list[str]) -> list[str]:
        """Names of objects of a kind, given as words or lists of them."""
        found = []
        for word in [part for text in words for part in self.split(text)]:
            have, _, name = word.partition("@")
            if have != kind:
                raise VivadoError(f"[Common 17-55] expected {kind} objects, received {word!r}")
            found.append(name)
        if not found:
            raise VivadoError(f"[Common 17-55] no {kind} objects")
        return found

    @property
    def open(self) -> Project:
        if self.project is None:
            raise VivadoError("[Common 17-53] no open project")
        return self.project

    @property
    def design(self) -> Design:
        if self.open.design is None:
            raise VivadoError("[BD 5-216] no open block design")
        return self.open.design

    def _some(self, kind: str, known: list[str], patterns: tuple[str, ...]) -> tuple[str, ...]:
        found = [name for name in known if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
        if not found:
            raise VivadoError(f"[Common 17-161] no {kind} {' '.join(patterns)}")
        return tuple(f"{kind}@{name}" for name in found)
