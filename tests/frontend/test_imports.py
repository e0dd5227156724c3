"""The declarative network must not cost the start of TensorFlow."""

import subprocess
import sys


def test_netspec_and_lowering_load_no_keras() -> None:
    code = (
        "import sys, deepsoc.netspec.spec, deepsoc.netspec.lower, deepsoc.frontend.keras.formats, deepsoc.demo\n"
        "print([name for name in ('tensorflow', 'keras', 'qkeras') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_missing_tensorflow_is_named_with_the_remedy() -> None:
    code = "import sys; sys.modules['keras'] = None; import deepsoc.frontend.keras.bundle"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode != 0
    assert "ToolError: training needs TensorFlow" in found.stderr
    assert "make setup" in found.stderr
