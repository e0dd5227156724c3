"""Shared by all tests: quiet TensorFlow, a printed seed, hypothesis without time limits."""

from __future__ import annotations

import os
import random
import signal
import sys

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "Agg")

# Shared cores make deadlines meaningless; the blob repeats a failure exactly.
hypothesis.settings.register_profile("deepsoc", deadline=None, print_blob=True)
hypothesis.settings.load_profile("deepsoc")


def interruptible() -> None:
    """For `preexec_fn`: the child notices SIGINT even if the tests run in the background, where it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def seed() -> int:
    """A new seed for each run, printed with a failure; DEEPSOC_SEED=N repeats it."""
    value = int(os.environ.get("DEEPSOC_SEED", random.SystemRandom().randrange(2**31)))
    print(f"repeat with DEEPSOC_SEED={value}", file=sys.stderr)
    return value


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A generator of that seed."""
    return np.random.default_rng(seed)
