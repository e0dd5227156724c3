"""Saved models open in a process that has only imported `deepsoc`.

Keras looks the layers of a file up in a registry by name, `deepsoc>Bundle`; that they are there must neither cost the
start of TensorFlow with `import deepsoc` nor depend on what was imported first. So the names enter the registry as soon
as both packages are imported, and the classes behind them when a file asks. A file refers to them by these names
alone: it stays readable when modules move.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["announce"]


def announce(names: Iterable[str]) -> None:
    """Enters classes that `deepsoc` exports into the registry of Keras, now or when Keras is imported."""
    if keras := sys.modules.get("keras"):
        _enter(keras, names)
    else:
        sys.meta_path.insert(0, _WhenKerasIsImported(names))


def _enter(keras: ModuleType, names: Iterable[str]) -> None:
    registry = keras.saving.get_custom_objects()
    for name in names:
        registry.setdefault(f"deepsoc>{name}", _Deferred(name))


class _Deferred:
    """Stands in the registry for a class, until that is imported and enters itself."""

    def __init__(self, name: str) -> None:
        self._name = name

    def from_config(self, config: dict[str, Any]) -> Any:
        import deepsoc

        return getattr(deepsoc, self._name).from_config(config)


class _WhenKerasIsImported:
    """Finds nothing itself; when Keras is looked for, it steps aside and lets the registry be filled afterwards."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _enter(module, self._names)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
