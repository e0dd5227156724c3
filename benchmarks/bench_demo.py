"""Seconds of the main job by step, quick variant: quantization-aware training, export, simulation."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from deepsoc.demo import run_demo

with tempfile.TemporaryDirectory() as folder:
    found = run_demo(Path(folder) / "demo", quick=True)
seconds = {f"{step}_s": round(value, 2) for step, value in found["seconds"].items()}
kept = ("accuracy_float", "accuracy_quantized", "accuracy_int", "cycles_rtl", "bit_exact")
print(json.dumps({**seconds, **{key: found[key] for key in kept}}))
