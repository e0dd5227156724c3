"""The project scripts of the target `vitis`, run against stand-ins that take the documented arguments and no others.

Neither Vitis nor XSCT is here: what these tests cannot show is that the real ones build what they are told.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tkinter
import zipfile
from pathlib import Path

import pytest

from deepsoc.deploy import deploy
from deepsoc.export import export
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from tests.cli.conftest import HW, NET

VITIS = '''
"""Stand-in for the module `vitis`: argument names as in the reference of Vitis' Python interface."""
import json
from pathlib import Path

log = []

def note(call, **arguments):
    log.append([call, arguments])

class Component:
    def __init__(self, place):
        self.place = place
    def build(self, target=None):
        note("build", name=self.place.name)
        if self.place.name == "dsoc_app" and not Path("no elf").exists():
            self.place.joinpath("build").mkdir()
            self.place.joinpath("build", "dsoc_app.elf").write_text("")
        if self.place.name == "dsoc_platform":
            self.place.joinpath("export", "dsoc_platform").mkdir(parents=True)
            self.place.joinpath("export", "dsoc_platform", "dsoc_platform.xpfm").write_text("")
    def import_files(self, from_loc, files=None, dest_dir_in_cmp=None, is_skip_copy_sources=False):
        assert all(Path(from_loc, name).is_file() for name in files)
        note("import_files", files=files, dest_dir_in_cmp=dest_dir_in_cmp)

class Client:
    def set_workspace(self, path):
        self.place = Path(path)
        self.place.mkdir()
    def create_platform_component(self, name, HARDWARE, desc=None, os=None, cpu=None, domain_name=None, template=None,
                                  no_boot_bsp=False, fsbl_target=None, fsbl_path=None, pmufw_Elf=None,
                                  is_pmufw_req=False):
        assert Path(HARDWARE).is_file()
        note("platform", name=name, os=os, cpu=cpu, domain_name=domain_name)
        return self.made(name)
    def create_app_component(self, name, platform, domain=None, cpu=None, os=None, template=None):
        assert Path(platform).is_file(), "the platform was not built"
        note("application", name=name, domain=domain, template=template)
        return self.made(name)
    def made(self, name):
        self.place.joinpath(name).mkdir()
        return Component(self.place / name)

def create_client(host=None, port=None, workspace=None):
    return Client()

def dispose():
    Path("log.json").write_text(json.dumps(log))
