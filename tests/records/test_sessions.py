"""Rows of sessions and devices, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori_records import people, sessions
from kikimori_records.people import NewPerson
from kikimori_records.sessions import Session

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def session(token: str, person_id: str, at: datetime = NOW) -> Session:
    return Session(token, person_id, None, at, at, 1800, at + timedelta(hours=12), "192.0.2.1", "Firefox")


async def test_a_session_is_kept_touched_and_ended_once(store: Store) -> None:
    sato = await people.add(store, NewPerson("佐藤"))
    first = session("hash", sato.id)
    await sessions.add_session(store, first)
    assert await sessions.session_by_hash(store, "hash") == first
    assert await sessions.session_by_hash(store, "other") is None
    later = NOW + timedelta(minutes=5)
    await sessions.touch_sessions(store, {"hash": later, "gone": later})
    await sessions.touch_sessions(store, {"hash": NOW})
    assert await sessions.session_by_hash(store, "hash") == replace(first, used_at=later)
    assert await sessions.end_session(store, "hash", "signed out", later)
    assert not await sessions.end_session(store, "hash", "again", later)
    ended = await sessions.session_by_hash(store, "hash")
    assert ended is not None
    assert (ended.ended_at, ended.end_reason) == (later, "signed out")


async def test_all_sessions_of_one_person_end_together(store: Store) -> None:
    sato, suzuki = [await people.add(store, NewPerson(each)) for each in ("佐藤", "鈴木")]
    for number in range(3):
        await sessions.add_session(store, session(f"s{number}", sato.id, NOW + timedelta(seconds=number)))
    await sessions.add_session(store, session("k", suzuki.id))
    await sessions.end_session(store, "s0", "signed out", NOW)
    assert sorted(await sessions.end_sessions_of(store, sato.id, "everywhere", NOW)) == ["s1", "s2"]
    assert [each.token_hash for each in await sessions.sessions_of(store, sato.id)] == ["s2", "s1", "s0"]
    (other,) = await sessions.sessions_of(store, suzuki.id)
    assert other.ended_at is None


def test_a_session_ends_by_idleness_and_by_age() -> None:
    one = session("hash", "x")
    assert one.is_open(NOW + timedelta(minutes=29))
    assert not one.is_open(NOW + timedelta(minutes=30))
    assert replace(one, idle_s=None).is_open(NOW + timedelta(hours=11))
    assert not replace(one, idle_s=None).is_open(NOW + timedelta(hours=12))
    assert not replace(one, ended_at=NOW).is_open(NOW)


async def test_a_device_is_known_until_it_is_too_old(store: Store) -> None:
    sato = await people.add(store, NewPerson("佐藤"))
    end = NOW + timedelta(days=90)
    await sessions.add_device(store, "device", sato.id, at=NOW, expires_at=end)
    assert await sessions.device_of(store, "device", NOW) == sato.id
    assert await sessions.device_of(store, "device", end) is None
    assert await sessions.device_of(store, "other", NOW) is None
    await sessions.forget_devices(store, sato.id)
    assert await sessions.device_of(store, "device", NOW) is None
