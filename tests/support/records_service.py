"""Records service of a test: the real port and ingest over a given receiver, with the key of one agent."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_core.journal.settings import RecordsTable
from kikimori_core.journal.signing import utc_now
from kikimori_core.wire.key_store import TrustStore, given_key
from kikimori_core.wire.keys import SigningKey
from kikimori_records.journals.ingest import JournalIngest
from kikimori_records.port import LIMITS, RecordsPort

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from kikimori_core.journal.sink import JournalSink
    from kikimori_core.serving.connection_limiter import PortLimits

AGENT = "front-desk"
KEY = SigningKey(bytes(range(32)))


@asynccontextmanager
async def open_ingest(
    sink: JournalSink,
    *,
    port: int = 0,
    now: Callable[[], datetime] = utc_now,
    trust: TrustStore | None = None,
    limits: PortLimits = LIMITS,
    **more: object,
) -> AsyncIterator[str]:
    """Serve; gives the address."""
    trust = trust or TrustStore(given=[given_key(AGENT, KEY)])
    settings = RecordsTable.model_validate({"port": port, **more})
    opened = RecordsPort(settings, JournalIngest(sink, trust, now).app(), limits)
    url = await opened.open()
    try:
        yield url
    finally:
        await opened.close()
