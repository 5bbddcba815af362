"""Trusted keys that change while a program runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.key_store import TrustStore

log = structlog.get_logger()

EVERY_S = 1.0


async def follow_trust(trust: TrustStore, changed: Callable[[], None] = lambda: None) -> None:
    """Take over changes by `kikimori keys`, until cancelled; `changed` is called after each change."""
    while True:
        await asyncio.sleep(EVERY_S)
        if await asyncio.to_thread(trust.reread):
            log.info("keys_changed", trusted=len(trust.valid()))
            changed()
