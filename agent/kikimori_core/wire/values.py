"""Named values on the wire. All are open: a newer peer may send others, which are kept and shown, never refused.

In files that people write they are closed, so that a misspelt one is told: see `known_only`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from kikimori_core.wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_NAME = re.compile(NAME_PATTERN)
_known_only: ContextVar[bool] = ContextVar("known_only", default=False)


@contextmanager
def known_only() -> Iterator[None]:
    """Refuse values that this version does not know, for what is validated inside."""
    before = _known_only.set(True)
    try:
        yield
    finally:
        _known_only.reset(before)


class OpenEnum(StrEnum):
    """Names that this version knows, and any other that a newer peer may send.

    An unknown name becomes a value of the same type that equals its text and is none of the members: it goes on
    unchanged, and whoever distinguishes members takes it for "none of them". Only a name can be such a value
    (`NAME_PATTERN`), so that garbage is refused.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if _known_only.get() or not isinstance(value, str) or not _NAME.fullmatch(value):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    @property
    def known(self) -> bool:
        """Return whether this version has a member of that name."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(schema))
        made["examples"] = made.pop("enum")
        made["pattern"] = NAME_PATTERN
        return made


class Role(OpenEnum):
    """Side whose voice a leg carries."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    MIXED = "mixed"


class Severity(OpenEnum):
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0, 1 or 2: larger is worse. An unknown value counts as a warning, so that it is seen."""
        return _RANKS.get(self, 1)


_RANKS = {Severity.NOTICE: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class CallStatus(OpenEnum):
    TALKING = "talking"
    ON_HOLD = "on_hold"
    TRANSFERRED = "transferred"
    """A superior has taken over."""
    ENDED = "ended"


class SpeechStatus(OpenEnum):
    ON = "on"
    OFF = "off"
    """No model: see the agent's health."""
    SHED = "shed"
    """Recognition fell behind and part of this call was not recognised."""


class AlertState(OpenEnum):
    """Anything but `closed` is shown as open."""

    OPEN = "open"
    CLOSED = "closed"


class CallRecording(OpenEnum):
    """State of a call's recording."""

    ON = "on"
    EXCLUDED = "excluded"
    """Its extension or queue is not recorded: `[recording] exclude_extensions`, `exclude_queues`."""
    STOPPED = "stopped"
    """A person asked for it during the call; what was recorded is erased."""
    NO_DISK = "no_disk"
    """The agent's disk is full or fails: no sound is written at the moment."""


class ClosedBecause(OpenEnum):
    CALMED = "calmed"
    """Nothing new for the rule's `clear_after_s`."""
    CALL_ENDED = "call_ended"
    TAKEN_BACK = "taken_back"
    """The finished sentence does not hold what its beginning seemed to."""
    AGENT_RESTARTED = "agent_restarted"
    """The agent failed with the call open; what happened after is not known."""
    FAULT = "fault"
    """The program failed in judging this call; it is not judged any more."""
    ACCOMMODATED = "accommodated"
    """A person marked the call as a request for reasonable accommodation of a disability, which is no harassment."""
    HELP_CANCELLED = "help_cancelled"
    """The operator took the request for help back before anybody had acted."""


class Action(OpenEnum):
    HOLD = "hold"
    UNHOLD = "unhold"
    TAKE_BACK = "take_back"
    """Undo a transfer that is ringing or done: the customer comes back to the operator."""
    TRANSFER = "transfer"
    """Hand the customer to an extension or queue at once (blind)."""
    HOLD_TRANSFER = "hold_transfer"
    """Hold the customer at once, ring the superior, connect them: 保留して上席へ転送."""
    LISTEN = "listen"
    """Ring the supervisor's telephone and let them hear both voices; nobody hears the supervisor."""
    WHISPER = "whisper"
    """As LISTEN, and the operator alone hears the supervisor."""
    BARGE = "barge"
    """As LISTEN, and both hear the supervisor."""
    LISTEN_AUDIO = "listen_audio"
    """Send both voices to the dashboard that asks, for a browser; touches nothing on the PBX."""
    ANNOUNCE = "announce"
    """Play an announcement to the customer."""
    HANG_UP = "hang_up"
    """End the call; only ever by a person's decision."""
    ACCOMMODATE = "accommodate"
    """Mark the call as a request for reasonable accommodation: no alerts of repetition and length; not on the PBX."""
    ACCOMMODATE_END = "accommodate_end"
    """Take that mark back."""
    STOP_RECORDING = "stop_recording"
    """Erase what is recorded of the call from its first frame, and record no more of it; cannot be undone."""
    RING_SUPERIOR = "ring_superior"
    """Ring the next free superior, who hears where help is needed. Sent by the dashboard's clock, by no button."""
    ESCALATE = "escalate"
    """The operator's button: asks for help, touches nothing on the PBX."""
    ESCALATE_CANCEL = "escalate_cancel"
    """Take the request for help back; refused once somebody has acted on it."""


HELP_KIND = "escalate"
"""Kind of the rule whose alert is the operator's request for help."""


class Outcome(OpenEnum):
    DONE = "done"
    INSTRUCTED = "instructed"
    """The PBX has no interface; the operator was shown which keys to press."""
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def carried_out(self) -> bool:
        """Return whether the command was done, as far as the PBX can do it."""
        return self in (Outcome.DONE, Outcome.INSTRUCTED)
