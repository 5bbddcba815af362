"""Following of the database: what other dashboards wrote there is read again and again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori_records.errors import StoreAwayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()


async def follow_store(look: Callable[[], Awaitable[None]], every_s: float, fault: str) -> None:
    """Look until cancelled. A database that is away is waited for; another fault of it is logged as `fault`.

    Args:
        look: Reads once; may raise StoreError.
        every_s: Pause in s after each look.
        fault: Static name of the event.
    """
    while True:
        try:
            await look()
        except StoreAwayError:
            pass
        except StoreError as error:
            log.error(fault, error=type(error).__name__)
        await asyncio.sleep(every_s)
