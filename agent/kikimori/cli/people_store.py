"""Open store and author of changes, for commands about people."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kikimori.cli.options import config_path, configured, dashboard_settings
from kikimori.cli.store_options import as_owner
from kikimori.cli.terminal import say
from kikimori.terminal_user import terminal_user
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.people.changes import Author
    from kikimori_records.settings import StoreSettings
    from kikimori_records.store import Store

Answer = TypeVar("Answer")


def with_store(
    args: argparse.Namespace, work: Callable[[Store, DashboardSettings], Awaitable[Answer]]
) -> Answer:
    """Open the store beside a running dashboard, do the work and close it; raises KikimoriError."""
    configured(args, log_level="warning")
    settings = dashboard_settings(args)

    # Read as root, then as the folder's owner: the service has to read what is written.
    store_settings = as_owner(settings, config_path(args))

    async def run() -> Answer:
        async with store_beside(store_settings) as store:
            return await work(store, settings)

    return asyncio.run(run())


def write_with_store(
    args: argparse.Namespace, content: Callable[[Store, DashboardSettings], Awaitable[bytes]]
) -> None:
    """Write what is made of the store to `args.file`, "-" for standard output; raises KikimoriError, OSError."""
    if str(args.file) == "-":
        sys.stdout.buffer.write(with_store(args, content))
        return
    # Opened first: as the owner of the store, root may not write here.
    with args.file.open("wb") as file:
        file.write(with_store(args, content))
    say(text("written", path=args.file))


@asynccontextmanager
async def store_beside(settings: StoreSettings) -> AsyncIterator[Store]:
    """Open the store beside a running dashboard, for as long as the `async with` lasts; raises StoreError."""
    from kikimori_records.store import Store  # noqa: PLC0415  (see cli/up.py)

    store = await Store.open(settings, beside=True)
    try:
        yield store
    finally:
        await store.close()


def author(command: str) -> Author:
    """Return the author of changes by this command: whoever has the terminal."""
    from kikimori_records.audit.entry import ActorKind  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.people.changes import Author  # noqa: PLC0415

    return Author(ActorKind.PROGRAM, f"kikimori {command} ({terminal_user()})")


def table_row(*cells: Any) -> list[str]:
    """Return cells for a table in the terminal."""
    return ["" if each is None else str(each) for each in cells]
