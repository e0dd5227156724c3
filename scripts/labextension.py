"""Builds the JupyterLab extension (labextension/) into the package, or checks that it is built from these sources.

python scripts/labextension.py            build; needs Node 20 or newer and npm
python scripts/labextension.py --check    exit status 1 if sources or built files changed since the last build
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "labextension"
BUILT = ROOT / "deepsoc" / "jupyter" / "labextension"
RECORD = SOURCES / "built.json"


def digest(folder: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def state(sources: Path = SOURCES, built: Path = BUILT) -> dict[str, str]:
    """The digests of sources and built files, which the record holds after a build."""
    inputs = [sources / name for name in ("package.json", "package-lock.json", "tsconfig.json")]
    inputs += [file for name in ("src", "style") for file in (sources / name).rglob("*") if file.is_file()]
    outputs = [file for file in built.rglob("*") if file.is_file()]
    return {"sources": digest(sources, inputs), "built": digest(built, outputs)}


def main() -> int:
    """Builds or checks; returns the exit status."""
    if sys.argv[1:] == ["--check"]:
        record = json.loads(RECORD.read_text())
        changed = [name for name, found in state().items() if record[name] != found]
        if changed:
            print(f"error: {SOURCES.name}: {' and '.join(changed)} changed; run: make labextension", file=sys.stderr)
        return int(bool(changed))
    for command in (["ci", "--no-audit", "--no-fund", "--ignore-scripts"], ["run", "build"]):
        subprocess.run(["npm", *command], cwd=SOURCES, check=True)
    RECORD.write_text(json.dumps(state(), indent=2) + "\n")
    size = sum(file.stat().st_size for file in BUILT.rglob("*") if file.is_file())
    print(f"{BUILT.relative_to(ROOT)}: {size / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
