"""Session that a broker kept under the client id of the version before: read once, then left.

A dashboard with a user is now known to the broker by that user's name, as the shipped Mosquitto files have it anyway. What
was queued for its older name is folded into the picture before the first connection under the new one, and its
subscriptions are taken back, so that nothing more is queued there.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.connection import BrokerError, connect
from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.config import DashboardSettings

log = structlog.get_logger()

WITHIN_S = 20.0


async def read_left_session(settings: DashboardSettings, take: Callable[[str, bytes], None]) -> None:
    """Give `take` the queued messages of such a session once; a broker that is away is ignored."""
    client_id = settings.former_client_id()
    if client_id is None:
        return
    try:
        async with asyncio.timeout(WITHIN_S):
            count = await _read(settings, client_id, take)
        await asyncio.to_thread(settings.note_former_session)
    except (BrokerError, TimeoutError, OSError) as error:
        log.info("left_session_not_read", reason=type(error).__name__)
    else:
        log.info("left_session_read", messages=count)


async def _read(settings: DashboardSettings, client_id: str, take: Callable[[str, bytes], None]) -> int:
    topics, former = Topics(settings.site), FormerTopics(settings.site)
    marker, end = topics.marker(settings.mqtt_branch()), json.dumps({"marker": uuid.uuid4().hex}).encode()
    mine = [marker, topics.replies(settings.mqtt_branch()), former.reply(settings.mqtt_branch())]
    count = 0
    async with connect(settings.mqtt, client_id, keep_session=True) as client:
        await client.subscribe(marker, qos=1)
        await client.publish(marker, end, qos=1)
        # What was queued comes before it.
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            if payload == end:
                break
            count += 1
            take(message.topic.value, payload)
        filters = [each for each, _ in (*topics.dashboard_filters(), *former.dashboard_filters())]
        await client.unsubscribe([*filters, *mine])
    return count
