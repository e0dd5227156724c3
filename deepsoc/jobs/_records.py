"""The small files of a run, in which anything may stand: read with bounds, and checked field by field."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from annotated_types import Interval

from deepsoc._files import read_bytes
from deepsoc.errors import InputError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["CONFIG", "Moment", "read"]

CONFIG = {"strict": True, "extra": "forbid", "allow_inf_nan": False}
"""How pydantic checks a record: a dataclass names it as `__pydantic_config__`."""

Moment = Annotated[float, Interval(ge=0, lt=253_402_300_800)]
"""Unix time in seconds, before the year 10,000."""

_MAX_BYTES = 1 << 20

Record = TypeVar("Record")


def read(kind: type[Record], file: Path) -> Record:
    """Reads a record from its JSON file.

    Args:
        kind: a dataclass.
        file: holds an object with its fields.

    Raises:
        InputError: it cannot be read or is damaged; says where and why.
    """
    from pydantic import ValidationError

    data = read_bytes(file, "the run", most=_MAX_BYTES)
    try:
        record: Record = _adapter(cast("Any", kind)).validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(map(str, fault["loc"]))[:80]
        raise InputError(f"{path}: {fault['msg']}" if path else fault["msg"], where=file.name) from None
    return record


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
