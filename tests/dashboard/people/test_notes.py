"""Notes on running calls: written by one supervisor, read by all, with name and time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support import sample
from tests.support.held_requests import hold
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.sign_in import add_people, client
from tests.support.stores import audited

from kikimori_core.wire.messages import Party
from kikimori_dashboard.access.people_book import who_of
from kikimori_dashboard.people.note_desk import NoteDesk
from kikimori_dashboard.site.state import SiteState
from kikimori_records.call_notes import LONGEST_NOTE, MOST_NOTES, add_note, notes_since

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

NOTES = "/api/calls/c/notes"


async def test_a_note_is_seen_by_all_and_removed_by_its_writer(
    url: str, store: Store, agent: PeerAgent, supervisor: ClientSession
) -> None:
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    async with live_client(url, login="both") as live, client(url, "both") as second:
        await live.until(lambda picture: connected(picture) and "c" in picture["calls"])
        status, _ = await post(supervisor, NOTES, {"text": " 折り返し約束済み "})
        assert status == 200
        await post(second, NOTES, {"text": "上席了承"})
        picture = await live.until(lambda picture: len(picture["calls"]["c"].get("notes", [])) == 2)
        first, other = picture["calls"]["c"]["notes"]
        assert (first["text"], first["name"]) == ("折り返し約束済み", "高橋 課長")
        assert datetime.fromisoformat(first["at"]) <= datetime.now(UTC)
        assert await post(second, f"{NOTES}/{first['id']}/remove") == (200, {"removed": False})
        assert await post(supervisor, f"{NOTES}/{first['id']}/remove") == (200, {"removed": True})
        picture = await live.until(lambda picture: len(picture["calls"]["c"]["notes"]) == 1)
        assert picture["calls"]["c"]["notes"] == [other]
    async with asyncio.timeout(30):
        while len(found := await audited(store, "note.")) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [each["action"] for each in found] == ["note.add", "note.add", "note.remove"]
    assert {each["object_id"] for each in found} == {"c"}
    assert {each["details"]["extension"] for each in found} == {"204"}  # so that the operator is told
    # Words about a customer are no matter for a record of three years.
    assert "約束" not in str(found)


async def test_what_is_typed_while_a_note_is_on_its_way_is_the_next_one(
    url: str, agent: PeerAgent, page: Page
) -> None:
    """And the same note is not written twice by somebody who presses twice."""
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    await agent.alert("c")
    await page.goto(url)
    field = page.get_by_label("この通話へのメモ")
    await expect(field).to_be_enabled()
    held = await hold(page, f"**{NOTES}")
    await field.fill("折り返し約束済み")
    for _ in range(2):
        await field.press("Enter")
    first = await held.next()
    await expect(field).to_have_value("")
    await field.fill("上席了承")
    await field.press("Enter")
    assert held.none, "one after the other, so that they stand in the order in which they were written"
    await first.continue_()
    written = page.locator("#panel .notes-list .note-text")
    await expect(written).to_have_text(["折り返し約束済み"])
    await (await held.next()).continue_()
    await expect(written).to_have_text(["折り返し約束済み", "上席了承"])
    await expect(field).to_have_value("")


async def test_what_is_refused(url: str, agent: PeerAgent, supervisor: ClientSession) -> None:
    await agent.call("c")
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and "c" in picture["calls"])
    for login in ("operator", "records", "admin", "wall"):
        async with client(url, login) as session:
            for path in (NOTES, f"{NOTES}/x/remove", "/api/calls/none/notes"):
                assert (await post(session, path, {"text": "x"}))[0] == 403, (login, path)
    for text in ("", "  ", "two\nlines", "x" * (LONGEST_NOTE + 1)):
        status, answer = await post(supervisor, NOTES, {"text": text})
        assert (status, answer["reason"]) == (422, "bad_request"), text
    status, answer = await post(supervisor, "/api/calls/none/notes", {"text": "x"})
    assert (status, answer["reason"]) == (404, "no_such_call")
    for number in range(MOST_NOTES):
        assert (await post(supervisor, NOTES, {"text": str(number)}))[0] == 200
    status, answer = await post(supervisor, NOTES, {"text": "one more"})
    assert (status, answer["reason"]) == (409, "too_many_notes")


async def test_notes_of_another_dashboard_are_read_for_running_calls_alone(store: Store) -> None:
    person = (await add_people(store))["supervisor"]
    state = SiteState()
    running = sample.call()
    state.take_call(running)
    now = running.started_at + timedelta(minutes=1)
    desk = NoteDesk(store, state, lambda: None, lambda: now)
    written = await add_note(store, running.call_id, "折り返し約束済み", person.id, now)
    await add_note(store, "over", "x", person.id, now)
    await desk.look()
    notes = state.calls[running.call_id].notes
    assert [(each["id"], each["name"]) for each in notes] == [(written.id, person.name)]
    version = state.changes.version
    await desk.look()
    assert state.changes.version == version
    assert await desk.remove(running.call_id, written.id, who_of(person))
    assert state.calls[running.call_id].notes == []
    state.remove_call(running.call_id)
    await desk.add(running.call_id, "ended meanwhile", who_of(person))
    assert len(await notes_since(store, now)) == 2