'''


@pytest.fixture
def board(tmp_path: Path) -> Path:
    export(parse_net(NET).to_graph(), Hardware(**HW), tmp_path / "export")
    return deploy(tmp_path / "export", "vitis", tmp_path / "my board").folder


def hardware(place: Path, *kinds: str) -> Path:
    """An .xsa whose hardware handoff holds modules of these kinds."""
    with zipfile.ZipFile(place / "design.xsa", "w") as archive:
        modules = "".join(f'<MODULE FULLNAME="/x" INSTANCE="x" MODTYPE="{kind}"/>' for kind in (*kinds, "dsoc"))
        archive.writestr("system.hwh", f"<EDKSYSTEM><MODULES>{modules}</MODULES></EDKSYSTEM>")
        archive.writestr("system.bit", "")
    return place / "design.xsa"


def vitis(board: Path, *arguments: str, name: str = "hw_design") -> subprocess.CompletedProcess[str]:
    """`vitis -s build.py`, as far as Python runs it."""
    package = board.parent / "vitis"
    package.mkdir(exist_ok=True)
    (package / "vitis.py").write_text(VITIS.replace("HARDWARE", name))
    environment = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, board / "build.py", *arguments]
    return subprocess.run(command, cwd=board.parent, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("kind", "cpu"), [("processing_system7", "ps7_cortexa9_0"), ("zynq_ultra_ps_e", "psu_cortexa53_0")]
)
@pytest.mark.parametrize("name", ["hw", "hw_design"])
def test_vitis_makes_platform_and_application(name: str, kind: str, cpu: str, board: Path) -> None:
    done = vitis(board, str(hardware(board.parent, kind, "axi_intc")), name=name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"built {board}/workspace/dsoc_app/build/dsoc_app.elf\n"
    calls = json.loads((board.parent / "log.json").read_text())
    domain = f"standalone_{cpu}"
    sources = sorted(path.name for path in (board / "src").iterdir())
    assert calls == [
        ["platform", {"name": "dsoc_platform", "os": "standalone", "cpu": cpu, "domain_name": domain}],
        ["build", {"name": "dsoc_platform"}],
        ["application", {"name": "dsoc_app", "domain": domain, "template": "empty_application"}],
        ["import_files", {"files": sources, "dest_dir_in_cmp": "src"}],
        ["build", {"name": "dsoc_app"}],
    ]
    again = vitis(board, str(board.parent / "design.xsa"))
    assert (again.returncode, again.stderr) == (1, f"error: {board}/workspace: exists; remove it to build anew\n")


def test_vitis_for_a_processor_that_was_named(board: Path) -> None:
    assert vitis(board, str(hardware(board.parent)), "psu_cortexr5_0").returncode == 0
    assert '"psu_cortexr5_0"' in (board.parent / "log.json").read_text()


def test_what_vitis_cannot_build_is_told(board: Path) -> None:
    place = board.parent
    (place / "text.xsa").write_text("no archive")
    for arguments, says in (
        ((), "usage: vitis -s build.py DESIGN.xsa"),
        (("nowhere.xsa",), "nowhere.xsa: there is no such file; Vivado's `write_hw_platform"),
        (("text.xsa",), "text.xsa: not a hardware description of Vivado"),
        ((str(hardware(place, "microblaze")),), "cannot tell the processor; name one of ps7_cortexa9_0"),
        ((str(hardware(place)), "z80"), "usage: "),
    ):
        done = vitis(board, *arguments)
        assert (done.returncode, says in done.stderr, done.stderr.count("\n")) == (1, True, 1), done
        assert not (board / "workspace").exists()
    (place / "no elf").write_text("")
    done = vitis(board, str(hardware(place, "processing_system7")))
    assert (done.returncode, "was not built; see what Vitis printed" in done.stderr) == (1, True)


XSCT = """
proc note {args} { lappend ::calls $args }
proc options {given allowed} {
    foreach {name value} $given {
        if {$name ni $allowed} { error "no option $name" }
    }
}
proc setws {path} { file mkdir $path; note setws $path; set ::workspace $path }
proc platform {what args} {
    if {$what eq "create"} { options $args {-name -hw -proc -os -arch -out -desc -samples -prebuilt -no-boot-bsp} }
    note platform $what {*}$args
}
proc app {what args} {
    switch $what {
        create { options $args {-name -platform -domain -hw -proc -os -lang -template -sysproj} }
        config { if {[llength $args] != 4} { error "app config takes a parameter and its value" } }
        build {
            options $args {-name}
            if {![info exists ::broken]} {
                file mkdir $::workspace/dsoc_app/Release
                close [open $::workspace/dsoc_app/Release/dsoc_app.elf w]
            }
        }
    }
    note app $what {*}$args
}
proc importsources {args} {
    options $args {-name -path -soft-link -target-path -linker-script}
    note importsources {*}$args
}
rename puts real_puts
proc puts {args} { lappend ::said [lindex $args end] }
proc exit {{status 0}} { error "exit $status" }
set calls {}
set said {}
"""


def xsct(board: Path, *arguments: str, before: str = "") -> tuple[int, list[str], list[str]]:
    """Status, what was printed, and the commands that XSCT was given."""
    tcl = tkinter.Tcl()
    tcl.eval(XSCT + before)
    tcl.call("set", "argv", tcl.call("list", *arguments))
    tcl.eval(f"proc main {{}} {{ global argv; uplevel #0 [list source {{{board / 'build.tcl'}}}] }}")
    ended = re.fullmatch(r"exit (\d)", tcl.eval("catch main message; set message"))
    status = int(ended[1]) if ended else 0
    said, calls = (list(tcl.splitlist(tcl.eval(f"set {name}"))) for name in ("said", "calls"))
    return status, said, [str(call) for call in calls]


def test_xsct_makes_platform_and_application(board: Path) -> None:
    design, cpu = hardware(board.parent), "ps7_cortexa9_0"
    status, said, calls = xsct(board, str(design), cpu)
    assert (status, said) == (0, [f"built {board}/workspace/dsoc_app/Release/dsoc_app.elf"])
    assert [tkinter.Tcl().splitlist(call) for call in calls] == [
        ("setws", f"{board}/workspace"),
        ("platform", "create", "-name", "dsoc_platform", "-hw", str(design), "-proc", cpu, "-os", "standalone"),
        ("platform", "generate"),
        (
            *("app", "create", "-name", "dsoc_app", "-platform", "dsoc_platform", "-domain", "standalone_domain"),
            *("-template", "Empty Application(C)"),
        ),
        ("importsources", "-name", "dsoc_app", "-path", f"{board}/src"),
        ("app", "config", "-name", "dsoc_app", "build-config", "release"),
        ("app", "build", "-name", "dsoc_app"),
    ]


def test_what_xsct_cannot_build_is_told(board: Path) -> None:
    design = str(hardware(board.parent))
    usage = "usage: xsct build.tcl DESIGN.xsa ps7_cortexa9_0|psu_cortexa53_0|psu_cortexr5_0"
    assert xsct(board)[:2] == (2, [f"error: {usage}"])
    assert xsct(board, design, "[exec rm -rf /]")[0] == 2
    status, said, _ = xsct(board, "nowhere.xsa", "ps7_cortexa9_0")
    assert (status, "nowhere.xsa: there is no such file" in said[0]) == (2, True)
    status, said, _ = xsct(board, design, "ps7_cortexa9_0", before="proc importsources args { error {no such app} }")
    assert (status, said) == (1, ["error: no such app"])
    status, said, _ = xsct(board, design, "ps7_cortexa9_0")
    assert (status, "exists; remove it to build anew" in said[0]) == (2, True)
