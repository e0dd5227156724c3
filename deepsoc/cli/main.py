"""Entry point: dispatches commands and turns every exception into one line and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, TextIO

import typer

from deepsoc import __version__
from deepsoc.cli import _commands, _course, _deploy, _estimate, _fit, _implement, _lab, _run, _sweep
from deepsoc.errors import DeepSocError, InputError, shortened

__all__ = ["app", "main"]

_LONGEST_LINE = 4000  # characters of an error line

app = typer.Typer(
    name="deepsoc",
    help="From a quantized neural network to a bit-exact system-on-chip.",
    epilog="Exit status: 0 done and right, 1 the work ran and the answer is no, 2 bad input.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
_commands.register(app)
_estimate.register(app)
_sweep.register(app)
_fit.register(app)
_lab.register(app)
_implement.register(app)
_run.register(app)
_deploy.register(app)
_course.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"deepsoc {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks (also DEEPSOC_DEBUG=1).")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    if debug:
        os.environ["DEEPSOC_DEBUG"] = "1"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: arguments without the program's name; None takes the process's own.

    Returns:
        The exit status: 0 done and right, 1 the answer is no or a tool failed, 2 bad input, 130 interrupted.
    """
    try:
        status = typer.main.get_command(app).main(
            args=None if argv is None else list(argv), prog_name="deepsoc", standalone_mode=False
        )
        sys.stdout.flush()
        if status == 130:  # how the library reports an interrupt
            return _fail("interrupted", 130)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    except BrokenPipeError:  # the reader has gone (`| head`)
        _drop_stdout()
        return 0
    except typer.TyperException as error:
        return _fail(error.format_message(), 2)
    except InputError as error:
        return _fail(str(error), 2)
    except DeepSocError as error:
        return _fail(str(error), 1)
    except OSError as error:
        if not _is_writable(sys.stdout):
            _drop_stdout()
        return _fail(f"{error.filename or 'stdout'}: {error.strerror or error}", 1)
    except Exception as error:
        return _fail(f"{type(error).__name__}: {error} (a traceback follows with deepsoc --debug)", 1)
    return status if isinstance(status, int) else 0


def _is_writable(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _drop_stdout() -> None:
    """Keeps the interpreter from flushing once more, at exit, into a closed pipe or a full disk."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fail(message: str, status: int) -> int:
    """Prints one line on stderr, after the traceback if that was asked for, and returns the status."""
    if os.environ.get("DEEPSOC_DEBUG") == "1":
        traceback.print_exc()
    line = shortened("".join(c if c.isprintable() else " " for c in message), _LONGEST_LINE)
    print(f"error: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
