"""A call's sound over HTTP: who gets it, which part, what is in the audit, and how it ends."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from aiohttp import ClientError
from tests.dashboard.recorded.conftest import history_office
from tests.support.heard_calls import RATE, add_heard
from tests.support.ranges import assert_ranges
from tests.support.sign_in import client
from tests.support.stores import audited

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

RIGHTS_CHANGED = 4403
LONG_S = 600
"""Noise of so many seconds makes a file that no socket's buffers take whole."""


def sound_file(folder: Path) -> Path:
    return next(folder.rglob("sound.flac"))


async def play(http: aiohttp.ClientSession, uid: str, **body: object) -> tuple[int, str | None]:
    async with http.post(f"/api/history/{uid}/play", json=body) as answer:
        return answer.status, (await answer.json()).get("reason")


async def test_parts_of_the_sound_for_who_may_hear_it(folder: Path) -> None:
    async with history_office(folder) as office:
        uid = await add_heard(office.store, folder, seconds=12)
        path = f"/api/history/{uid}/sound"
        data = sound_file(folder).read_bytes()
        async with client(office.url) as http, http.get(path) as answer:
            assert answer.status == 403  # a supervisor reads, and does not hear
        async with client(office.url, "records") as http:
            async with http.get(path) as answer:
                assert (answer.status, (await answer.json())["reason"]) == (403, "not_playing")
            assert await play(http, uid, from_s=3.25) == (200, None)
            assert await play(http, uid, from_s=9.0) == (200, None)  # goes on listening
            async with http.get(path) as answer:
                assert (answer.status, answer.content_type) == (200, "audio/flac")
                assert await answer.read() == data
                tag = answer.headers["ETag"]
                assert answer.headers["Cache-Control"] == "no-store"
            await assert_ranges(http, path, data, tag)
            async with http.get("/api/history/none/sound") as answer:
                assert answer.status == 404
        [entry] = await audited(office.store, "recording.play")
        assert (entry["object_id"], entry["details"]) == (uid, {"from_s": 3.2, "extension": "204"})


async def test_a_reason_where_the_office_asks_and_calls_of_the_own_team_alone(folder: Path) -> None:
    async with history_office(folder, ask_reason=True) as office:
        uid = await add_heard(office.store, folder, seconds=12)
        async with client(office.url, "records") as http:
            assert await play(http, uid) == (422, "reason_needed")
            assert await play(http, uid, reason="  ") == (422, "reason_needed")
            assert await play(http, uid, reason="苦情 12 番の確認") == (200, None)
            assert await play(http, uid, from_s=5) == (200, None)  # asked once for a listening
            shutil.rmtree(sound_file(folder).parent)
            assert await play(http, uid) == (404, "no_sound")
        [entry] = await audited(office.store, "recording.play")
        assert entry["details"] == {"from_s": 0.0, "why": "苦情 12 番の確認", "extension": "204"}
        await office.change("operator", team="second", extensions=frozenset({"204"}))
        async with client(office.url) as http:
            async with http.ws_connect(f"/api/history/{uid}/follow") as page:
                await office.change("supervisor", team="first")
                async for _beat in page:
                    pass
            async with http.get(f"/api/history/{uid}") as answer:
                assert (answer.status, (await answer.json())["reason"]) == (404, "no_such_call")


async def half_heard(uid: str, http: aiohttp.ClientSession) -> aiohttp.ClientResponse:
    """Begin to take a call's sound and wait with the rest, as a browser does that has enough for now."""
    assert await play(http, uid) == (200, None)
    answer = await http.get(f"/api/history/{uid}/sound")
    assert await answer.content.readexactly(4) == b"fLaC"
    return answer


@pytest.mark.parametrize("what", ["role", "erasure"])
async def test_a_running_answer_is_cut(what: str, folder: Path) -> None:
    noise = np.random.default_rng(1).integers(-20000, 20000, (LONG_S * RATE, 2), dtype=np.int16)
    async with history_office(folder) as office:
        uid = await add_heard(office.store, folder, seconds=LONG_S, sound=noise)
        async with client(office.url, "records") as http:
            answer = await half_heard(uid, http)
            async with http.ws_connect(f"/api/history/{uid}/follow") as page:
                if what == "role":
                    await office.change("records", roles=frozenset({"operator"}))
                    async for _beat in page:
                        pass
                    assert page.close_code == RIGHTS_CHANGED
                else:
                    await office.erase(uid)
                    while not (await page.receive_json())["erased"]:
                        pass
            # All that is left are the bytes that were under way.
            with pytest.raises(ClientError):
                await answer.read()
            async with http.get(f"/api/history/{uid}/sound") as again:
                assert again.status == (403 if what == "role" else 404)
