"""Hardware: the parameters of the accelerator and its register map."""

from deepsoc.hw.params import Hardware

__all__ = ["Hardware"]
