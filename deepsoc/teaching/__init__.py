"""The lab course: exercises that are marked by the models and the RTL, predictions, and the planted bugs of lab 7."""

from deepsoc.teaching.checker import Check, Mark, Report, check
from deepsoc.teaching.prediction import Measurement, measure

__all__ = ["Check", "Mark", "Measurement", "Report", "check", "measure"]
