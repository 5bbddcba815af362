"""Every message between agent and dashboard, as validated pydantic models with a schema version.

All times on the wire are UTC and timezone-aware; seconds named `*_s` are media time of the call: the position in
the call's audio, counted from the call's first sample. Levels are dBFS (0 = full scale), differences are dB.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from kikimori_core.wire.ending import EndingDecision, StopRequest
from kikimori_core.wire.evidence import (
    AnsweredEvidence,
    ButtonEvidence,
    DoubtedWords,
    DurationEvidence,
    Evidence,
    Name,
    OtherEvidence,
    OtherHearing,
    OverlapEvidence,
    RefusalMade,
    Seconds,
    ShoutingEvidence,
    SilenceEvidence,
    Text,
    ToneEvidence,
    WordsEvidence,
)
from kikimori_core.wire.levels import CallLevels, LegLevel
from kikimori_core.wire.message import (
    MAX_PAYLOAD,
    VERSION,
    BadMessageError,
    Message,
    NewerMessageError,
)
from kikimori_core.wire.party import Party, SpokenBy
from kikimori_core.wire.pbx_offers import Announcement, KeysToPress
from kikimori_core.wire.problem import Problem
from kikimori_core.wire.ringing import Ringing
from kikimori_core.wire.sound_frames import SoundRequest
from kikimori_core.wire.values import (
    Action,
    AlertState,
    CallRecording,
    CallStatus,
    ClosedBecause,
    Outcome,
    Role,
    Severity,
    SpeechStatus,
)

if TYPE_CHECKING:
    from datetime import datetime

# --- calls -----------------------------------------------------------------------------------------------------


class TranscriptLine(Message):
    """One utterance as recognised. A partial is replaced by later ones with the same `line_id`.

    A final is perhaps replaced by a better one, or comes once more with its doubted words; one without text takes its
    partials back.
    """

    call_id: Name
    line_id: Name
    role: Role
    start_s: Seconds
    end_s: Seconds
    text: Text
    final: bool
    engine: Name | None = None
    """Kind of the recogniser: `vosk`, `vosk-server`, `whisper`, …; None = not known."""
    other: OtherHearing | None = None
    """Result of another recogniser for the same utterance."""
    doubted: tuple[DoubtedWords, ...] = ()
    """Shown in grey; the line comes once more with them."""
    spoken_by: SpokenBy | None = None
    """A superior, of the voice that is the operator's otherwise; None = the owner of the role, or the agent is of a release before."""


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
    """Actions that the PBX behind this call can do, and `escalate_cancel`; the dashboard offers nothing else."""
    superior: Party = Party()
    """Party to which `hold_transfer` leads for this call."""
    announcements: tuple[Announcement, ...] = ()
    """Announcements that `announce` can play."""
    keep_operator: bool | None = None
    """True = the operator stays after a transfer unless the command says otherwise; None = no choice."""
    keys: tuple[KeysToPress, ...] = ()
    """Instructions for a person, where nothing but a person can move the call."""
    help_keys: Annotated[str, Field(max_length=8)] | None = None
    """Keys on the operator's telephone that call for help, e.g. `*9`; None = there are none, or not known."""
    judging_failed: bool = False
    """True = judging failed in this call: only the operator's button still raises an alert in it."""
    accommodated: bool = False
    """True = a person marked the call as a request for reasonable accommodation: see `Action.ACCOMMODATE`."""
    recording: CallRecording | None = None
    """None = this agent records no calls, or is of a release before."""
    identity: Name | None = None
    """`uncertain`: two callers who cannot be told apart; the caller is left blank and no command is offered."""
    ringing: Ringing | None = None
    """Superior whose telephone rings now; another one follows where nobody answers."""
    hold_ends_at: AwareDatetime | None = None
    """Time at which the PBX itself takes the customer off this agent's hold; None = not on hold, held by a telephone's own key, or
    not known."""
    with_superior: Party | None = None
    """Superior who has the customer; None = nobody has, or the agent is of a release before."""
    stop_requests: Annotated[tuple[StopRequest, ...], Field(max_length=100)] = ()
    """Requests of the operator that the customer stop, in order; the newest where there were more."""
    transcript_tail: tuple[TranscriptLine, ...] = ()
    """The last few final lines, so that a dashboard started mid-call shows the story."""
    run: Name | None = None
    """Run of the agent that sent this."""
    seq: Annotated[int, Field(ge=1)] | None = None
    """Number of the message among everything that this run publishes of calls and alerts."""


class Levels(Message):
    """Several times a second, one message for all calls of an agent."""

    agent_id: Name
    at: AwareDatetime
    calls: dict[str, CallLevels]


# --- alerts ----------------------------------------------------------------------------------------------------


