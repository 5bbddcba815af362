"""Kiosks and seatings on both engines: codes once and for ten minutes, and who sat where with its history."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.support.stores import audited

from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import NewPerson, add
from kikimori_records.people.changes import Author
from kikimori_records.people.kiosks import (
    LETTERS,
    code_hash,
    list_kiosks,
    make_code,
    new_code,
    open_codes,
    revoke_code,
    revoke_kiosk,
    use_code,
)
from kikimori_records.people.seatings import (
    SHIFT,
    SeatingSource,
    correct,
    person_at,
    seated_at,
    seatings_of,
    sit_down,
    stand_up,
)

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
PC = Author(ActorKind.KIOSK, "operator 204", "kiosk-1")


async def admin(store: Store) -> Author:
    person = await add(store, NewPerson("管理", login="admin", roles=frozenset({"admin"})))
    return Author(ActorKind.PERSON, person.name, person.id)


@given(st.text(LETTERS, min_size=8, max_size=8))
def test_a_code_is_the_same_however_it_is_typed(code: str) -> None:
    assert code_hash(f" {code[:4].lower()}-{code[4:]}\n") == code_hash(code)
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    assert code_hash(wide) == code_hash(code)


def test_codes_differ_and_have_no_letter_that_looks_like_another() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert not set("".join(codes)) & set("01IOl")


async def test_a_code_binds_one_pc_once(store: Store) -> None:
    by = await admin(store)
    code, row = await make_code(store, "204", by, NOW)
    assert [each.extension for each in await open_codes(store, NOW)] == ["204"]
    assert code not in str(row)
    used = await asyncio.gather(*(use_code(store, code, "受付", NOW) for _ in range(4)))
    (kiosk,) = [each for each in used if each is not None]
    assert (kiosk.extension, kiosk.name) == ("204", "受付")
    assert await list_kiosks(store) == [kiosk]
    assert await open_codes(store, NOW) == []
    assert await revoke_kiosk(store, kiosk.id, by, NOW)
    assert not await revoke_kiosk(store, kiosk.id, by, NOW)
    assert await list_kiosks(store) == []
    entries = await audited(store)
    assert [each["action"] for each in entries] == ["kiosk_code.make", "kiosk.bind", "kiosk.revoke"]
    assert not any(code in str(dict(each)) for each in entries)


async def test_a_code_that_is_old_void_or_wrong_binds_nothing(store: Store) -> None:
    by = await admin(store)
    code, _ = await make_code(store, "204", by, NOW)
    assert await use_code(store, code, "", NOW + timedelta(minutes=10)) is None
    other, row = await make_code(store, "205", by, NOW)
    assert await revoke_code(store, row.code_hash, by, NOW)
    assert not await revoke_code(store, row.code_hash, by, NOW)
    for each in (other, "", "AAAAAAAA", "'; DROP TABLE kiosks; --"):
        assert await use_code(store, each, "", NOW) is None
    assert await list_kiosks(store) == []


async def test_who_sits_somewhere_is_known_for_a_shift(store: Store) -> None:
    sato = await add(store, NewPerson("佐藤"))
    tanaka = await add(store, NewPerson("田中"))
    first = await sit_down(store, "204", sato.id, SeatingSource.KIOSK, PC, NOW)
    assert await sit_down(store, "204", sato.id, SeatingSource.PBX, PC, NOW + timedelta(hours=1)) == first
    await sit_down(store, "204", tanaka.id, SeatingSource.KIOSK, PC, NOW + timedelta(hours=8))
    await sit_down(store, "205", None, SeatingSource.KIOSK, PC, NOW)

    async def name_at(hours: float, extension: str = "204") -> str | None:
        found = await person_at(store, extension, NOW + timedelta(hours=hours))
        return found.name if found else "not known"

    assert [await name_at(each) for each in (-1, 0, 7.9, 8, 21.9, 22.1)] == [
        "not known", "佐藤", "佐藤", "田中", "田中", "not known",
    ]  # fmt: skip
    assert await name_at(1, "205") is None
    seated = await seated_at(store, NOW + timedelta(hours=9))
    assert {extension: each.name for extension, each in seated.items()} == {"204": "田中", "205": None}
    assert await stand_up(store, "204", PC, NOW + timedelta(hours=10))
    assert not await stand_up(store, "204", PC, NOW + timedelta(hours=10))
    assert await name_at(11) == "not known"
    # Next morning: whoever did not sign off is not taken for somebody who is there.
    assert await seated_at(store, NOW + timedelta(hours=24)) == {}


async def test_a_shift_that_nobody_ended_does_not_last_until_the_next(store: Store) -> None:
    sato = await add(store, NewPerson("佐藤"))
    await sit_down(store, "204", sato.id, SeatingSource.KIOSK, PC, NOW)
    await sit_down(store, "204", None, SeatingSource.KIOSK, PC, NOW + timedelta(days=3))
    assert await person_at(store, "204", NOW + SHIFT + timedelta(minutes=1)) is None


async def test_a_correction_keeps_what_was_said_before(store: Store) -> None:
    by = await admin(store)
    sato = await add(store, NewPerson("佐藤"))
    wrong = await sit_down(store, "204", None, SeatingSource.KIOSK, PC, NOW)
    later = NOW + timedelta(days=2)
    right = await correct(store, wrong.id, sato.id, by, later)
    found = await person_at(store, "204", NOW + timedelta(hours=1))
    assert found == right
    assert (found.name, found.source, found.replaces) == ("佐藤", "corrected", wrong.id)
    again = await correct(store, right.id, None, by, later)
    assert [each.id for each in await seatings_of(store, "204")] == [again.id]
    assert len(await seatings_of(store, "204", replaced=True)) == 3
    entry = (await audited(store))[1]
    assert (entry["action"], entry["actor_name"]) == ("seating.correct", "管理")
    assert entry["details"]["changed"] == {"person": [None, "佐藤"]}
