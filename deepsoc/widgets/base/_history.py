"""What a control can take back."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["History"]

State = TypeVar("State")


class History(Generic[State]):
    """States that can be gone back to. Successive changes under one key (one field of a form) are one step.

    Args:
        state: the first.
        limit: most states that are kept.
    """

    def __init__(self, state: State, limit: int = 500) -> None:
        self._states = [state]
        self._at, self._key, self._limit = 0, "", limit

    @property
    def state(self) -> State:
        """The present one."""
        return self._states[self._at]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a later state."""
        return self._at + 1 < len(self._states)

    def push(self, state: State, key: str = "") -> None:
        """Adds a state behind the present one; later ones are gone."""
        del self._states[self._at + 1 :]
        if key and key == self._key:
            self._states.pop()
        self._states = [*self._states, state][-self._limit :]
        self._at, self._key = len(self._states) - 1, key

    def replace(self, state: State) -> None:
        """Another present state, as when something was only looked at."""
        self._states[self._at] = state

    def step(self, by: int) -> State:
        """Goes back (-1) or forth (1), where there is a state; returns the one that is present then."""
        self._at = min(max(self._at + by, 0), len(self._states) - 1)
        self._key = ""
        return self.state