class Alert(Message):
    """One rule that holds in one call, as one run of the agent heard it.

    `alert_id` is made of call, run, rule and ordinal, so a message that arrives twice is harmless, and a call that is
    heard again after a crash has alerts of its own.
    """

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
    """Action that the dashboard should prompt for; None = keep watching."""
    caller: Party = Party()
    operator: Party = Party()
    closed_because: ClosedBecause | None = None
    drawn: bool = False
    """A supervisor's page has shown it, as severe as it is now."""
    run: Name | None = None
    """Run of the agent that sent this: for the last revision perhaps a later one than in `alert_id`."""
    seq: Annotated[int, Field(ge=1)] | None = None
    """As in `CallState`."""


# --- commands --------------------------------------------------------------------------------------------------


ASK_TIME = Action("ask_time")
"""Action of a question that a dashboard asks by itself: the agent does nothing, and `at` of the answer is its time. No
member of the known actions, as nobody can press it; an agent that does not know it answers all the same."""

COMMAND_LIFETIME = timedelta(seconds=15)
"""No command is carried out longer after its issue, whatever its `expires_at` says."""


class Command(Message):
    """Press on a page, answered on `reply_to`. A repeated `command_id` is only answered, not carried out."""

    command_id: Name
    call_id: Name
    action: Action
    target: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z*#+._@-]+$")] | None = None
    """Extension or queue of a transfer (None = the configured superior); for listening in the own telephone."""
    keep_operator: bool | None = None
    """For transfers: whether the operator stays in the call or is released; None = as configured."""
    announcement: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")] | None = None
    """For `announce`: name of a configured announcement; None = the first."""
    issued_by: Annotated[str, Field(max_length=128)]
    person_id: Name | None = None
    """Id of the person `issued_by` in the dashboard's directory; None for a kiosk, and from older dashboards."""
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    """Not carried out after this, nor `COMMAND_LIFETIME` after `issued_at`: a late press is worse than none."""
    reply_to: Annotated[str, Field(max_length=256)]
    site: Name | None = None
    """For what follows: a signed command names them all but `reason`; an agent refuses one that is meant for another."""
    agent_id: Name | None = None
    run: Name | None = None
    """The run of the agent that is to carry it out, from its health."""
    role: Name | None = None
    """In which capacity `issued_by` pressed, e.g. `supervisor` or `operator`."""
    nonce: Name | None = None
    """Never the same twice."""
    about: Name | None = None
    """For `ring_superior`: id of the alert for which help is needed."""
    reason: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Needed for `hang_up`, `barge` and transfers out of the house; kept in the agent's record. For `escalate` an id."""
    comment: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """For `escalate`: the operator's own words about the help that they wish; not in the agent's record."""
    sound: SoundRequest | None = None
    """For `listen_audio`."""
    ending: EndingDecision | None = None
    """For `hang_up`: who decided it; None from older dashboards."""

    @model_validator(mode="after")
    def _expiry_after_issue(self) -> Self:
        if self.expires_at <= self.issued_at:
            raise ValueError("expires_at must be after issued_at")
        return self

    @property
    def deadline(self) -> datetime:
        """Return the time from which it is too late to carry it out, by the sender's clock."""
        # Added only where the sum is before `expires_at`: a date may be the last there is.
        too_long = self.expires_at - self.issued_at > COMMAND_LIFETIME
        return self.issued_at + COMMAND_LIFETIME if too_long else self.expires_at


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


class Health(Message):
    """Retained; the broker publishes the same with `online` false as the agent's last will."""

    agent_id: Name
    site: Name
    online: bool
    version: Annotated[str, Field(max_length=64)] = ""
    at: AwareDatetime
    started_at: AwareDatetime | None = None
    run: Name | None = None
    """This run of the agent: another one after each start."""
    inventory: Name | None = None
    """Digest of the inventory that is in force."""
    host: Annotated[str, Field(max_length=255)] | None = None
    """Name of the machine that it runs on."""
    speech: SpeechStatus = SpeechStatus.OFF
    speech_model: Annotated[str, Field(max_length=128)] | None = None
    pbx: Annotated[str, Field(max_length=64)] = ""
    calls: Annotated[int, Field(ge=0)] = 0
    counters: dict[Name, int] = Field(default={})
    """Since start: frames_heard, frames_dropped, speech_shed_s, outbox_pending, …"""
    problems: tuple[Problem, ...] = ()


__all__ = [
    "MAX_PAYLOAD", "VERSION", "Action", "AlertState", "Announcement", "AnsweredEvidence", "BadMessageError", "ButtonEvidence", "CallLevels", "CallState", "CallStatus", "ClosedBecause", "Command", "CommandResult",
    "DoubtedWords", "DurationEvidence", "EndingDecision", "Evidence", "Health", "KeysToPress", "LegLevel", "Levels", "Message", "NewerMessageError", "OtherEvidence",
    "OtherHearing", "Outcome", "OverlapEvidence", "Party", "Problem", "RefusalMade", "Ringing", "Role", "Severity", "ShoutingEvidence", "SilenceEvidence",
    "SpeechStatus", "SpokenBy", "StopRequest", "ToneEvidence", "TranscriptLine", "WordsEvidence",
]  # fmt: skip
