"""Notes on calls, on both engines: in their order, limited, removed by their writer alone, and not kept for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from kikimori_records.call_notes import MOST_NOTES, TooManyNotesError, add_note, notes_since, remove_note
from kikimori_records.people import NewPerson, add
from kikimori_records.upkeep import remove_too_old

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


async def test_notes_are_kept_in_order_and_removed_by_their_writer(store: Store) -> None:
    kimura, takahashi = await add(store, NewPerson("木村")), await add(store, NewPerson("高橋"))
    first = await add_note(store, "call-1", "折り返し約束済み", kimura.id, NOW)
    second = await add_note(store, "call-1", "上席了承", takahashi.id, NOW + timedelta(seconds=1))
    other = await add_note(store, "call-2", "三回目のお電話", kimura.id, NOW + timedelta(seconds=2))
    assert (first.name, first.text, first.at) == ("木村", "折り返し約束済み", NOW)
    assert await notes_since(store, NOW) == [first, second, other]
    assert await notes_since(store, NOW + timedelta(seconds=2)) == [other]
    assert not await remove_note(store, "call-1", first.id, takahashi.id)
    assert not await remove_note(store, "call-2", first.id, kimura.id)
    assert await remove_note(store, "call-1", first.id, kimura.id)
    assert await notes_since(store, NOW) == [second, other]


async def test_a_call_has_so_many_notes_and_no_more(store: Store) -> None:
    person = (await add(store, NewPerson("木村"))).id
    for number in range(MOST_NOTES):
        await add_note(store, "call-1", str(number), person, NOW + timedelta(seconds=number))
    with pytest.raises(TooManyNotesError):
        await add_note(store, "call-1", "one more", person, NOW + timedelta(minutes=1))
    assert len(await notes_since(store, NOW)) == MOST_NOTES
    await add_note(store, "call-2", "elsewhere", person, NOW)


async def test_old_notes_go(store: Store) -> None:
    person = (await add(store, NewPerson("木村"))).id
    await add_note(store, "call-1", "old", person, NOW)
    kept = await add_note(store, "call-2", "new", person, NOW + timedelta(days=2))
    await remove_too_old(store, NOW + timedelta(days=store.settings.note_days + 1))
    assert await notes_since(store, NOW) == [kept]
