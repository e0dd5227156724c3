"""What all controls share: the front end's files, messages from it, and the pane that shows errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from deepsoc.errors import DeepSocError, InputError

__all__ = ["Control"]

_ROOMS = Path(__file__).resolve().parent.parent


class Control(anywidget.AnyWidget):
    """A control whose front end is `<name>.js` and `.css` of its room, behind `base/common.js` and `.css`.

    A subclass names its front end, in several files where it is long: `class ArrayView(Control, front="array_view")`,
    `front="bundle_form bundle_builder"`; a file of another room is `room/name`. A message `{"do": "move", ...}` from
    the front end calls the method `on_move(...)`; an error of it, or of a keyword nobody knows, reaches the user. What
    a message has as `edit` comes back in `taken`, and its `turn` in `turn`, behind all that it changed.

    Raises:
        InputError: an unknown keyword.
    """

    error = traitlets.Unicode("", help="What went wrong last; empty when nothing did.").tag(sync=True)
    taken = traitlets.Unicode("", help="The edit of the front end that was taken last.").tag(sync=True)
    turn = traitlets.Unicode("", help="The edit that was made in turn last.").tag(sync=True)

    _FRAME: ClassVar[set[str]] = {"layout", "tabbable", "tooltip"}  # traits of every widget that a user may set

    def __init_subclass__(cls, *, front: str = "", **kwargs: Any) -> None:
        if front:
            for kind, trait in (("js", "_esm"), ("css", "_css")):
                room = cls.__module__.split(".")[-2]
                names = (name if "/" in name else f"{room}/{name}" for name in front.split())
                files = [_ROOMS / f"{name}.{kind}" for name in ("base/common", *names)]
                setattr(cls, trait, "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists()))
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs: Any) -> None:
        known = {name for name in self.trait_names() if not name.startswith("_")}
        if unknown := sorted(kwargs.keys() - known):
            own = sorted(known - set(anywidget.AnyWidget.class_trait_names()) | self._FRAME)
            raise InputError(f"unknown option {', '.join(unknown)}; expected some of {', '.join(own)}")
        super().__init__(**kwargs)
        self.on_msg(self._received)

    def _received(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        arguments = dict(content)
        echoes = {trait: arguments.pop(key, "") for key, trait in (("edit", "taken"), ("turn", "turn"))}
        handler = getattr(self, f"on_{arguments.pop('do', '')}", None)
        if handler is not None:
            self.attempt(handler, **arguments)
        for trait, value in echoes.items():
            if value:
                self.set_trait(trait, value)

    def attempt(self, action: Any, /, **arguments: Any) -> Any:
        """Calls a function; its DeepSocError becomes the text of the error pane, and success clears that.

        Returns:
            What the function returned; None after an error.
        """
        try:
            found = action(**arguments)
        except DeepSocError as error:
            self.error = str(error)
            return None
        self.error = ""
        return found
