from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.journals import NOON, begun, line

from kikimori_core.journal.events import (
    EVENTS,
    AlertRevision,
    CallEnded,
    CommandDone,
    ErasedEvent,
    JournalEvent,
    LegClosed,
    LegOpened,
    NoteGap,
    OtherWords,
    RecordingState,
    RecordingStatus,
    StatusChanged,
    event_of,
)
from kikimori_core.journal.framing import DamageCode, JournalError, Kind, Record
from kikimori_core.wire.messages import Party, SpokenBy
from kikimori_core.wire.values import CallStatus, Role

ALERT = {"alert_id": "a", "later": {"nested": None, "words": ["返金"]}}
EACH: tuple[JournalEvent, ...] = (
    begun(4_294_967_295),
    LegOpened(call=1, leg=65_535, role=Role.OPERATOR, rate=16_000, offset_s=2.5),
    LegClosed(call=1, leg=0, reason="hung_up", samples=2**40, dropped_frames=3),
    CallEnded(call=1, ended_at=NOON, reason="hung_up", heard_s=12.25),
    line(1).model_copy(update={"other": OtherWords(text="上司を", engine="whisper"), "again": True}),
    line(1).model_copy(update={"role": Role.OPERATOR, "spoken_by": SpokenBy(superior=Party(number="200"))}),
    AlertRevision(call=1, media_s=3.25, alert=ALERT),
    CommandDone(call=1, at=NOON, media_s=9.0, command={"command_id": "c"}, issued_by="田中", result={"a": 1}),
    StatusChanged(
        call=1, media_s=8.0, at=NOON, status=CallStatus.ON_HOLD, held_by_key=True, operator=Party(number="2")
    ),
    RecordingState(call=1, media_s=0.0, at=NOON, state=RecordingStatus.EXCLUDED, reason="extension"),
    NoteGap(sound_lost=1600, legs=2, why="queue_full"),
)


def test_every_event_comes_back_as_it_was() -> None:
    assert {each.kind for each in EACH} == EVENTS.keys() == set(Kind) - {Kind.SOUND, Kind.WINDOWS}
    for event in EACH:
        assert event_of(Record(0, event.kind, event.to_payload())) == event


def test_fields_and_values_of_a_later_version_are_no_fault() -> None:
    said = json.loads(begun(1).to_payload()) | {"later": [1]}
    assert event_of(Record(0, Kind.CALL_BEGUN, json.dumps(said).encode())) == begun(1)
    opened = b'{"call":1,"leg":0,"role":"interpreter","rate":8000}'
    found = event_of(Record(0, Kind.LEG_OPENED, opened))
    assert isinstance(found, LegOpened)
    assert found.role == "interpreter"
    assert event_of(Record(0, 99, b"\0")) is None
    assert event_of(Record(0, Kind.SOUND, b"")) is None


def test_an_erased_event_says_of_which_call_it_was() -> None:
    payload = b'{"call":7,"erased":true}      '
    assert event_of(Record(0, Kind.LINE, payload)) == ErasedEvent(call=7, erased=True)
    with pytest.raises(JournalError):
        event_of(Record(0, Kind.LINE, b'{"call":7}'))


def test_times_are_in_utc_with_their_zone() -> None:
    naive = begun(1).to_payload().replace(b"12:00:00Z", b"12:00:00")
    with pytest.raises(JournalError) as refused:
        event_of(Record(0, Kind.CALL_BEGUN, naive))
    assert refused.value.code == DamageCode.BAD_PAYLOAD
    assert "03" not in str(refused.value)
    assert begun(1).started_at == datetime(2026, 11, 29, 12, tzinfo=UTC)


@given(kind=st.integers(0, 255), payload=st.binary(max_size=100))
def test_other_bytes_are_named(kind: int, payload: bytes) -> None:
    if kind in EVENTS:
        with pytest.raises(JournalError) as refused:
            event_of(Record(0, kind, payload))
        assert refused.value.code == DamageCode.BAD_PAYLOAD
    else:
        assert event_of(Record(0, kind, payload)) is None
