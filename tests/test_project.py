"""The project's own files agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import deepsoc

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))


def test_environment_has_the_requirements_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    project = PROJECT["project"]
    expected = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    assert sorted(pip) == sorted(expected)
    assert f"python{project['requires-python']}" in conda


def test_packages_installed_apart_are_named_everywhere():
    (qkeras,) = PROJECT["tool"]["deepsoc"]["no-deps"]
    for file in ("environment.yml", "README.md", "deepsoc/doctor.py"):
        assert f"pip install --no-deps {qkeras}" in (ROOT / file).read_text(), file

    (tclint,) = PROJECT["tool"]["deepsoc"]["dev-no-deps"]
    assert f"pip install --no-deps {tclint}" in (ROOT / "environment.yml").read_text()


def test_core_needs_no_tensorflow():
    assert not [r for r in PROJECT["project"]["dependencies"] if re.match("tensorflow|keras|qkeras", r)]


def test_every_promised_target_exists():
    assert targets() >= {"setup", "demo", "lab", "test", "test-all", "lint", "bench", "clean"}


def test_targets_named_in_documents_exist():
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci" / "run", *(ROOT / "docs").glob("*.md")]:
        named = set(re.findall(r"\bmake ([a-z-]+)`", file.read_text())) | set(
            re.findall(r"^make ([a-z-]+)", file.read_text(), flags=re.MULTILINE)
        )
        assert named <= targets(), file


def test_links_in_documents_lead_somewhere():
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")]
    broken = [
        f"{file.relative_to(ROOT)}: {link}"
        for file in files
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text())
        if not (file.parent / link).exists()
    ]
    assert not broken


def test_shell_scripts_parse():
    for script in ("scripts/system-packages", ".ci/run"):
        assert (ROOT / script).stat().st_mode & 0o100, f"{script} is not executable"
        subprocess.run(["sh", "-n", ROOT / script], check=True)


def test_system_packages_are_listed_without_installing():
    done = subprocess.run(
        ["sh", ROOT / "scripts" / "system-packages", "--list"], check=True, capture_output=True, text=True
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {len(row) for row in rows} == {5}
    assert {"g++", "make", "perl", "ccache", "lz4.h"} <= {row[1] for row in rows if row[0] == "base"}


def test_missing_system_packages_are_named_with_the_command(tmp_path):
    """With an empty PATH but for what the script itself runs, nothing can be installed, only named."""
    for tool in ("sh", "cat", "awk", "id", "uname"):
        found = subprocess.run(["sh", "-c", f"command -v {tool}"], check=True, capture_output=True, text=True)
        (tmp_path / tool).symlink_to(found.stdout.strip())
    done = subprocess.run(
        [tmp_path / "sh", ROOT / "scripts" / "system-packages"],
        env={"PATH": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"apt-get install .* g\+\+ make perl ccache", done.stderr), done.stderr


def test_import_is_light():
    heavy = ["tensorflow", "keras", "qkeras", "matplotlib", "pandas", "numpy", "pydantic"]
    code = f"import sys, deepsoc; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_public_names_resolve_and_only_layers_need_tensorflow():
    layers = tuple(f"deepsoc.frontend.keras.{name}" for name in ("bundle", "layers", "model", "storage"))
    light = [name for name in deepsoc.__all__ if deepsoc._HOME.get(name) not in layers]
    code = f"import sys, deepsoc; [getattr(deepsoc, name) for name in {light}]; sys.exit('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_layers_resolve():
    code = "import deepsoc; print([n for n in deepsoc.__all__ if getattr(deepsoc, n) is None])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]")


def test_unknown_name_is_an_attribute_error_that_lists_the_names():
    with pytest.raises(AttributeError, match="Hardware"):
        deepsoc.hardware  # noqa: B018


def test_version_is_in_the_changelog():
    assert f"## [{deepsoc.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.slow
def test_wheel_carries_what_is_not_python(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT], check=True
    )
    (wheel,) = tmp_path.glob("deepsoc-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("rtl", "c", "fpga", "asic", "notebooks", "scripts"):
        assert any(name.startswith(f"deepsoc/_assets/{folder}/") for name in names), folder
    for file in (
        "share/jupyter/labextensions/deepsoc-lab/package.json",
        "etc/jupyter/jupyter_server_config.d/deepsoc.json",
    ):
        assert any(name.endswith(f".data/data/{file}") for name in names), file
    assert "deepsoc/py.typed" in names
    assert "deepsoc/hw/registers.toml" in names


def test_tests_of_a_group_share_a_worker(request: pytest.FixtureRequest) -> None:
    """Tests that build on each other depend on it; a version of pytest broke it silently."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("runs without workers")
    marked = [item for item in request.session.items if item.get_closest_marker("xdist_group")]
    assert all("@" in item.nodeid for item in marked), "the groups of pytest-xdist have no effect"
