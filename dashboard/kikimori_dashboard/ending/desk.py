"""Proposals to end calls at work: from presses to the database, and from there to the pages of all who see the call.

The database decides between two who press at once, at one dashboard or at several. Nothing here ends a call: `begin_end` takes
a decision for the order that a person gives.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from kikimori_dashboard.actions.commands import RefusedError
from kikimori_dashboard.ending.reasons import reason_of
from kikimori_dashboard.site.call_entry import written_since
from kikimori_dashboard.site.changes import PicturePart
from kikimori_dashboard.site.stop_requests import stop_times
from kikimori_records import endings
from kikimori_records.endings import EndingState, NewProposal
from kikimori_records.errors import StoreError
from kikimori_records.store_following import follow_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.roles import AccessTarget
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.ending.deciders import EndingDeciders
    from kikimori_dashboard.ending.reasons import EndingReason
    from kikimori_dashboard.ending.settings import EndingTable
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.call_entry import CallEntry
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.endings import EndingProposal
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
ORDER_WITHIN = timedelta(minutes=2)
"""Longest time of an order to the PBX; a dashboard that stopped meanwhile leaves the proposal expired."""


class EndingDesk:
    """Proposals to end calls, of one dashboard."""

    def __init__(
        self,
        store: Store,
        state: SiteState,
        sights: Sights,
        deciders: EndingDeciders,
        table: EndingTable,
        reasons: tuple[EndingReason, ...],
        changed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._state = state
        self._sights = sights
        self._deciders = deciders
        self._table = table
        self.reasons = reasons
        self._changed = changed
        self._now = now
        self._presses = 0
        """Counts presses: what was read before one is older than it."""

    def needed(self, reason: str) -> int:
        """Return the number of requests to stop that a reason needs."""
        own = reason_of(self.reasons, reason).warnings
        return self._table.warnings if own is None else own

    def warned(self, call_id: str) -> int:
        """Return how often the customer was asked to stop."""
        return len(stop_times(self._entry(call_id)))

    async def propose(self, call_id: str, reason: str, words: str | None, who: Principal) -> EndingProposal:
        """Propose to end a call; raises RefusedError, StoreError."""
        person_id, entry = _person(who), self._entry(call_id)
        if reason not in {each.id for each in self.reasons}:
            raise RefusedError(422, "bad_request")
        now = self._now()
        people = self._deciders.people_for(self._target(entry), self._table.people)
        new = NewProposal(call_id, reason, words, people, person_id, now, now + self._lasts)
        found = await endings.propose(self._store, new)
        self._show(entry, found)
        if found.id != new.id:
            raise RefusedError(409, "already_proposed")
        return found

    async def agree(self, call_id: str, proposal_id: str, who: Principal) -> EndingProposal:
        """Agree to a proposal; its proposer where one person decides, after some seconds. Raises RefusedError, StoreError."""
        person_id, entry = _person(who), self._entry(call_id)
        found, now = await self._open(entry, proposal_id), self._now()
        if person_id == found.person_id:
            if found.people > 1:
                raise RefusedError(409, "second_person_needed")
            if now - found.at < timedelta(seconds=self._table.confirm_after_s):
                raise RefusedError(409, "read_first")
        if not await self._deciders.may_decide({found.person_id, person_id}, self._target(entry)):
            raise RefusedError(409, "not_by_these")
        if len(stop_times(entry)) < self.needed(found.reason):
            raise RefusedError(409, "too_few_warnings")
        return await self._decided(entry, found, EndingState.AGREED, person_id)

    async def refuse(self, call_id: str, proposal_id: str, who: Principal) -> EndingProposal:
        """Refuse somebody else's proposal; raises RefusedError, StoreError."""
        person_id, entry = _person(who), self._entry(call_id)
        found = await self._open(entry, proposal_id)
        if person_id == found.person_id:
            raise RefusedError(409, "second_person_needed")
        return await self._decided(entry, found, EndingState.REFUSED, person_id)

    async def withdraw(self, call_id: str, proposal_id: str, who: Principal) -> EndingProposal:
        """Withdraw one's proposal, or one's agreement with it; raises RefusedError, StoreError."""
        person_id, entry = _person(who), self._entry(call_id)
        found = await self._open(entry, proposal_id)
        if person_id not in (found.person_id, found.second_id):
            raise RefusedError(403, "not_allowed")
        done = await endings.withdraw(self._store, found, self._now())
        return await self._after(entry, done=done)

    async def begin_end(self, call_id: str, proposal_id: str) -> EndingProposal:
        """Take an agreed proposal for the order to the PBX, once; raises RefusedError, StoreError."""
        entry = self._entry(call_id)
        found, now = await self._open(entry, proposal_id), self._now()
        if found.state is not EndingState.AGREED:
            raise RefusedError(409, "under_way" if found.state is EndingState.ENDING else "not_agreed")
        if not await self._deciders.stand(found, self._target(entry)):
            raise RefusedError(409, "not_by_these")
        done = await endings.begin_end(self._store, found, now, now + ORDER_WITHIN)
        return await self._after(entry, done=done)

    async def finish_end(self, proposal: EndingProposal, *, done: bool) -> None:
        """Note what came of the order. Never raises: the call may be over, whatever the database says."""
        now = self._now()
        try:
            await endings.finish_end(self._store, proposal, done=done, at=now, until=now + self._lasts)
            self._presses += 1
            entry = self._state.calls.get(proposal.call_id)
            if entry is not None:
                self._show(entry, await endings.proposal_of(self._store, proposal.call_id))
        except StoreError as error:
            log.error("ending_not_noted", call_id=proposal.call_id, error=type(error).__name__)

    async def note_request(self, call_id: str, who: Principal) -> int:
        """Note that the customer was asked to stop; return the count. Raises RefusedError, StoreError."""
        entry, now = self._entry(call_id), self._now()
        await endings.note_request(self._store, call_id, who.person_id, now)
        self._presses += 1
        self._show_stops(entry, [*entry.stops_pressed, now])
        return len(stop_times(entry))

    async def keep(self) -> None:
        """Follow the database, until cancelled."""
        await follow_store(self.look, LOOK_EVERY_S, "endings_not_read")

    async def look(self) -> None:
        """Read proposals and requests of the running calls, as this or another dashboard wrote them; raises StoreError."""
        since = written_since(self._state.calls.values(), self._now())
        if since is None:
            return
        presses = self._presses
        proposals = {each.call_id: each for each in await endings.proposals_since(self._store, since)}
        pressed = await endings.requests_since(self._store, since)
        if presses != self._presses:
            return
        for call_id, entry in self._state.calls.items():
            self._show(entry, proposals.get(call_id), press=False)
            self._show_stops(entry, pressed.get(call_id, []))

    # --- inside

    @property
    def _lasts(self) -> timedelta:
        return timedelta(seconds=self._table.expires_s)

    def _entry(self, call_id: str) -> CallEntry:
        entry = self._state.calls.get(call_id)
        if entry is None:
            raise RefusedError(404, "no_such_call")
        return entry

    def _target(self, entry: CallEntry) -> AccessTarget:
        return self._sights.target(entry.state.operator.number)

    async def _open(self, entry: CallEntry, proposal_id: str) -> EndingProposal:
        """Return the open proposal of a call as the database has it; raises RefusedError for another one."""
        found = await endings.proposal_of(self._store, entry.state.call_id)
        if found is None or found.id != proposal_id or not found.is_open(self._now()):
            self._show(entry, found)
            raise RefusedError(409, "proposal_over")
        return found

    async def _decided(
        self, entry: CallEntry, found: EndingProposal, state: EndingState, person_id: str
    ) -> EndingProposal:
        now = self._now()
        done = await endings.decide(self._store, found, state, person_id, now, now + self._lasts)
        return await self._after(entry, done=done)

    async def _after(self, entry: CallEntry, *, done: bool) -> EndingProposal:
        """Show a proposal after a press; raises RefusedError where somebody else was first."""
        found = await endings.proposal_of(self._store, entry.state.call_id)
        self._show(entry, found)
        if not done or found is None:
            raise RefusedError(409, "proposal_over")
        return found

    def _show(self, entry: CallEntry, found: EndingProposal | None, *, press: bool = True) -> None:
        self._presses += press
        view = None if found is None else self._view(found)
        if entry.ending != view:
            entry.ending = view
            self._touch(entry)

    def _show_stops(self, entry: CallEntry, times: list[datetime]) -> None:
        if entry.stops_pressed != times:
            entry.stops_pressed = times
            self._touch(entry)

    def _touch(self, entry: CallEntry) -> None:
        if self._state.calls.get(entry.state.call_id) is entry:
            self._state.changes.touch(PicturePart.CALLS, entry.state.call_id)
            self._changed()

    def _view(self, found: EndingProposal) -> dict[str, Any] | None:
        """Return a proposal for the pages; None for one that was withdrawn."""
        if found.state is EndingState.WITHDRAWN:
            return None
        open_in_database = found.state in endings.OPEN
        over = open_in_database and not found.is_open(self._now())
        reason = reason_of(self.reasons, found.reason)
        view = reason.view(self._table.warnings)
        return {
            "id": found.id,
            "state": "expired" if over else found.state.value,
            "reason": view["title"],
            "say": view["say"],
            "needed": view["needed"],
            "words": found.words,
            "people": found.people,
            "person_id": found.person_id,
            "name": found.name,
            "at": found.at.isoformat(),
            "expires_at": found.expires_at.isoformat(),
            "confirm_from": (found.at + timedelta(seconds=self._table.confirm_after_s)).isoformat(),
            "second_id": found.second_id,
            "second_name": found.second_name,
        }


def _person(who: Principal) -> str:
    """Return the id of a person; raises RefusedError for an operator's PC: it is nobody's name."""
    if who.person_id is None:
        raise RefusedError(403, "person_needed")
    return who.person_id
