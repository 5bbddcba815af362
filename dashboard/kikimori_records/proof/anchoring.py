"""Anchoring: gives every head to the places outside, tries again, and says which place has got nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori_core.cancellation import run_cancellable, run_whole
from kikimori_core.wire.problem import Problem
from kikimori_records.proof import queries
from kikimori_records.proof.anchor import AnchorError

if TYPE_CHECKING:
    from kikimori_records.proof.anchor import Anchor
    from kikimori_records.proof.queries import KeptAnchor
    from kikimori_records.proof.trees import ClosedTree
    from kikimori_records.store import Store

log = structlog.get_logger()

FIRST_RETRY_S, LAST_RETRY_S = 30.0, 3600.0
AT_ONCE = 500
"""Most heads given to a place at once."""


class AnchorDelivery:
    """Delivery of heads to one place, independent of the others."""

    def __init__(self, anchor: Anchor, *, first_retry_s: float = FIRST_RETRY_S) -> None:
        self._anchor = anchor
        self._first_retry_s = first_retry_s
        self._wait_s = first_retry_s
        self._again_at = 0.0
        """The loop's time before which nothing is tried."""
        self._cause = ""

    @property
    def problem(self) -> Problem | None:
        """Return the reason for which the place gets nothing; None while it does."""
        if not self._cause:
            return None
        return Problem.of(
            "record_anchor_failing", kind=self._anchor.kind, target=self._anchor.target, fault=self._cause
        )

    async def give(self, store: Store) -> None:
        """Give the place what it has not yet; a failure is kept as a problem. Raises StoreError."""
        clock = asyncio.get_running_loop().time
        if clock() < self._again_at:
            return
        anchor = self._anchor
        while True:
            trees = await run_whole(lambda: self._wanting(store))
            if not trees:
                return
            try:
                kept = await run_cancellable(lambda trees=trees: anchor.keep(trees))  # type: ignore[misc]
            except AnchorError as error:
                cause = error.cause
            except Exception as error:  # noqa: BLE001 - a fault in one place must end no other
                cause = type(error).__name__
            else:
                await run_whole(lambda kept=kept: _note(store, kept))  # type: ignore[misc]
                self._failed("")
                self._wait_s = self._first_retry_s
                continue
            self._failed(cause)
            self._again_at = clock() + self._wait_s
            self._wait_s = min(self._wait_s * 2, LAST_RETRY_S)
            return

    async def _wanting(self, store: Store) -> list[ClosedTree]:
        """Return the trees whose heads the place has not, the oldest first."""
        async with store.read() as connection:
            last = await queries.last_anchored(connection, self._anchor.kind, self._anchor.target)
            return await queries.trees(connection, after=last, most=AT_ONCE)

    def _failed(self, cause: str) -> None:
        if cause != self._cause:
            self._cause = cause
            log.warning("record_anchor", kind=self._anchor.kind, cause=cause or "none")


async def _note(store: Store, kept: list[KeptAnchor]) -> None:
    async with store.begin() as connection:
        await queries.note_anchors(connection, kept)
