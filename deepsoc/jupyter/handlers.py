"""REST endpoints of the server extension: designs and runs below the server's root."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from deepsoc.errors import DeepSocError, InputError
from deepsoc.jupyter import listing

__all__ = ["routes"]


def routes(base_url: str, *, root: Path, runs: Path) -> list[tuple[str, type[APIHandler], dict[str, Path]]]:
    """The endpoints.

    Args:
        base_url: of the server.
        root: the server's root folder, for designs.
        runs: folder of runs.

    Returns:
        Pattern, handler and its arguments of each endpoint.
    """

    def route(*parts: str) -> str:
        return url_path_join(base_url, "deepsoc", *parts)

    return [
        (route("designs"), _Designs, {"folder": root}),
        (route("jobs"), _Jobs, {"folder": runs}),
        (route("jobs", "([^/]+)", "log"), _Log, {"folder": runs}),
        (route("jobs", "([^/]+)", "cancel"), _Cancel, {"folder": runs}),
    ]


class _Handler(APIHandler):
    """Answers with JSON what a function found in a thread; the server stays free."""

    auth_resource = "deepsoc"

    def initialize(self, folder: Path) -> None:
        self.folder = folder

    async def answer(self, work: Any, *arguments: Any) -> None:
        try:
            found = await asyncio.to_thread(work, self.folder, *arguments)
        except InputError as error:
            raise web.HTTPError(404, str(error)) from None
        except DeepSocError as error:
            raise web.HTTPError(500, str(error)) from None
        self.finish(json.dumps(found))


class _Designs(_Handler):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(listing.designs)


class _Jobs(_Handler):
    @web.authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(listing.runs)


class _Log(_Handler):
    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        offset = self.get_query_argument("offset", "0")
        try:
            at = int(offset)
        except ValueError:
            raise web.HTTPError(400, f"offset: expected a whole number, received {offset!r}") from None
        await self.answer(listing.log, id, at)


class _Cancel(_Handler):
    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        await self.answer(listing.cancel, id)
