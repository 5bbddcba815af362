"""The outbox alone: order, durability, and what it does when its file is damaged or cannot be written."""

# ruff: noqa: ASYNC240 - a test may wait for the disk

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from kikimori.bus import Outbox, OutboxError
from kikimori.bus import outbox as outbox_module
from kikimori.bus.outbox_store import SCHEMA_VERSION, Outgoing

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.bus.outbox_store import Store

ONE, TWO = Outgoing("alerts/1", b"one", retain=True), Outgoing("alerts/2", b"two", retain=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite3"


async def test_it_keeps_order_and_content_over_a_restart(path: Path) -> None:
    outbox = await Outbox.open(path)
    for number in range(100):
        await outbox.append(
            [Outgoing("t", str(number).encode(), retain=False)], alert_id="a", open_as=b"open"
        )
    outbox.note_call("call-1", live=True)
    outbox.note_call("call-2", live=True)
    outbox.note_call("call-2", live=False)
    first = (await outbox.oldest(1))[0]
    outbox.confirmed(first.row)
    assert outbox.pending == 99
    await outbox.aclose()

    again = await Outbox.open(path)
    assert again.pending == 99
    assert [each.message.payload for each in await again.oldest(200)] == [
        str(number).encode() for number in range(1, 100)
    ]
    assert again.left_open == {"a": b"open"}
    assert again.left_live == {"call-1"}
    assert again.problems == ()
    await again.aclose()


async def test_a_closed_alert_is_not_left_open(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.append([ONE], alert_id="a", open_as=b"open")
    await outbox.append([TWO], alert_id="a", open_as=None)
    await outbox.aclose()
    again = await Outbox.open(path)
    assert again.left_open == {}
    await again.aclose()


@pytest.mark.parametrize("damage", ["not a database at all" * 100, "middle"])
async def test_a_damaged_file_is_set_aside_and_said(path: Path, damage: str) -> None:
    outbox = await Outbox.open(path)
    await outbox.append([Outgoing("t", b"x" * 50_000, retain=False)], alert_id="a", open_as=b"o")
    await outbox.aclose()
    content = bytearray(path.read_bytes())
    if damage == "middle":
        content[4096:-100] = bytes(len(content) - 4196)
    else:
        content[:] = damage.encode()
    path.write_bytes(content)
    for number in (1, 2):
        again = await Outbox.open(path)
        assert [problem.code for problem in again.problems] == ["outbox_corrupt"]
        aside = path.with_name(f"{path.name}.corrupt-{number}")
        assert str(aside) in again.problems[0].detail
        assert aside.read_bytes() == content
        await again.append([ONE], alert_id="a", open_as=None)
        assert [each.message for each in await again.oldest(5)] == [ONE]
        await again.aclose()
        path.write_bytes(content)


async def test_a_folder_that_cannot_be_made_names_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutboxError) as caught:
        await Outbox.open(tmp_path / "file" / "outbox.sqlite3")
    assert "state_dir" in caught.value.next_step


async def test_a_file_that_cannot_be_opened_names_the_next_step(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(OutboxError, match="cannot be written") as caught:
        await Outbox.open(path)
    assert "state_dir" in caught.value.next_step


async def test_a_second_agent_on_the_same_file_is_refused(path: Path) -> None:
    outbox = await Outbox.open(path)
    with pytest.raises(OutboxError, match="in use by another agent"):
        await Outbox.open(path)
    await outbox.aclose()


async def test_a_newer_database_is_left_alone(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.aclose()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(OutboxError, match="database version"):
        await Outbox.open(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_full_disk_costs_durability_but_no_alert(path: Path) -> None:
    """SQLite's page limit answers exactly as a full disk does."""
    outbox = await Outbox.open(path)
    await outbox.append([ONE], alert_id="a", open_as=b"open")
    await outbox._submit(lambda store: store._db.execute("PRAGMA max_page_count=1").fetchone())
    large = Outgoing("t", b"x" * 100_000, retain=False)
    await outbox.append([large], alert_id="b", open_as=None)
    assert [problem.code for problem in outbox.problems] == ["outbox_not_durable"]
    assert "full" in outbox.problems[0].detail
    assert [each.message for each in await outbox.oldest(5)] == [ONE, large]
    await outbox.aclose()


async def test_it_goes_back_to_the_disk_when_there_is_room_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to restart the agent for it, and what was confirmed meanwhile is not sent again."""
    monkeypatch.setattr(outbox_module, "HOME_AGAIN_S", 0.01)
    outbox = await Outbox.open(path)
    await outbox.append([ONE], alert_id="a", open_as=b"open")
    await _disk_fails(outbox)
    outbox.confirmed((await outbox.oldest(1))[0].row)
    await outbox.append([TWO], alert_id="b", open_as=b"open")
    await _back_on_disk(outbox)
    await outbox.aclose()
    reopened = await Outbox.open(path)
    assert [each.message for each in await reopened.oldest(5)] == [TWO]
    assert reopened.left_open == {"a": b"open", "b": b"open"}
    await reopened.aclose()


async def test_what_could_not_be_read_when_the_disk_failed_is_there_when_it_is_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "HOME_AGAIN_S", 0.01)
    outbox = await Outbox.open(path)
    await outbox.append([ONE], alert_id="a", open_as=b"open")
    (sent,) = await outbox.oldest(5)
    failed: list[bool] = []

    def fail_once(store: Store) -> None:
        if not failed:
            failed.append(True)
            # Nothing of it can be read any more.
            store._db.close()
            raise sqlite3.OperationalError("disk I/O error")
        store.append([TWO])

    await outbox._submit(fail_once)
    await outbox.append([TWO], alert_id="b", open_as=b"open")
    await _back_on_disk(outbox)
    found = await outbox.oldest(5)
    assert [each.message for each in found] == [ONE, TWO, TWO]
    # Told late of the file's own number: that is none of what came since.
    outbox.confirmed(sent.row)
    assert await outbox.oldest(5) == found
    await outbox.aclose()
    again = await Outbox.open(path)
    assert [each.message for each in await again.oldest(5)] == [ONE, TWO, TWO]
    assert again.left_open == {"a": b"open", "b": b"open"}
    await again.aclose()


async def test_what_is_in_memory_at_the_end_is_tried_on_the_disk_once_more(path: Path) -> None:
    outbox = await Outbox.open(path)
    await _disk_fails(outbox)
    await outbox.append([TWO], alert_id="b", open_as=None)
    assert [problem.code for problem in outbox.problems] == ["outbox_not_durable"]
    await outbox.aclose()
    again = await Outbox.open(path)
    assert [each.message for each in await again.oldest(5)] == [TWO]
    await again.aclose()


async def test_a_disk_that_stays_full_is_tried_again_and_costs_no_alert(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "HOME_AGAIN_S", 0.01)
    outbox = await Outbox.open(path)
    path.unlink()
    path.mkdir()
    await _disk_fails(outbox)
    await outbox.append([ONE], alert_id="a", open_as=b"open")
    await outbox.append([TWO], alert_id="b", open_as=None)
    assert [problem.code for problem in outbox.problems] == ["outbox_not_durable"]
    assert [each.message for each in await outbox.oldest(5)] == [ONE, TWO]
    await outbox.aclose()


async def _back_on_disk(outbox: Outbox) -> None:
    """By itself: nobody has anything to write."""
    async with asyncio.timeout(60):
        while outbox.problems:  # noqa: ASYNC110  (a thread's, that sets no asyncio.Event)
            await asyncio.sleep(0.01)


async def _disk_fails(outbox: Outbox) -> None:
    def fail(store: object) -> None:
        del store
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError):
        await outbox._submit(fail)


async def test_damage_while_running_starts_a_fresh_file(path: Path) -> None:
    outbox = await Outbox.open(path)
    await outbox.append([ONE], alert_id="a", open_as=b"open")

    def break_it(store: object) -> None:
        del store
        raise sqlite3.DatabaseError("database disk image is malformed")

    with pytest.raises(sqlite3.DatabaseError):
        await outbox._submit(break_it)
    await outbox.append([TWO], alert_id="b", open_as=None)
    assert [problem.code for problem in outbox.problems] == ["outbox_corrupt"]
    assert [each.message for each in await outbox.oldest(5)] == [ONE, TWO]
    await outbox.aclose()
    again = await Outbox.open(path)
    assert [each.message for each in await again.oldest(5)] == [ONE, TWO]
    assert again.left_open == {"a": b"open"}
    await again.aclose()
