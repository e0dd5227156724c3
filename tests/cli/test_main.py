"""What all commands have in common: exit status, the error line, JSON, speed of the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepsoc.cli import main as cli_main
from deepsoc.cli._answer import Answer, respond
from deepsoc.errors import InputError, MismatchError, ToolError
from tests.cli.conftest import Cli


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deepsoc.cli.main", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_imports_nothing_heavy():
    heavy = ["tensorflow", "keras", "numpy", "pandas", "matplotlib", "pydantic", "jinja2"]
    code = (
        "import sys; from deepsoc.cli.main import main; "
        f"status = main(['--help']); sys.exit(status or str([m for m in {heavy} if m in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    for command in ("demo", "export", "simulate", "estimate", "sweep", "fit", "implement", "deploy", "lab", "doctor"):
        assert f" {command} " in done.stdout


def test_version(cli: Cli):
    outcome = cli("--version")
    assert (outcome.status, outcome.stdout.split()[0]) == (0, "deepsoc")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing command"),
        (("bogus",), "bogus"),
        (("--bogus",), "--bogus"),
        (("export",), "NET"),
        (("export", "net.json"), "--hw"),
        (("export", "net.json", "--hw", "hw.json"), "--out"),
        (("simulate",), "DIR"),
        (("doctor", "extra"), "extra"),
        (("fit", "--board", "pynq-z2"), "NET"),
        (("implement", "out", "--flow", "asic-open"), "not available in this version"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_wrong_usage_is_one_line(cli: Cli, arguments, says):
    cli.refused(*arguments, says=says)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("a\nb\x1b[31m", where="f.json"), 2),
        (ToolError("no g++"), 1),
        (MismatchError("bundle b1"), 1),
        (RuntimeError("odd"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda v: type(v).__name__,
)
def test_every_exception_is_one_line_and_a_status(cli: Cli, monkeypatch, error, status):
    def fail():
        raise error

    monkeypatch.setattr("deepsoc.doctor.examine", fail)
    outcome = cli("doctor")
    assert outcome.status == status
    assert outcome.stderr.startswith("error: ")
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.strip().isprintable()


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_a_full_disk_behind_stdout_is_one_line(tmp_path, how):
    """Once the error is told, the interpreter must not flush again at exit: that is a traceback and status 120."""
    (tmp_path / "hw.json").write_text(json.dumps({"rows": 8, "cols": 24}))
    command = [sys.executable, "-m", "deepsoc.cli.main", "estimate", "kws_cnn", "--hw", "hw.json", *how]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: stdout: No space left on device\n")


def test_a_long_argument_is_one_readable_line(cli: Cli):
    cli.refused("export", "x" * 100_000, "--hw", "hw.json", "--out", "out", says="xxx … xxx")
    assert len(cli("estimate", "x" * 100_000, "--hw", "hw.json").stderr) < 2500


def test_tracebacks_only_on_request(cli: Cli, monkeypatch):
    monkeypatch.setattr("deepsoc.doctor.examine", lambda: 1 / 0)
    assert "Traceback" not in cli("doctor").stderr
    monkeypatch.setenv("DEEPSOC_DEBUG", "1")
    outcome = cli("doctor")
    assert "Traceback" in outcome.stderr
    assert outcome.stderr.splitlines()[-1].startswith("error: ZeroDivisionError")


def test_debug_option_of_a_process():
    plain, debug = run("export", "x"), run("--debug", "export", "x")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert (plain.returncode, debug.returncode) == (2, 2)


def test_json_is_alone_on_stdout_whatever_the_work_prints(cli: Cli, capfd):
    def work() -> Answer:
        print("noise of Python")
        os.system("echo noise of a child process")
        return Answer({"a": float("nan"), "b": (1, 2)}, lambda: None)

    respond(work, as_json=True)
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout) == {"a": None, "b": [1, 2]}
    assert "noise of Python" in stderr
    assert "noise of a child process" in stderr
    print("stdout is back")
    assert capfd.readouterr().out == "stdout is back\n"


def test_an_answer_of_no_is_printed_and_fails(cli: Cli, capfd):
    with pytest.raises(Exception, match="it is not so"):
        respond(lambda: Answer({"so": False}, lambda: None, "it is not so"), as_json=True)
    assert json.loads(capfd.readouterr().out) == {"so": False}


def test_stdout_comes_back_after_an_error(cli: Cli, capfd):
    with pytest.raises(ZeroDivisionError):
        respond(lambda: 1 / 0, as_json=True)
    print("stdout is back")
    assert capfd.readouterr().out == "stdout is back\n"


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        f"'{sys.executable}' -m deepsoc.cli.main doctor | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_lab_without_jupyterlab_says_how_to_get_it(cli: Cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = cli("lab")
    assert outcome.status == 1
    assert "pip install 'deepsoc[lab]'" in outcome.stderr


def test_lab_opens_the_notebooks_and_passes_options_on(cli: Cli, monkeypatch):
    calls = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(
        "subprocess.run", lambda command, **_: calls.append(command) or subprocess.CompletedProcess(command, 3)
    )
    assert cli("lab", "--no-browser").status == 1
    ((_, *command),) = calls
    assert command[:2] == ["-m", "jupyterlab"]
    assert command[2].endswith("notebooks")
    assert command[3:] == ["--no-browser"]


def test_entry_point_is_main():
    assert callable(cli_main.main)
