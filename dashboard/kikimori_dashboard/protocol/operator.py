"""Messages to the operator's page: the call in their own hands, without words, levels and scores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from kikimori_core.wire.messages import Party, RefusalMade
from kikimori_core.wire.values import Action, AlertState, CallRecording, CallStatus, Severity, SpeechStatus
from kikimori_dashboard.protocol.parts import (
    Beat,
    Echo,
    EndingProposalView,
    KnownContact,
    PagePart,
    PageSite,
    Presses,
)


class OperatorKnownCaller(PagePart):
    """Caller whom the office knows; `contacts` are earlier ones, `last` the newest of them."""

    name: str | None
    manner: str | None
    """Agreed way to speak."""
    contacts: int
    last: list[KnownContact]


class OperatorCall(PagePart):
    """Call of the operator's own extension."""

    call_id: str
    agent_id: str
    started_at: AwareDatetime
    ended_at: AwareDatetime | None
    status: CallStatus
    operator: Party
    queue: str | None
    capabilities: list[Action]
    keep_operator: bool | None
    help_keys: str | None
    judging_failed: bool
    recording: CallRecording | None
    lines: Annotated[list[None], Field(max_length=0)]
    stale: bool
    unconfirmed: bool
    returned: bool
    stops: list[AwareDatetime] | None = None
    """Occasions on which the customer was asked to stop."""
    ending: EndingProposalView | None = None
    listeners: list[str] | None = None
    """Names of those who listen in a browser now, where the office shows it."""
    known: OperatorKnownCaller | None = None


class OperatorRinging(PagePart):
    """Call that rings at the operator's telephone, perhaps at others too."""

    call_id: str
    since: AwareDatetime
    caller: Party
    queue: str | None
    phones: list[str]
    """Extensions that ring, or the one that has answered."""
    phones_more: int
    answered: bool
    known: OperatorKnownCaller | None


class OperatorEvidence(PagePart):
    """Ground of an alert: enough to choose the next sentence."""

    kind: str
    category: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    reason: str | None = None
    comment: str | None = None
    """Of a press: what the operator said with it."""
    demand: str | None = None
    """Of a demand that was made again and again: its name, and what follows; see `AnsweredEvidence`."""
    title: dict[str, str] | None = None
    count: int | None = None
    count_before: int | None = None
    times_s: list[float] | None = None
    refusals: list[RefusalMade] | None = None
    """The operator's own words."""


class OperatorClaim(PagePart):
    """Name of who looks after an alert."""

    name: str


class OperatorUnanswered(PagePart):
    """Mark of an alert that waits for an answer; `hold`: the operator may put the customer on hold."""

    hold: bool
    alarm: str | None
    heard_by: str | None


class OperatorAlert(PagePart):
    """Alert in the operator's own call, without what was said."""

    alert_id: str
    call_id: str
    agent_id: str
    rule: str
    rule_kind: str
    title: dict[str, str]
    severity: Severity
    state: AlertState
    revision: int
    raised_at: AwareDatetime
    updated_at: AwareDatetime
    raised_s: float
    evidence: list[OperatorEvidence]
    claim: OperatorClaim | None
    unanswered: OperatorUnanswered | None


class OperatorAgent(PagePart):
    """Health of an agent, as far as it matters to a call."""

    agent_id: str
    online: bool
    at: AwareDatetime
    speech: SpeechStatus
    problems: Annotated[list[None], Field(max_length=0)]
    unconfirmed: bool


class OperatorSite(PageSite):
    """Settings of the site, and whether the page shows what is."""


class NothingMissed(PagePart):
    """The place of missed alerts: an operator's page has none."""

    alerts: Annotated[list[None], Field(max_length=0)]
    more: Literal[0]
    dropped: Literal[0]


class OperatorSnapshot(PagePart):
    """Everything that the page may see."""

    type: Literal["snapshot"]
    seq: int
    now: AwareDatetime
    site: OperatorSite
    closed: Annotated[list[None], Field(max_length=0)]
    closed_more: Literal[0]
    missed: NothingMissed
    calls: dict[str, OperatorCall]
    levels: Annotated[dict[str, None], Field(max_length=0)]
    alerts: dict[str, OperatorAlert]
    agents: dict[str, OperatorAgent]
    commands: dict[str, Presses]
    extensions: dict[str, AwareDatetime]
    ringing: dict[str, OperatorRinging]


class OperatorDelta(PagePart):
    """Changes since the version `from`; None = gone."""

    type: Literal["delta"]
    from_: Annotated[int, Field(alias="from")]
    seq: int
    now: AwareDatetime
    site: OperatorSite | None = None
    calls: dict[str, OperatorCall | None] | None = None
    alerts: dict[str, OperatorAlert | None] | None = None
    agents: dict[str, OperatorAgent | None] | None = None
    commands: dict[str, Presses | None] | None = None
    extensions: dict[str, AwareDatetime | None] | None = None
    ringing: dict[str, OperatorRinging | None] | None = None


OperatorMessage = Annotated[OperatorSnapshot | OperatorDelta | Echo | Beat, Field(discriminator="type")]
