"""Pages of a dashboard whose clock jumped: they say that nothing is removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import live_client

from kikimori_records.store_notes import write_note

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


async def test_pages_say_that_nothing_is_removed_after_a_leap_of_the_clock(
    real: Mosquitto, store: Store
) -> None:
    looked = datetime.now(UTC) - timedelta(400)
    async with store.begin() as connection:
        said = json.dumps({"at": looked.isoformat(), "leap": None})
        await write_note(connection, "removal_clock.store", said)
    async with dashboard(dashboard_settings(real.settings), store=store) as url, live_client(url) as watching:
        picture = await watching.until(lambda shown: shown["site"]["certificate"])
    (problem,) = picture["site"]["certificate"]
    assert problem["code"] == "store_clock_leapt"
    assert f"{looked.astimezone():%Y-%m-%d %H:%M}" in problem["words"]["ja"]["detail"]
    assert "timedatectl" in problem["words"]["ja"]["remedy"]
