"""DeploymentPanel: writes the folder that goes to a board, and shows what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from deepsoc import jobs
from deepsoc.deploy import TARGETS
from deepsoc.errors import InputError
from deepsoc.widgets.runs._files import file_row, short
from deepsoc.widgets.runs._job_panel import WeightsPanel, option

__all__ = ["DeploymentPanel"]


class DeploymentPanel(WeightsPanel, front="job_panel deployment_panel"):
    """Makes the folder of a target as a run, beside the export of the design: `deploy-TARGET`.

    `value` is the result as `deepsoc deploy --json` prints it, `files` with their sizes.

    Args:
        design: a Design; or a folder: a design's, any other with `net.json` and `hw.json`, or an export.
        root: folder of runs, as of `jobs.find`.
        target: name of a target of `deepsoc.deploy.TARGETS`.
        weights: file of weights (`.npz`); empty: random ones.

    Raises:
        InputError: there is no such folder or target, or a keyword is unknown.
    """

    KIND = "deploy"
    OPTIONS = ("target", "weights")

    target = traitlets.Unicode(next(iter(TARGETS)), help="What the folder is for.").tag(sync=True)
    targets: traitlets.List[dict[str, str]] = traitlets.List(
        [{"name": each.name, "title": each.about} for each in TARGETS.values()], read_only=True, help="The targets."
    ).tag(sync=True)

    def arguments(self) -> list[str]:
        """Options of `deepsoc deploy`."""
        out = self.export_folder
        place = Path(f"{out}-{self.target}") if self._is_export() else out.with_name(f"deploy-{self.target}")
        return ["--target", self.target, "--out", place.as_posix()]

    def options(self, job: jobs.Job) -> str:
        """With what a run was started."""
        return f"target {option(job, '--target')} · {self.weights_of(job)}"

    def found(self, job: jobs.Job, result: dict[str, Any]) -> dict[str, Any]:
        """The result; each file with its size."""
        place, ended = Path(job.cwd) / result["folder"], job.state.ended
        return result | {"folder": short(place), "files": [file_row(place / name, ended) for name in result["files"]]}

    @traitlets.validate("target")
    def _known(self, proposal: Any) -> str:
        if proposal["value"] not in TARGETS:
            raise InputError(f"expected one of {', '.join(TARGETS)}, received {proposal['value']!r}", where="target")
        return str(proposal["value"])
