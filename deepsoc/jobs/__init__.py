"""Long runs as folders: found again by any process, watched and cancelled from anywhere (docs/jobs.md)."""

from deepsoc.jobs._job import Job
from deepsoc.jobs._state import JobState
from deepsoc.jobs._store import find, get, start

__all__ = ["Job", "JobState", "find", "get", "start"]
