"""Calls that ring at operators' telephones, until they are answered or the caller leaves.

A ringing call is no call of the desk: it has no legs, is not recorded and not counted among the calls heard. What a rule finds about
its caller is raised while it rings, and the alert goes over to the call that is answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori.calls.alert_message import alert_message
from kikimori.calls.open_changes import OpenChanges
from kikimori_core.model.alert import ClosedBecause
from kikimori_core.model.call import Party
from kikimori_core.wire.ringing_calls import MOST_BYTES, MOST_PHONES, MOST_RINGING, RingingCall, RingingCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kikimori.calls.call_observer import CallObserver
    from kikimori.calls.settings import DeskSettings
    from kikimori_core.judging.judge import CallJudge
    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.call import CallInfo
    from kikimori_core.model.evidence import EarlierContacts

MOST_KEPT = 2000
"""Ringing calls that are followed; beyond them new ones are refused and counted."""
SHOWN_FOR_S = 300.0
"""Seconds without news of a ringing call after which it is not listed any more, and its alert closed: the end was missed, or the caller
waits while no telephone rings."""
KEPT_FOR_S = 3600.0
"""Seconds after which such a call is forgotten; until then its alert is raised again when it rings or is answered."""
ANSWERED_FOR_S = 5.0
"""Seconds that an answered call stays in the list while its first sound is awaited."""
STEP_S = 0.001
"""Media time between two looks of the rules at a ringing call: no time of the call itself."""

_BYTES_OF_CALL = 700
"""Bytes of a call in the list besides the caller, the queue and the telephones; more than there are."""


@dataclass(slots=True)
class _Ring:
    """Ringing call."""

    info: CallInfo
    since: datetime
    began_s: float
    changed_s: float
    phones: tuple[str, ...] = ()
    answered: bool = False
    judge: CallJudge | None = None
    """Made when the caller's earlier contacts are told; None = nothing is known of the caller."""
    open: OpenChanges = field(default_factory=OpenChanges)
    asked_s: float = 0.0
    """Media time up to which the rules were asked."""
    closed: bool = False
    """True = its alerts were closed."""

    def findings(self) -> list[AlertChange]:
        """Ask the rules, which must have a judge."""
        if self.judge is None:
            return []
        self.asked_s += STEP_S
        return self.judge.advance(self.asked_s)


