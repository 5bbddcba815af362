"""Every message between agent and dashboard, as validated pydantic models with a schema version.

All times on the wire are UTC and timezone-aware; seconds named `*_s` are media time of the call: the position in
the call's audio, counted from the call's first sample. Levels are dBFS (0 = full scale), differences are dB.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from kikimori_wire.evidence import (
    ButtonEvidence,
    Decibel,
    DurationEvidence,
    Evidence,
    Name,
    OverlapEvidence,
    Part,
    Role,
    Seconds,
    ShoutingEvidence,
    SilenceEvidence,
    Text,
    WordsEvidence,
)

MAX_PAYLOAD = 256 * 1024
"""Bytes. A larger payload is refused unread: the largest honest message is a few kilobytes."""


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0, 1 or 2: larger is worse."""
        return _SEVERITY_ORDER.index(self)


_SEVERITY_ORDER = (Severity.NOTICE, Severity.WARNING, Severity.CRITICAL)


class Message(Part):
    """Base of all messages: one JSON object with its schema version `v`."""

    v: Literal[1] = 1

    def to_bytes(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Parse and validate; raises `BadMessageError` with a reason that quotes no content."""
        if len(payload) > MAX_PAYLOAD:
            raise BadMessageError(f"{cls.__name__}: payload of {len(payload)} bytes is over {MAX_PAYLOAD}")
        try:
            return cls.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "payload"
            raise BadMessageError(f"{cls.__name__}: {where}: {first['msg']}") from None


class BadMessageError(ValueError):
    """A payload that is not the message its topic promises."""


# --- calls -----------------------------------------------------------------------------------------------------


class Party(Part):
    """A customer or an operator as the PBX names them; any part may be unknown."""

    number: Annotated[str, Field(max_length=64)] | None = None
    """Caller number of a customer, extension of an operator."""
    name: Annotated[str, Field(max_length=128)] | None = None


class TranscriptLine(Message):
    """One utterance as recognised. A partial is replaced by later ones with the same `line_id`."""

    call_id: Name
    line_id: Name
    role: Role
    start_s: Seconds
    end_s: Seconds
    text: Text
    final: bool


class CallStatus(StrEnum):
    TALKING = "talking"
    ON_HOLD = "on_hold"
    TRANSFERRED = "transferred"
    """A superior has taken over."""
    ENDED = "ended"


class SpeechStatus(StrEnum):
    ON = "on"
    OFF = "off"
    """No model: see the agent's health."""
    SHED = "shed"
    """Recognition fell behind and part of this call was not recognised."""


class Announcement(Part):
    """Something the PBX can play to the customer."""

    name: Name
    title: Annotated[str, Field(max_length=128)]
    """What the supervisor reads on the button."""


class CallState(Message):
    """Retained while the call is live; the last one has status `ended` and is followed by a clearing message."""

    call_id: Name
    site: Name
    agent_id: Name
    tap: Annotated[str, Field(max_length=64)]
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    status: CallStatus = CallStatus.TALKING
    caller: Party = Party()
    operator: Party = Party()
    queue: Annotated[str, Field(max_length=128)] | None = None
    roles: tuple[Role, ...] = ()
    """Legs heard now; `mixed` alone means that customer and operator cannot be told apart."""
    speech: SpeechStatus = SpeechStatus.OFF
    capabilities: tuple[Action, ...] = ()
    """What the PBX behind this call can do; the dashboard offers nothing else."""
    superior: Party = Party()
    """Where `hold_transfer` leads for this call."""
    announcements: tuple[Announcement, ...] = ()
    """What `announce` can play."""
    keep_operator: bool | None = None
    """Whether the operator stays in the call after a transfer unless the command says otherwise; None = no choice."""
    transcript_tail: tuple[TranscriptLine, ...] = ()
    """The last few final lines, so that a dashboard started mid-call shows the story."""


class LegLevel(Part):
    level_db: Decibel
    """Active speech level of the last second of speech, or the noise level in silence; dBFS."""
    speaking: bool
    over_calm_db: Decibel | None = None
    """Against this speaker's own calm voice; None until enough calm speech was heard."""
    effort: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability that the voice is raised (vocal effort), not how loud the line is."""


class CallLevels(Part):
    media_s: Seconds
    legs: dict[Role, LegLevel]


class Levels(Message):
    """Several times a second, one message for all calls of an agent."""

    agent_id: Name
    at: AwareDatetime
    calls: dict[str, CallLevels]


# --- alerts ----------------------------------------------------------------------------------------------------


class AlertState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ClosedBecause(StrEnum):
    CALMED = "calmed"
    """Nothing new for the rule's `clear_after_s`."""
    CALL_ENDED = "call_ended"
    TAKEN_BACK = "taken_back"
    """The finished sentence does not hold what its beginning seemed to."""
    AGENT_RESTARTED = "agent_restarted"
    """The agent died with the call open; what happened after is not known."""


class Alert(Message):
    """One rule that holds in one call. `alert_id` is deterministic, so a message that arrives twice is harmless."""

    alert_id: Name
    call_id: Name
    site: Name
    agent_id: Name
    rule: Name
    rule_kind: Name
    title: dict[str, Text]
    """Display name of the rule by language code, from the rule file."""
    severity: Severity
    state: AlertState
    revision: Annotated[int, Field(ge=1)]
    """Counts every change; of two messages with one id the higher revision is the truth."""
    raised_at: AwareDatetime
    updated_at: AwareDatetime
    raised_s: Seconds
    """Media time at which the rule first held."""
    evidence: tuple[Evidence, ...]
    suggestion: Action | None = None
    """What the dashboard should prompt for; None = keep watching."""
    caller: Party = Party()
    operator: Party = Party()
    closed_because: ClosedBecause | None = None


# --- commands --------------------------------------------------------------------------------------------------


class Action(StrEnum):
    HOLD = "hold"
    UNHOLD = "unhold"
    TAKE_BACK = "take_back"
    """Undo a transfer that is ringing or done: the customer comes back to the operator."""
    TRANSFER = "transfer"
    """Hand the customer to an extension or queue at once (blind)."""
    HOLD_TRANSFER = "hold_transfer"
    """Hold the customer at once, ring the superior, connect them: 保留にして上席へ転送."""
    LISTEN = "listen"
    """Ring the supervisor's telephone and let them hear both voices; nobody hears the supervisor."""
    WHISPER = "whisper"
    """As LISTEN, and the operator alone hears the supervisor."""
    BARGE = "barge"
    """As LISTEN, and both hear the supervisor."""
    ANNOUNCE = "announce"
    """Play an announcement to the customer."""
    HANG_UP = "hang_up"
    """End the call; only ever by a person's decision."""
    ESCALATE = "escalate"
    """The operator's button: asks for help, touches nothing on the PBX."""


class Command(Message):
    """A press. Answered on `reply_to`; the same `command_id` twice is carried out once and answered twice."""

    command_id: Name
    call_id: Name
    action: Action
    target: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z*#+._@-]+$")] | None = None
    """Extension or queue to transfer to (None = the configured superior); for `listen`, `whisper` and `barge` the
    supervisor's own telephone."""
    keep_operator: bool | None = None
    """For transfers: whether the operator stays in the call or is released; None = as configured."""
    announcement: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")] | None = None
    """For `announce`: name of a configured announcement; None = the first."""
    issued_by: Annotated[str, Field(max_length=128)]
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    """Not carried out after this: a press that arrives late is worse than none."""
    reply_to: Annotated[str, Field(max_length=256)]

    @model_validator(mode="after")
    def _expiry_after_issue(self) -> Self:
        if self.expires_at <= self.issued_at:
            raise ValueError("expires_at must be after issued_at")
        return self


class Outcome(StrEnum):
    DONE = "done"
    INSTRUCTED = "instructed"
    """The PBX has no interface; the operator was shown which keys to press."""
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"


class CommandResult(Message):
    command_id: Name
    call_id: Name
    action: Action
    outcome: Outcome
    reason: Name | None = None
    """Stable code, e.g. `no_such_call`, `not_supported`, `pbx_error`; the dashboard words it in its language."""
    detail: Text | None = None
    """The PBX's own words, or the instruction for the operator."""
    at: AwareDatetime


# --- health ----------------------------------------------------------------------------------------------------


class Problem(Part):
    """Something a person should know; `remedy` is the next step, ready to type where possible."""

    code: Name
    detail: Text = ""
    remedy: Text = ""


class Health(Message):
    """Retained; the broker publishes the same with `online` false as the agent's last will."""

    agent_id: Name
    site: Name
    online: bool
    version: Annotated[str, Field(max_length=64)] = ""
    at: AwareDatetime
    started_at: AwareDatetime | None = None
    speech: SpeechStatus = SpeechStatus.OFF
    speech_model: Annotated[str, Field(max_length=128)] | None = None
    pbx: Annotated[str, Field(max_length=64)] = ""
    calls: Annotated[int, Field(ge=0)] = 0
    counters: dict[Name, int] = Field(default={})
    """Since start: frames_heard, frames_dropped, speech_shed_s, outbox_pending, …"""
    problems: tuple[Problem, ...] = ()


CallState.model_rebuild()
Alert.model_rebuild()

__all__ = [
    "ButtonEvidence", "CallState", "CallStatus", "ClosedBecause", "Command", "CommandResult", "DurationEvidence",
    "Evidence", "Health", "LegLevel", "Levels", "Message", "Outcome", "OverlapEvidence", "Party", "Problem", "Role",
    "Severity", "ShoutingEvidence", "SilenceEvidence", "SpeechStatus", "TranscriptLine", "WordsEvidence",
]  # fmt: skip
