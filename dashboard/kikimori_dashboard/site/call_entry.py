"""Call as the dashboard holds it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kikimori_core.wire.messages import CallStatus
from kikimori_dashboard.site.call_story import CallMoves
from kikimori_dashboard.site.encoded_levels import EncodedLevels
from kikimori_dashboard.site.level_history import LevelHistory
from kikimori_dashboard.site.stop_requests import stop_times
from kikimori_dashboard.site.transcript import TranscriptTail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from kikimori_core.wire.messages import Alert, CallLevels, CallState
    from kikimori_dashboard.site.known_caller import KnownCaller

NoteView = dict[str, str]
"""Note of a supervisor as the pages get it: `id`, `text`, `person_id`, `name`, `at`."""

LONGEST_CALL = timedelta(hours=24)
"""Age from which a call or alert of an agent that is not there counts as past."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""Most by which an agent's clock may be ahead of ours for what belongs to its calls to be found again."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class CallEntry:
    """The last state of a call, its last lines and levels."""

    def __init__(self, state: CallState) -> None:
        self.tail = TranscriptTail()
        self.levels: CallLevels | None = None
        self.levels_at: datetime | None = None
        """Time of `levels` by the agent's clock."""
        self.history = LevelHistory()
        self.encoded_levels = EncodedLevels(state.call_id)
        self.returned = False
        """True after a hold by a press has ended without anybody asking for it."""
        self.notes: list[NoteView] = []
        """Oldest first."""
        self.ending: dict[str, Any] | None = None
        """Newest proposal to end it, as the pages get it; see `EndingDesk`."""
        self.stops_pressed: list[datetime] = []
        """Times at which somebody noted that the customer was asked to stop, oldest first."""
        self.listeners: list[str] = []
        """Names of those who listen in a browser now."""
        self.known: KnownCaller | None = None
        """Its caller, where the office knows them; see `CallerDesk`."""
        self.moves = CallMoves()
        if state.status is not CallStatus.TALKING:
            self.moves.note(state.status, None)
        self.state = state
        self.take(state)

    def take(self, state: CallState) -> None:
        """Take a state. It is encoded here, so that no snapshot has to encode all calls at once."""
        if state.status is not self.state.status:
            # The last levels are at most a second old while the call is heard.
            self.moves.note(state.status, self.levels_at)
        self.state = state
        self.state_json = state.model_dump_json(exclude={"v", "transcript_tail"})

    @property
    def agent_id(self) -> str:
        return self.state.agent_id

    @property
    def notes_json(self) -> str:
        """Return the notes as a further field of the call's JSON, behind a comma."""
        return f',"notes":{_encode(self.notes)}' if self.notes else ""

    @property
    def listeners_json(self) -> str:
        """Return who listens likewise."""
        return f',"listeners":{_encode(self.listeners)}' if self.listeners else ""

    @property
    def ending_view(self) -> dict[str, Any]:
        """Return how often the customer was asked to stop, and the proposal to end the call, where there are any."""
        times = [each.isoformat() for each in stop_times(self)]
        found = {"stops": times, "ending": self.ending}
        return {name: value for name, value in found.items() if value}

    @property
    def ending_json(self) -> str:
        """Return the same as further fields of the call's JSON, each behind a comma."""
        return "".join(f',"{name}":{_encode(value)}' for name, value in self.ending_view.items())

    @property
    def known_json(self) -> str:
        """Return the caller as a further field of the call's JSON, behind a comma."""
        return f',"known":{_encode(self.known.supervisor_view())}' if self.known else ""


def extension_of(alert: Alert, calls: Mapping[str, CallEntry]) -> str | None:
    """Return the extension of an alert's call now: after a transfer it is another's."""
    entry = calls.get(alert.call_id)
    return (alert.operator if entry is None else entry.state.operator).number


def written_since(calls: Iterable[CallEntry], now: datetime) -> datetime | None:
    """Return a time before which nothing was written that belongs to these calls; None without calls."""
    begun = min((each.state.started_at for each in calls), default=None)
    return None if begun is None else max(begun - CLOCKS_DIFFER, now - LONGEST_CALL)
