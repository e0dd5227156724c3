"""Makes platform and application of this folder in Vitis 2023.2 or later.

    vitis -s build.py DESIGN.xsa [CPU]

CPU is a name of the hardware description: ps7_cortexa9_0, psu_cortexa53_0 or psu_cortexr5_0. It may be left out where
the .xsa tells the family. The workspace is the folder `workspace` beside this file.
"""

import inspect
import re
import sys
import zipfile
from pathlib import Path

PLATFORM, APPLICATION = "dsoc_platform", "dsoc_app"
CPUS = ("ps7_cortexa9_0", "psu_cortexa53_0", "psu_cortexr5_0")
FAMILIES = {b"processing_system7": "ps7_cortexa9_0", b"zynq_ultra_ps_e": "psu_cortexa53_0"}


def cpu_of(xsa: Path) -> str:
    """The first processor of the family that the hardware handoff in an .xsa names."""
    try:
        with zipfile.ZipFile(xsa) as archive:
            names = [name for name in archive.namelist() if name.endswith(".hwh")]
            handoffs = b"".join(archive.read(name) for name in names)
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(f"error: {xsa}: not a hardware description of Vivado, {error}")
    found = {FAMILIES[kind] for kind in re.findall(rb'MODTYPE="(\w+)"', handoffs) if kind in FAMILIES}
    if len(found) != 1:
        sys.exit(f"error: {xsa}: cannot tell the processor; name one of {', '.join(CPUS)} after it")
    return found.pop()


def main(arguments: list) -> None:
    """Creates and builds both components."""
    if not 1 <= len(arguments) <= 2 or (arguments[1:] and arguments[1] not in CPUS):
        sys.exit(f"usage: vitis -s build.py DESIGN.xsa [{'|'.join(CPUS)}]")
    here, xsa = Path(__file__).resolve().parent, Path(arguments[0]).resolve()
    if not xsa.is_file():
        sys.exit(f"error: {xsa}: there is no such file; Vivado's `write_hw_platform -fixed -include_bit` makes it")
    cpu = arguments[1] if arguments[1:] else cpu_of(xsa)
    workspace = here / "workspace"
    if workspace.exists():
        sys.exit(f"error: {workspace}: exists; remove it to build anew")

    import vitis

    client = vitis.create_client()
    try:
        client.set_workspace(path=str(workspace))
        domain = f"standalone_{cpu}"
        # 2023.2 calls the argument hw, later versions hw_design.
        known = inspect.signature(client.create_platform_component).parameters
        hardware = {"hw_design" if "hw_design" in known else "hw": str(xsa)}
        platform = client.create_platform_component(
            name=PLATFORM, os="standalone", cpu=cpu, domain_name=domain, **hardware
        )
        platform.build()
        application = client.create_app_component(
            name=APPLICATION,
            platform=str(workspace / PLATFORM / "export" / PLATFORM / f"{PLATFORM}.xpfm"),
            domain=domain,
            template="empty_application",
        )
        sources = sorted(path.name for path in (here / "src").iterdir())
        application.import_files(from_loc=str(here / "src"), files=sources, dest_dir_in_cmp="src")
        application.build()
    finally:
        vitis.dispose()
    program = workspace / APPLICATION / "build" / f"{APPLICATION}.elf"
    if not program.is_file():
        sys.exit(f"error: {program} was not built; see what Vitis printed above")
    print(f"built {program}")


if __name__ == "__main__":
    main(sys.argv[1:])
