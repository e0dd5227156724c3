"""InferencePanel: a user's own images through the driver, on the simulated RTL or on the board that Jupyter runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from deepsoc import jobs
from deepsoc.errors import InputError
from deepsoc.runtime.run import BOARDS
from deepsoc.widgets.runs._job_panel import WeightsPanel, option

__all__ = ["InferencePanel"]

_DEVICES = ("simulation", *BOARDS)
_SHOWN = 8  # images whose outputs are shown


class InferencePanel(WeightsPanel, front="job_panel inference_panel"):
    """Infers the images of a file as a run: outputs, images a second, and the time of every operation.

    `value` is the result as `deepsoc run --json` prints it, with the outputs of the first images.

    Args:
        design: a Design; or a folder: a design's, any other with `net.json` and `hw.json`, or an export.
        root: folder of runs, as of `jobs.find`.
        device: `simulation`, `linux` or `pynq`.
        images: `.npy` file, shape (count, …): real values, or integers that are taken as they are.
        output: `.npy` file for the outputs; empty: they are not kept.
        integers: outputs are integers.
        weights: file of weights (`.npz`); empty: random ones.

    Raises:
        InputError: there is no such folder or device, or a keyword is unknown.
    """

    KIND = "run"
    OPTIONS = ("device", "images", "output", "integers", "weights")

    device = traitlets.Unicode(_DEVICES[0], help="The machine.").tag(sync=True)
    images = traitlets.Unicode("", help="File of the images.").tag(sync=True)
    output = traitlets.Unicode("", help="File for the outputs; empty: they are not kept.").tag(sync=True)
    integers = traitlets.Bool(False, help="Whether outputs are integers.").tag(sync=True)
    devices: traitlets.List[str] = traitlets.List(list(_DEVICES), read_only=True, help="The machines.").tag(sync=True)

    def arguments(self) -> list[str]:
        """Arguments of `deepsoc run`."""
        output = ["--out", self.output] if self.output else []
        integers = ["--integers"] if self.integers else []
        return ["--input", self.images, "--device", self.device, *output, *integers]

    def options(self, job: jobs.Job) -> str:
        """With what a run was started."""
        outputs = "real outputs" if option(job, "--integers") is None else "integer outputs"
        parts = [f"images {option(job, '--input')}", f"device {option(job, '--device')}", outputs]
        return " · ".join([*parts, self.weights_of(job)])

    def found(self, job: jobs.Job, result: dict[str, Any]) -> dict[str, Any]:
        """The result; of the outputs, those of the first images."""
        return result | {"outputs": result["outputs"][:_SHOWN]}

    @traitlets.validate("device")
    def _known(self, proposal: Any) -> str:
        if proposal["value"] not in _DEVICES:
            raise InputError(f"expected one of {', '.join(_DEVICES)}, received {proposal['value']!r}", where="device")
        return str(proposal["value"])

    def _check(self) -> None:
        if not self.images:
            raise InputError("name a .npy file of images; np.save writes one", where="images")
        if not Path(self.images).is_file():
            raise InputError(f"no such file: {self.images}", where="images")
        super()._check()
