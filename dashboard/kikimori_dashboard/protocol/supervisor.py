"""Messages to the supervisor's page that says what it draws (`/live?page=supervisor&look=1`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from kikimori_core.wire.messages import Alert, CallState, Health
from kikimori_core.wire.ringing_calls import RingingCall
from kikimori_core.wire.values import Action, CallStatus, Outcome, Role, Severity
from kikimori_dashboard.picture.order import CallLane
from kikimori_dashboard.protocol.parts import (
    Beat,
    Echo,
    EndingProposalView,
    KnownContactOutcome,
    PagePart,
    PageSite,
    Presses,
    ProblemView,
    UnansweredMark,
)


class DoubtedView(PagePart):
    """Words that raise nothing, as the sentence was taken for harmless."""

    category: str
    matched: str


class OtherHearingView(PagePart):
    """An utterance as another recogniser heard it."""

    text: str
    engine: str


class SuperiorOfLine(PagePart):
    """Superior who says a line; not `certain`: it may be the operator, who is heard by the same leg."""

    name: str | None
    certain: bool


class LineView(PagePart):
    """Line of a transcript."""

    id: str
    role: Role
    start_s: float
    text: str
    final: bool
    doubted: list[DoubtedView] | None = None
    other: OtherHearingView | None = None
    superior: SuperiorOfLine | None = None


class LineChanges(PagePart):
    """Changed lines of the call that is drawn whole; `all`: there are no others."""

    changed: list[LineView]
    gone: list[str]
    all: Literal[True] | None = None


class NoteOnCall(PagePart):
    """Note of a supervisor that others see."""

    id: str
    text: str
    person_id: str | None
    name: str
    at: AwareDatetime


class StatusMove(PagePart):
    """Status that a call had from a time on; None = since before it was first seen."""

    status: CallStatus
    at: AwareDatetime | None


class PressInStory(PagePart):
    """Press in a call's course."""

    at: AwareDatetime
    action: Action
    by: str
    target: str | None
    outcome: Outcome | None
    reason: str | None


class KnownCallerView(PagePart):
    """Caller whom the office knows; `contacts` are earlier ones, `last` the newest of them."""

    key: str
    """Pseudonym: `/callers/{key}` is the caller's page."""
    name: str | None
    contract: str | None
    in_charge: str | None
    manner: str | None
    """Agreed way to speak."""
    contacts: int
    last: list[KnownContactOutcome]


class SupervisorCall(PagePart, CallState):
    """Call as its agent sends it, with what the dashboard knows besides."""

    model_config = PagePart.model_config
    NOT_SENT = ("v", "transcript_tail")

    severity: Severity | None
    urgency: int
    stale: bool
    unconfirmed: bool
    returned: bool
    lane: CallLane
    order: str
    """Sorts the calls: the smallest needs a decision most."""
    notes: list[NoteOnCall] | None = None
    stops: list[AwareDatetime] | None = None
    """Occasions on which the customer was asked to stop."""
    ending: EndingProposalView | None = None
    listeners: list[str] | None = None
    """Names of those who listen in a browser now."""
    known: KnownCallerView | None = None
    moves: list[StatusMove] | None = None
    presses: list[PressInStory] | None = None


class SupervisorRinging(PagePart, RingingCall):
    """Call that rings; one that is among the calls rings at another telephone."""

    model_config = PagePart.model_config

    known: KnownCallerView | None


class ClaimMark(PagePart):
    """Mark of the person who takes care of an alert."""

    person_id: str
    name: str
    at: AwareDatetime


class FalseAlarmMark(PagePart):
    """Mark of an alert that was none."""

    reason: str
    name: str
    at: AwareDatetime


class SupervisorAlert(PagePart, Alert):
    """Alert as its agent sends it, with the marks of people."""

    model_config = PagePart.model_config
    NOT_SENT = ("v",)

    claim: ClaimMark | None = None
    false_alarm: FalseAlarmMark | None = None
    unanswered: UnansweredMark | None = None


class MissedAlertView(SupervisorAlert):
    """Alert that was over before anybody saw it; its number acknowledges it."""

    number: int


