"""Parts of the messages to pages that both audiences share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from kikimori_core.wire.actions import Lane
from kikimori_core.wire.messages import Alert, CallState, Health
from kikimori_core.wire.ringing_calls import RingingCall
from kikimori_core.wire.values import Action, Outcome, Severity

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_OF_AGENT = (CallState, Alert, Health, RingingCall)


class PagePart(BaseModel):
    """Base of all messages to pages. What a model does not name is not sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    NOT_SENT: ClassVar[tuple[str, ...]] = ()
    """Fields of an agent's message that the pages do not get."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell fields with a default as left out where they have no value: they are never null.

        Those of an agent's message are always there.
        """
        made = handler(schema)
        resolved = handler.resolve_ref_schema(made)
        of_agent = {name for base in cls.__mro__ if base in _OF_AGENT for name in base.model_fields}
        for name in cls.NOT_SENT:
            del resolved["properties"][name]
            resolved["required"].remove(name)
        for name, field in cls.model_fields.items():
            if field.is_required() or name in of_agent:
                continue
            told = resolved["properties"][field.alias or name]
            resolved["required"].remove(field.alias or name)
            kinds = [each for each in told.pop("anyOf", []) if each != {"type": "null"}]
            told.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})
        return made


class WordedProblemView(PagePart):
    """Texts of a problem in one language."""

    detail: str
    remedy: str


class ProblemView(PagePart):
    """Problem with its texts by language; `detail` and `remedy` are English."""

    code: str
    detail: str
    remedy: str
    cause: str | None
    severity: Severity
    words: dict[str, WordedProblemView]


class ResultView(PagePart):
    """Result of a press; `words` is its detail by language."""

    command_id: str
    call_id: str
    action: Action
    outcome: Outcome
    reason: str | None
    detail: str | None
    at: AwareDatetime
    words: dict[str, str]


class RungView(PagePart):
    """Telephone to which a transfer leads."""

    number: str | None
    name: str | None


class PressView(PagePart):
    """Last press of a lane; without a result it is under way, unless nobody answered."""

    command_id: str
    action: Action
    issued_by: str
    issued_at: AwareDatetime
    target: str | None
    keep_operator: bool | None
    unanswered: bool
    result: ResultView | None
    to: RungView | None
    """None for what is no transfer."""


Presses = dict[Lane, PressView]


class Beat(PagePart):
    """Message every few seconds, where nothing else was sent."""

    type: Literal["beat"]
    seq: int
    now: AwareDatetime


class Echo(PagePart):
    """Answer to a ping, behind everything that was sent before; `seq` is the last version among it."""

    type: Literal["echo"]
    at: float
    seq: int


class KnownContact(PagePart):
    """Earlier contact of a caller: when, and with whom."""

    at: AwareDatetime
    operator: str | None


class KnownContactOutcome(KnownContact):
    """Earlier contact of a caller, with its worst severity and how it ended."""

    worst: str | None
    outcome: str | None


class HelpNow(PagePart):
    """Superior whom a call for help would ring now; None outside all opening hours, and when the first is back."""

    name: str | None
    opens_at: AwareDatetime | None


class PageSite(PagePart):
    """Settings of the site, and whether the page shows what is."""

    name: str
    language: str
    time_zone: str
    broker_connected: bool
    broker_problem: ProblemView | None
    reading: bool
    incomplete: bool
    newer: list[str]
    watching_since: AwareDatetime | None
    help: HelpNow | None


class EndingProposalView(PagePart):
    """Newest proposal to end a call."""

    id: str
    state: Literal["proposed", "agreed", "ending", "refused", "ended", "expired"]
    reason: dict[str, str]
    """By language; `say` is the sentence that tells it to the customer."""
    say: dict[str, str]
    needed: int
    """Requests to stop that are needed before it may be agreed to."""
    words: str | None
    people: int
    """Number of people who decide: 1 or 2."""
    person_id: str
    name: str
    at: AwareDatetime
    expires_at: AwareDatetime
    confirm_from: AwareDatetime
    """Time from which its proposer may confirm it, where one person decides."""
    second_id: str | None
    """Person who agreed or refused."""
    second_name: str | None


class UnansweredMark(PagePart):
    """Mark of an alert that waits for an answer."""

    since: AwareDatetime
    step: int
    """Number of the steps that have come."""
    louder: bool
    hold: bool
    """True = the operator may put the customer on hold."""
    team: str | None
    """Team whose pages ring first; None = all at once."""
    alarm: str | None
    """`ringing`, `heard`, or why no superior is rung; None = not yet."""
    heard_by: str | None
