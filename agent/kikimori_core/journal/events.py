"""Records that are JSON, as validated models; open for fields that a newer agent adds.

Times are UTC; seconds named `*_s` are media time of the call, counted from `CallBegun.started_at`. A leg's sample at
`position` is heard at `offset_s + position / rate`. Models of `kikimori_core.wire` stand inside as their JSON, so that a
reader keeps what it does not know.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, Field, ValidationError

from kikimori_core.journal.framing import DamageCode, JournalError, Kind
from kikimori_core.wire.evidence import Part
from kikimori_core.wire.messages import Party, SpokenBy
from kikimori_core.wire.values import CallStatus, OpenEnum, Role

if TYPE_CHECKING:
    from kikimori_core.journal.framing import Record

CallKey = Annotated[int, Field(ge=0, lt=2**32)]
LegKey = Annotated[int, Field(ge=0, lt=2**16)]
Count = Annotated[int, Field(ge=0)]


class JournalEvent(Part):
    """Base of all records that are JSON."""

    kind: ClassVar[Kind]

    def to_payload(self) -> bytes:
        """Return the record's payload."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_payload(cls, payload: bytes) -> Self:
        """Parse and validate. Raises JournalError with `bad_payload` and a reason that quotes no content."""
        try:
            return cls.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "payload"
            raise JournalError(DamageCode.BAD_PAYLOAD, f"{cls.__name__}: {where}: {first['type']}") from None


class CallEvent(JournalEvent):
    """Base of what belongs to one call."""

    call: CallKey
    """Key of the call within the run: 0, 1, 2, … in the order of their begin."""
    erased: bool = False
    """Its content was erased later: what names or quotes a person is gone."""


class CallBegun(CallEvent):
    kind = Kind.CALL_BEGUN

    call_id: str
    site: str
    agent_id: str
    run: str
    tap: str
    started_at: AwareDatetime
    """Wall clock at media time 0: the only anchor of the call."""
    caller: Party = Party()
    operator: Party = Party()
    queue: str | None = None
    identity: str | None = None
    judged: bool = True
    """False = the call is not judged by rules."""
    words: bool = False
    """Speech recognition is at work for it."""


class LegOpened(CallEvent):
    kind = Kind.LEG_OPENED

    leg: LegKey
    """Key of the leg within the call: 0, 1, 2, …"""
    role: Role
    rate: Annotated[int, Field(gt=0)]
    """Samples per second."""
    offset_s: float = 0.0
    """Media time of the leg's sample 0."""


class LegClosed(CallEvent):
    kind = Kind.LEG_CLOSED

    leg: LegKey
    reason: str = ""
    samples: Count = 0
    """Samples that the leg had in all: position of the first one that it has not."""
    dropped_frames: Count = 0
    """Frames of 20 ms that were not heard."""


class RecordingStatus(OpenEnum):
    RECORDED = "recorded"
    EXCLUDED = "excluded"
    STOPPED = "stopped"
    """A person asked for it during the call."""
    NO_DISK = "no_disk"


class CallEnded(CallEvent):
    kind = Kind.CALL_ENDED

    ended_at: AwareDatetime
    reason: str = ""
    heard_s: float = 0.0
    outcome: RecordingStatus | None = None
    """Share of the call that was recorded; `excluded`, `stopped` and `no_disk`: nothing of its sound."""
    samples_written: Count = 0
    """Samples of all legs together; of a stopped call those that were erased again."""
    samples_lost: Count = 0
    """Samples that were not written: for want of disk, or because the machine was too slow."""
    accounts: dict[str, int] = Field(default_factory=dict)
    """Calls of the run that have ended, this one included: `heard`, and how many of them with which `outcome`."""


class OtherWords(Part):
    """A line as another recogniser heard it."""

    text: str
    engine: str


class Line(CallEvent):
    """A finished line of the transcript."""

    kind = Kind.LINE

    role: Role
    line_id: str
    start_s: float
    end_s: float
    text: str
    words: tuple[tuple[str, float, float, float], ...] = ()
    """Word, begin and end in s of media time, confidence 0 to 1."""
    engine: str = ""
    other: OtherWords | None = None
    spoken_by: SpokenBy | None = None
    """Superior who says it in the operator's place; None = the owner of the role, or not known."""
    again: bool = False
    """Replaces the earlier line with the same `line_id`."""


class AlertRevision(CallEvent):
    kind = Kind.ALERT

    media_s: float
    alert: dict[str, Any]
    """`kikimori_core.wire.messages.Alert` as JSON."""


class CommandDone(CallEvent):
    kind = Kind.COMMAND

    at: AwareDatetime
    media_s: float
    command: dict[str, Any]
    """`kikimori_core.wire.messages.Command` as JSON, without signature."""
    issued_by: str = ""
    result: dict[str, Any]
    """`kikimori_core.wire.messages.CommandResult` as JSON."""


class StatusChanged(CallEvent):
    kind = Kind.STATUS

    media_s: float
    at: AwareDatetime
    status: CallStatus
    held_by_key: bool = False
    """The operator's own telephone put the call on hold."""
    operator: Party = Party()
    caller: Party = Party()
    accommodated: bool = False
    ringing: str = ""
    """Number of the superior whose telephone rings for the call now."""
    ringing_for: str = ""
    """`transfer`: to take the customer; `help`: only to be told."""


class RecordingState(CallEvent):
    """Change of what is recorded of a call, from `media_s` on."""

    kind = Kind.RECORDING

    media_s: float
    at: AwareDatetime
    state: RecordingStatus
    reason: str = ""
    by: str = ""
    since_begin: bool = False
    """Sound and words of the call before this record are erased too: excluded, and known as such only now."""


class NoteGap(JournalEvent):
    """Sound that was shed, or records that were lost."""

    kind = Kind.NOTE_GAP

    sound_lost: Count = 0
    """Samples of all legs together."""
    legs: Count = 0
    records_lost: Count = 0
    why: str = ""


class ErasedEvent(CallEvent):
    """Place of an event of any kind whose content was erased."""


EVENTS: dict[int, type[JournalEvent]] = {
    each.kind: each
    for each in (
        CallBegun,
        LegOpened,
        LegClosed,
        CallEnded,
        Line,
        AlertRevision,
        CommandDone,
        StatusChanged,
        RecordingState,
        NoteGap,
    )
}
"""Model of each kind that is JSON."""


def event_of(record: Record) -> JournalEvent | None:
    """Return the event of a record; an `ErasedEvent` where its content was erased, None for a kind that is no event.

    Raises:
        JournalError: `bad_payload`.
    """
    model = EVENTS.get(record.kind)
    if model is None:
        return None
    try:
        return model.from_payload(record.payload)
    except JournalError:
        with suppress(JournalError):
            if (erased := ErasedEvent.from_payload(record.payload)).erased:
                return erased
        raise
