"""Actions of a command, each described once: agent, dashboard and pages take from here what they need.

A new action is a member of `Action`, a line here, its texts (`action`, `doing`, `done`) in both languages of the pages, and a
PBX that can do it; `python -m kikimori_dashboard.actions.action_table` writes the table of the pages anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kikimori_core.wire.values import Action, CallStatus


class Lane(StrEnum):
    """Presses that follow each other. A call has the last press of each lane."""

    MOVE = "move"
    """Moves of the customer: hold, transfers, taking back, hanging up."""
    ASIDE = "aside"
    """Actions beside the conversation: listening in, announcements."""
    HELP = "help"
    """Operator's request for help, and its cancellation."""
    ALARM = "alarm"
    """Ringing of superiors whom nobody's press has called."""
    SOUND = "sound"
    """Listening in a browser; any number of people at a time."""


class RingTarget(StrEnum):
    """Telephone that an action rings: the `target` of its command."""

    OTHER = "other"
    """Extension or queue to which the customer is handed."""
    OWN = "own"
    """Telephone of the supervisor who pressed."""
    SUPERIOR = "superior"
    """Superior whom the agent chooses."""


class NeedsReason(StrEnum):
    ALWAYS = "always"
    OUTSIDE = "outside"
    """Only for an outside number."""


class ButtonPlace(StrEnum):
    """Place of its button on the pages."""

    MAIN = "main"
    """One of the two large ones of the supervisor's page."""
    ASIDE = "aside"
    """The row below."""
    OPERATOR = "operator"
    """The operator's page."""
    NONE = "none"
    """No button: the dashboard sends it by itself."""


class Confirmation(StrEnum):
    """Confirmation by a second press."""

    UNLESS_PROMPTED = "unless_prompted"
    """One press is enough where an alert prompts for it."""
    ALWAYS = "always"
    NEVER = "never"
    WHEN_SETTLED = "when_settled"
    """Asked once the transfer is done; while it rings, one press is enough."""


ANSWER_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """One action."""

    action: Action
    lane: Lane = Lane.MOVE
    rings: RingTarget | None = None
    reason: NeedsReason | None = None
    leads_to: CallStatus | None = None
    """Status of the call once it is done; None = as before."""
    place: ButtonPlace = ButtonPlace.MAIN
    asks: Confirmation = Confirmation.UNLESS_PROMPTED
    answer_within_s: float = ANSWER_WITHIN_S
    """Longest time in s that the agent takes for it: longer where telephones are rung one after another, or behind a queue."""