class MissedView(PagePart):
    """Missed alerts; `more` are not shown yet, `dropped` never will be."""

    alerts: list[MissedAlertView]
    more: int
    dropped: int


class SupervisorAgent(PagePart, Health):
    """Health of an agent."""

    model_config = PagePart.model_config
    NOT_SENT = ("v",)

    problems: tuple[ProblemView, ...]  # type: ignore[assignment]  # worded here
    unconfirmed: bool


class SignatureView(PagePart):
    """Standing of an agent's signatures, where it is not good."""

    standing: str
    fingerprint: str
    key: str


class SuperiorView(PagePart):
    """Superior of the directory; `open`: within the opening hours."""

    id: str
    person_id: str | None
    name: str
    number: str
    open: bool


class OwnRole(PagePart):
    """Roles that somebody gave to themselves."""

    name: str
    added: list[str]
    at: AwareDatetime


class SupervisorSite(PageSite):
    """Settings of the site, and faults of the dashboard itself."""

    certificate: list[ProblemView]
    clocks: dict[str, int]
    signatures: dict[str, SignatureView]
    left_out: dict[str, int]
    superiors: list[SuperiorView]
    own_roles: list[OwnRole]
    names_people: bool
    ringing_more: int
    """Ringing calls besides those of `ringing`."""


VoiceLevels = (
    tuple[int | None, int | None, Annotated[int, Field(ge=0, le=100)]]
    | tuple[int | None, int | None, Annotated[int, Field(ge=0, le=100)], Literal[1]]
)
"""dB, dB over the calm voice, effort; a fourth member where it is noise and no voice."""


class CallVoices(PagePart):
    """Levels of a call's voices by role, without those in silence, in a row the dB alone of a usual voice; `s`: seconds of the call, for cards."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, VoiceLevels | int]

    s: float | None = None


class PastVoice(PagePart):
    """Levels and effort of a voice in equal steps; None where nobody spoke."""

    db: list[int | None]
    effort: list[int | None]


class PastLevels(PagePart):
    """Levels of the last minute; `end_s`: end of the last step in seconds of the call."""

    step_s: float
    end_s: float
    legs: dict[Role, PastVoice]


class SupervisorSnapshot(PagePart):
    """Everything that the page may see; words and levels of what it draws."""

    type: Literal["snapshot"]
    seq: int
    now: AwareDatetime
    site: SupervisorSite
    closed: list[SupervisorAlert]
    closed_more: int
    missed: MissedView
    calls: dict[str, SupervisorCall]
    alerts: dict[str, SupervisorAlert]
    agents: dict[str, SupervisorAgent]
    commands: dict[str, Presses]
    extensions: dict[str, AwareDatetime]
    ringing: dict[str, SupervisorRinging]
    lines: dict[str, LineChanges] | None = None
    levels: dict[str, CallVoices] | None = None
    past: dict[str, PastLevels] | None = None
    reviewed: list[str] | None = None
    """Alerts that the person at the page has gone through; None = as before, or the page is nobody's."""


class SupervisorDelta(PagePart):
    """Changes since the version `from`; None = gone."""

    type: Literal["delta"]
    from_: Annotated[int, Field(alias="from")]
    seq: int
    now: AwareDatetime
    site: SupervisorSite | None = None
    closed: list[SupervisorAlert] | None = None
    closed_more: int | None = None
    missed: MissedView | None = None
    calls: dict[str, SupervisorCall | None] | None = None
    alerts: dict[str, SupervisorAlert | None] | None = None
    agents: dict[str, SupervisorAgent | None] | None = None
    commands: dict[str, Presses | None] | None = None
    extensions: dict[str, AwareDatetime | None] | None = None
    ringing: dict[str, SupervisorRinging | None] | None = None
    lines: dict[str, LineChanges] | None = None
    levels: dict[str, CallVoices] | None = None
    past: dict[str, PastLevels | None] | None = None
    reviewed: list[str] | None = None


SupervisorMessage = Annotated[SupervisorSnapshot | SupervisorDelta | Echo | Beat, Field(discriminator="type")]
