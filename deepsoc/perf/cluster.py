"""Runs many independent pieces of work: on threads of this process, on local processes, or on any Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from deepsoc.errors import InputError, ToolError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["run_each"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONNECT_S = 10
_RETRIES = 3  # of a piece whose worker died while it ran, besides those that Dask makes itself


def run_each(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    cluster: int | str | None = None,
    lost: Callable[[Item, str], Result] | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Yields (item, work(item)) in the order in which they are finished.

    Only a few results are under way at a time, so that memory stays bounded however many items there are. A piece
    whose worker dies is run again on another one. When the iteration ends early, what has not begun is dropped.

    Args:
        work: must not depend on earlier pieces; picklable if it runs on a cluster.
        items: distinct pieces of work.
        cluster: None: threads of this process, for work that releases the interpreter lock; a number: so many local
            processes; an address such as `tcp://host:8786`: that Dask scheduler.
        lost: makes the result of a piece whose workers died again and again, from the piece and a message; None: that
            is an error, which ends all. Dask blames every piece that is on a worker when it dies.

    Raises:
        InputError: not a number of processes or an address.
        ToolError: Dask is not installed, the scheduler does not answer, or the workers of a piece die again and again.
    """
    if cluster is None:
        return _threads(work, items)
    if isinstance(cluster, bool) or not isinstance(cluster, int | str) or cluster in (0, "") or _negative(cluster):
        raise InputError(
            f"expected a number of processes or the address of a scheduler, received {cluster!r}", where="cluster"
        )
    return _dask(work, items, cluster, lost)


def _negative(cluster: int | str) -> bool:
    return isinstance(cluster, int) and cluster < 0


def _threads(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    threads = os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads)
    left = iter(items)
    try:
        running: dict[Future[Result], Item] = {pool.submit(work, item): item for item in islice(left, 2 * threads)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                running |= {pool.submit(work, following): following for following in islice(left, 1)}
                yield item, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _dask(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    cluster: int | str,
    lost: Callable[[Item, str], Result] | None,
) -> Iterator[tuple[Item, Result]]:
    try:
        from distributed import KilledWorker, as_completed
    except ImportError:
        raise ToolError("Dask is not installed; get it with: pip install 'deepsoc[cluster]'") from None
    left = iter(items)
    with ExitStack() as stack:
        client = _client(cluster, stack)
        ahead = 2 * max(1, sum(client.nthreads().values()))

        def submit(item: Item) -> Any:
            return client.submit(work, item, pure=False, retries=_RETRIES)

        running = {(future := submit(item)).key: (future, item) for item in islice(left, ahead)}
        finished = as_completed([future for future, _ in running.values()])
        for done in finished:
            item = running.pop(done.key)[1]
            for following in islice(left, 1):
                future = submit(following)
                running[future.key] = future, following
                finished.add(future)
            try:
                result = done.result()
            except KilledWorker as err:
                if lost is None:
                    raise ToolError(f"piece {item!r}: its workers died again and again: {err}") from None
                result = lost(item, f"its workers died again and again: {err}")
            yield item, result


def _client(cluster: int | str, stack: ExitStack) -> Client:
    import logging

    from distributed import Client, LocalCluster

    if isinstance(cluster, int):
        local = LocalCluster(
            n_workers=cluster, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
        return stack.enter_context(Client(stack.enter_context(local)))
    try:
        return stack.enter_context(Client(cluster, timeout=_CONNECT_S))
    except ValueError as err:
        raise InputError(
            f"not the address of a scheduler: {err}; expected one such as tcp://host:8786", where="cluster"
        ) from None
    except OSError as err:
        raise ToolError(f"no Dask scheduler answers at {cluster}: {err}; start one with `dask scheduler`") from None