ACTIONS: tuple[ActionFacts, ...] = (
    ActionFacts(Action.HOLD, leads_to=CallStatus.ON_HOLD),
    ActionFacts(Action.UNHOLD, leads_to=CallStatus.TALKING, asks=Confirmation.NEVER),
    ActionFacts(Action.TAKE_BACK, leads_to=CallStatus.TALKING, asks=Confirmation.WHEN_SETTLED),
    ActionFacts(
        Action.TRANSFER, rings=RingTarget.OTHER, reason=NeedsReason.OUTSIDE, leads_to=CallStatus.TRANSFERRED
    ),
    ActionFacts(
        Action.HOLD_TRANSFER,
        rings=RingTarget.OTHER,
        reason=NeedsReason.OUTSIDE,
        leads_to=CallStatus.TRANSFERRED,
        answer_within_s=340.0,
    ),
    ActionFacts(Action.LISTEN, Lane.ASIDE, RingTarget.OWN, place=ButtonPlace.ASIDE, asks=Confirmation.NEVER),
    ActionFacts(Action.WHISPER, Lane.ASIDE, RingTarget.OWN, place=ButtonPlace.ASIDE, asks=Confirmation.NEVER),
    ActionFacts(
        Action.BARGE,
        Lane.ASIDE,
        RingTarget.OWN,
        NeedsReason.ALWAYS,
        place=ButtonPlace.ASIDE,
        asks=Confirmation.NEVER,
    ),
    ActionFacts(
        Action.LISTEN_AUDIO,
        Lane.SOUND,
        place=ButtonPlace.NONE,
        asks=Confirmation.NEVER,
        answer_within_s=15.0,
    ),
    ActionFacts(Action.ANNOUNCE, Lane.ASIDE, place=ButtonPlace.ASIDE, asks=Confirmation.NEVER),
    ActionFacts(Action.HANG_UP, reason=NeedsReason.ALWAYS, place=ButtonPlace.ASIDE, asks=Confirmation.ALWAYS),
    ActionFacts(Action.ACCOMMODATE, Lane.ASIDE, place=ButtonPlace.ASIDE, asks=Confirmation.NEVER),
    ActionFacts(Action.ACCOMMODATE_END, Lane.ASIDE, place=ButtonPlace.ASIDE, asks=Confirmation.NEVER),
    ActionFacts(Action.STOP_RECORDING, Lane.ASIDE, place=ButtonPlace.ASIDE, asks=Confirmation.ALWAYS),
    ActionFacts(
        Action.RING_SUPERIOR,
        Lane.ALARM,
        RingTarget.SUPERIOR,
        place=ButtonPlace.NONE,
        asks=Confirmation.NEVER,
        answer_within_s=130.0,
    ),
    ActionFacts(Action.ESCALATE, Lane.HELP, place=ButtonPlace.OPERATOR, asks=Confirmation.NEVER),
    ActionFacts(Action.ESCALATE_CANCEL, Lane.HELP, place=ButtonPlace.OPERATOR, asks=Confirmation.NEVER),
)

_LANES = {each.action: each.lane for each in ACTIONS}
_ANSWER_WITHIN_S = {each.action: each.answer_within_s for each in ACTIONS}

MOVES = tuple(each.action for each in ACTIONS if each.lane is Lane.MOVE)
"""Actions that move the customer."""
TRANSFERS = tuple(each.action for each in ACTIONS if each.rings is RingTarget.OTHER)
TO_OWN_TELEPHONE = tuple(each.action for each in ACTIONS if each.rings is RingTarget.OWN)
RING = (*TRANSFERS, *TO_OWN_TELEPHONE)
"""Actions that ring a telephone."""
OF_JUDGING = (Action.ACCOMMODATE, Action.ACCOMMODATE_END)
"""Actions that change how the agent judges a call, on every PBX."""
OF_RECORDING = (Action.STOP_RECORDING,)
"""Actions that change how the agent records a call, on every PBX; operators may press them for their own calls."""
WITHOUT_BUTTON = tuple(each.action for each in ACTIONS if each.place is ButtonPlace.NONE)
"""Actions that no person may press."""
FOR_HELP = tuple(each.action for each in ACTIONS if each.lane is Lane.HELP)
"""Actions of operators themselves; they need nothing from the PBX."""
ANSWERS = tuple(
    each.action
    for each in ACTIONS
    if each.lane in (Lane.MOVE, Lane.ASIDE) and each.action not in (*OF_JUDGING, *OF_RECORDING)
)
"""Actions of a superior that answer a call for help: they move the customer, or bring a superior into the call."""
OPERATOR_ROLE = "operator"
"""`Command.role` of a press on the operator's own page."""
NEED_REASON = tuple(each.action for each in ACTIONS if each.reason is NeedsReason.ALWAYS)


def lane_of(action: Action) -> Lane:
    """Return the lane of an action; one of a newer release is taken for a move."""
    return _LANES.get(action, Lane.MOVE)


def answer_within_s(action: Action) -> float:
    """Return the longest time in s that the agent takes for an action; also for one of a newer release."""
    return _ANSWER_WITHIN_S.get(action, ANSWER_WITHIN_S)


def answers_help(action: Action, role: str | None) -> bool:
    """Return whether a press is a superior's answer to a call for help; one on the operator's own page never is."""
    return action in ANSWERS and role != OPERATOR_ROLE
