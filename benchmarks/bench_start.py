"""Seconds of `import deepsoc`, `deepsoc --help` and `deepsoc doctor`: the best of five, each a new process."""

from __future__ import annotations

import json
import subprocess
import sys
import time


def best(*arguments: str, repeat: int = 5) -> float:
    """Least wall-clock seconds of the Python process with these arguments."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return round(min(times), 3)


bare = best("-c", "pass")
print(
    json.dumps(
        {
            "python_alone_s": bare,
            "import_deepsoc_s": round(best("-c", "import deepsoc") - bare, 3),
            "cli_help_s": best("-m", "deepsoc.cli.main", "--help"),
            "cli_doctor_s": best("-m", "deepsoc.cli.main", "doctor"),
        }
    )
)
