"""Entries of the audit behind presses: many at once, and more than memory takes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.stores import audited

from kikimori_dashboard.access.audit_trail import MOST_WAITING, AuditTrail
from kikimori_dashboard.access.who import Principal
from kikimori_records.audit.verify import verify

if TYPE_CHECKING:
    from kikimori_records.store import Store

FLOODER, OTHER = Principal("a", person_id="a"), Principal("b", person_id="b")
TOO_MANY = 40


async def test_what_a_flood_displaces_is_counted_in_the_audit(store: Store) -> None:
    trail = AuditTrail(store)
    for number in range(MOST_WAITING + TOO_MANY):
        trail.note(FLOODER, "command.escalate", outcome="refused", about=("call", str(number)))
    trail.note(OTHER, "command.hold", about=("call", "lost"))
    writing = asyncio.create_task(trail.write())
    async with asyncio.timeout(300):
        while not (found := await audited(store, "audit.left_out")):  # noqa: ASYNC110  (a table tells nobody)
            await asyncio.sleep(0.1)
    assert [each["details"]["count"] for each in found] == [TOO_MANY + 1]
    assert len(await audited(store, "command.")) == MOST_WAITING
    trail.note(OTHER, "command.hold", about=("call", "c"))
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await trail.finish()
    assert [each["object_id"] for each in await audited(store, "command.hold")] == ["c"]
    assert (await verify(store)).broken_at is None


async def test_what_waits_is_written_in_its_order_when_the_dashboard_stops(store: Store) -> None:
    trail = AuditTrail(store)
    for number in range(1200):
        trail.note(FLOODER, "command.hold", about=("call", str(number)))
    await trail.finish()
    assert [each["object_id"] for each in await audited(store)] == [str(each) for each in range(1200)]
