"""Review marks, on both engines: of each person alone, made and taken back again and again, removed with the call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.kept_calls import add_recorded

from kikimori_records.people import NewPerson, add
from kikimori_records.reviews import AT_ONCE, ReviewedKind, mark_reviewed, reviewed_by, take_back
from kikimori_records.upkeep import remove_too_old

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
ALERT, CALL = ReviewedKind.ALERT, ReviewedKind.CALL


async def test_each_person_has_marks_of_their_own(store: Store) -> None:
    kimura, takahashi = (await add(store, NewPerson("木村"))).id, (await add(store, NewPerson("高橋"))).id
    for _ in range(2):
        await mark_reviewed(store, ALERT, "a", call_id="c", person_id=kimura, at=NOW)
    await mark_reviewed(store, ALERT, "b", call_id="c", person_id=takahashi, at=NOW)
    await mark_reviewed(store, CALL, "a", call_id="a", person_id=takahashi, at=NOW)
    many = [str(number) for number in range(AT_ONCE + 1)]
    assert await reviewed_by(store, ALERT, ["a", "b", *many]) == {kimura: {"a"}, takahashi: {"b"}}
    assert not await take_back(store, ALERT, "a", takahashi)
    assert await take_back(store, ALERT, "a", kimura)
    assert await reviewed_by(store, ALERT, ["a"]) == {}
    assert await reviewed_by(store, CALL, ["a", "b"]) == {takahashi: {"a"}}


async def test_old_marks_go_unless_their_call_is_recorded(store: Store, tmp_path: Path) -> None:
    person = (await add(store, NewPerson("木村"))).id
    await add_recorded(store, tmp_path, "recorded")
    for call_id in ("recorded", "other"):
        await mark_reviewed(store, ALERT, call_id, call_id=call_id, person_id=person, at=NOW)
    await mark_reviewed(store, ALERT, "new", call_id="new", person_id=person, at=NOW + timedelta(days=2))
    await remove_too_old(store, NOW + timedelta(days=store.settings.note_days + 1))
    assert await reviewed_by(store, ALERT, ["recorded", "other", "new"]) == {person: {"recorded", "new"}}