class RingingDesk:
    """Ringing calls of one agent. Pure but for `listener` and `changed`."""

    def __init__(
        self,
        settings: DeskSettings,
        listener: CallObserver,
        judge: Callable[[], CallJudge],
        name: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        """`settings`: site, agent and run; `judge` makes the judge of a call, `name` its own name from the tap's; `clock`: seconds that never run backwards."""
        self.changed: Callable[[], None] = lambda: None
        """Called when the list may be another."""
        self._listener = listener
        self._make_judge = judge
        self._name = name
        self._clock = clock
        self._agent_id, self._run = settings.agent_id, settings.run
        self._names = {"site": settings.site, "agent_id": settings.agent_id, "run": settings.run}
        self._rings: dict[str, _Ring] = {}
        """Ringing calls by the tap's name, the oldest first."""
        self._seen = 0
        self._refused = 0
        self._expired = 0

    # --- from taps

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None:
        """Take the telephones at which a call rings; see `kikimori_core.model.feed.CallDesk`."""
        ring, now_s = self._rings.get(call.call_id), self._clock()
        if ring is None:
            if not phones or answered:
                return
            if len(self._rings) >= MOST_KEPT:
                self._refused += 1
                return
            ring = _Ring(call, datetime.now(UTC), now_s, now_s)
            self._rings[call.call_id] = ring
            self._seen += 1
        news = (tuple(phones), answered)
        if (ring.phones, ring.answered) != news:
            ring.changed_s = now_s
        ring.phones, ring.answered = news
        # An alert is of the team at whose telephone it rang.
        rung = Party(number=phones[0]) if phones else ring.info.operator
        ring.info = replace(call, call_id=self._name(call.call_id), operator=rung)
        if ring.closed and phones:
            self._resume(ring)
        self.changed()

    def over(self, asked_id: str) -> None:
        """End a ringing call that nobody answered; its alert closes."""
        ring = self._rings.pop(asked_id, None)
        if ring is not None:
            self._close(ring, ClosedBecause.CALL_ENDED)
            self.changed()

    # --- from the desk

    def answered(self, asked_id: str) -> tuple[CallJudge, OpenChanges]:
        """Remove a call whose first leg is open; return its judge and the open alerts, which the judge tells again."""
        ring = self._rings.pop(asked_id, None)
        if ring is not None:
            self.changed()
        if ring is None or ring.judge is None:
            return self._make_judge(), OpenChanges()
        ring.judge.resume()
        return ring.judge, ring.open

    def tell(self, call_id: str, contacts: EarlierContacts) -> None:
        """Take the earlier contacts of the caller of a ringing call; an unknown call is ignored."""
        ring = next((each for each in self._rings.values() if each.info.call_id == call_id), None)
        if ring is None or ring.closed:
            return
        if ring.judge is None:
            ring.judge = self._make_judge()
        self._tell(ring, (*ring.judge.observe(contacts), *ring.findings()))

    def forget_old(self) -> None:
        """Close what rang too long without news; called every few seconds."""
        now_s = self._clock()
        for asked_id, ring in list(self._rings.items()):
            silent_s = now_s - ring.changed_s
            if silent_s > KEPT_FOR_S or (ring.answered and ring.judge is None and silent_s > ANSWERED_FOR_S):
                del self._rings[asked_id]
            elif silent_s > SHOWN_FOR_S and not ring.closed:
                self._expired += bool(ring.phones)
                self._close(ring, ClosedBecause.CALL_ENDED)
        self.changed()

    def close(self) -> None:
        """End all: the agent stops."""
        for ring in self._rings.values():
            self._close(ring, ClosedBecause.AGENT_RESTARTED)
        self._rings.clear()
        self.changed()

    # --- what is told

    def listed(self) -> RingingCalls:
        """Return the list as it is published."""
        now_s = self._clock()
        ringing = [each for each in self._rings.values() if self._is_shown(each, now_s)]
        shown: list[RingingCall] = []
        room = MOST_BYTES
        for ring in ringing[:MOST_RINGING]:
            call = _message(ring)
            texts = (*call.phones, call.queue or "", call.caller.number or "", call.caller.name or "")
            room -= _BYTES_OF_CALL + sum(len(each.encode()) + 3 for each in texts)
            if room < 0:
                break
            shown.append(call)
        return RingingCalls(
            agent_id=self._agent_id, run=self._run, calls=tuple(shown), more=len(ringing) - len(shown)
        )

    def counters(self) -> dict[str, int]:
        """Return counts since start, for the health message."""
        return {
            "rings_seen": self._seen,
            "rings_refused": self._refused,
            "rings_without_end": self._expired,
        }

    # --- inside

    @staticmethod
    def _is_shown(ring: _Ring, now_s: float) -> bool:
        silent_s = now_s - ring.changed_s
        return bool(ring.phones) and silent_s <= (ANSWERED_FOR_S if ring.answered else SHOWN_FOR_S)

    def _tell(self, ring: _Ring, changes: Iterable[AlertChange]) -> None:
        for change in changes:
            ring.open.note(change)
            self._listener.alert_changed(alert_message(change, ring.info, ring.since, **self._names))

    def _resume(self, ring: _Ring) -> None:
        ring.closed = False
        if ring.judge is not None:
            ring.judge.resume()
            self._tell(ring, ring.findings())

    def _close(self, ring: _Ring, because: ClosedBecause) -> None:
        ring.closed = True
        if ring.judge is not None:
            self._tell(ring, ring.judge.end(self._clock() - ring.began_s, because))


def _message(ring: _Ring) -> RingingCall:
    info = ring.info
    return RingingCall(
        call_id=info.call_id,
        tap=info.tap,
        since=ring.since,
        caller=info.caller,
        queue=info.queue,
        phones=ring.phones[:MOST_PHONES],
        phones_more=max(0, len(ring.phones) - MOST_PHONES),
        answered=ring.answered,
    )
