"""Without TensorFlow the tests that need it are left out, and the header says so."""

from importlib.util import find_spec

_MISSING = [name for name in ("tensorflow", "keras", "qkeras") if find_spec(name) is None]

collect_ignore = ["keras", "test_imports.py"] if _MISSING else []


def pytest_report_header() -> str:
    """A line above the results."""
    return f"front end: tests left out, {', '.join(_MISSING)} missing" if _MISSING else "front end: tested on Keras"
