"""The demo: from images to a trained network to a bit-exact run on the RTL, with a report."""

from deepsoc.demo.run import run_demo

__all__ = ["run_demo"]
