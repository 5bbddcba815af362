"""`kikimori.control.pbx_control.PbxControl` for Asterisk, by its manager interface (AMI) and a dialplan of ours.

The dialplan does every move whole, with its own clocks; this program starts moves and watches them. So nobody stays on
hold because it died: `config/pbx/asterisk/control.md` tells what was seen.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.control.held import HeldBook
from kikimori.control.pbx_control import PbxAnswer, not_supported
from kikimori.integrations.asterisk.ami import AmiClient
from kikimori.integrations.asterisk.ami_away import AmiError
from kikimori.integrations.asterisk.control.alarm import AsteriskAlarm
from kikimori.integrations.asterisk.control.customers import Customers
from kikimori.integrations.asterisk.control.dialplan import TO_SUPERIOR, Step
from kikimori.integrations.asterisk.control.examining import Probe, look
from kikimori.integrations.asterisk.control.finding import NotFoundError, find
from kikimori.integrations.asterisk.control.moves import AsteriskMover
from kikimori.integrations.asterisk.control.remedies import problem_of, remedy_of
from kikimori.integrations.asterisk.control.rescuing import Rescuer, until_answered
from kikimori.integrations.asterisk.control.supervision import SPY, AsteriskSupervision
from kikimori_core.messages import text
from kikimori_core.wire.actions import MOVES, TRANSFERS
from kikimori_core.wire.messages import Action, Announcement, CallStatus, Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.control.pbx_control import HoldTimes, PbxRequest
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings
    from kikimori.integrations.asterisk.settings import AsteriskTable
    from kikimori_core.model.call import CallInfo
    from kikimori_core.model.diagnosis import Diagnosis

log = structlog.get_logger()

LOOK_AGAIN_S = 30.0
"""Interval in s at which a PBX that was not fit is checked again."""

RETURNS = (Action.UNHOLD, Action.TAKE_BACK)


@dataclass(eq=False, slots=True)
class _Move:
    """Action that is being carried out on one call."""

    action: Action
    customer: AsteriskCustomer | None = None

    def call_off(self) -> None:
        if self.customer is not None:
            self.customer.call_off()

    def gives_way_to(self, action: Action) -> bool:
        """Return whether the action may call this one off: only ringing can be; the rest ends at once."""
        if self.customer is None or self.customer.bridge:
            return False
        if self.action in TRANSFERS:
            return self.customer.step in TO_SUPERIOR and action in (*RETURNS, Action.HANG_UP)
        return self.customer.step is Step.OPERATOR and action not in RETURNS


class AsteriskControl:
    """Control of Asterisk. `run` keeps the connection; nothing here raises for what the PBX does."""

    def __init__(self, table: AsteriskTable, settings: AsteriskControlSettings) -> None:
        self._settings = settings
        self._ami = AmiClient(table, self._heard, self._connection_lost)
        self._book = HeldBook(settings.book)
        self._customers = Customers(self._book)
        self._mover = AsteriskMover(self._ami, settings, self._customers)
        self._ended = asyncio.Event()
        self._watched: dict[str, AsteriskCustomer] = {}
        """Customers by channel whose events are needed: those in the book and those being moved now."""
        self._rescuer = Rescuer(self._ami, settings, self._customers, self._mover, self._watched, self._ended)
        self._supervision = AsteriskSupervision(self._ami, settings)
        self._alarm = AsteriskAlarm(self._ami, settings)
        self._moves: dict[str, _Move] = {}
        self._probe: Probe | None = None
        self._checks: list[Diagnosis] = []

    @property
    def kind(self) -> str:
        return "asterisk"

    @property
    def capabilities(self) -> tuple[Action, ...]:
        announce = (Action.ANNOUNCE,) if self._settings.announcements else ()
        return (*MOVES, *SPY, *announce, Action.RING_SUPERIOR)

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        return tuple(Announcement(name=each.name, title=each.title) for each in self._settings.announcements)

    @property
    def keep_operator(self) -> bool:
        return self._settings.keep_operator

    @property
    def connected(self) -> bool:
        return self._ami.away is None

    def hold_times(self, call: CallInfo) -> HoldTimes | None:
        """Return what is left of a call's hold, as `HoldingControl.hold_times`."""
        customer = self._customers.get(call.channel or "")
        if customer is None:
            return None
        return self._settings.hold_times(customer, asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Stay connected; after each login determine the state of the customers in the book."""
        await self._customers.load()
        for customer in self._customers:
            self._watched.setdefault(customer.channel, customer)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ami.run(self._logged_in), name="ami")
            tasks.create_task(self._rescuer.watch(), name="held-watchdog")
            tasks.create_task(self._rescuer.ask(), name="held-asking")
            tasks.create_task(self._tidy(), name="held-book")

    def problems(self) -> tuple[Problem, ...]:
        found = []
        if self._ami.away is not None:
            found.append(
                Problem(
                    code=str(self._ami.away),
                    detail=text("pbx_away", where=self._ami.where, because=self._ami.away_because)
                    if self._ami.away_because
                    else self._ami.where,
                    remedy=remedy_of(self._ami.away),
                )
            )
        else:
            found += [problem_of(each) for each in self._checks if each.state != "ok"]
        if self._alarm.sounds_missing:
            found.append(Problem.of("alarm_sounds_missing"))
        return (*found, *self._book.problems())

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        """Carry out a request, as `PbxControl.carry_out`."""
        if request.action not in self.capabilities:
            return not_supported(request.action)
        if not self.connected:
            return PbxAnswer(Outcome.FAILED, "pbx_away", self._ami.away_because or None)
        try:
            if request.action in MOVES:
                return await self._one_at_a_time(request, changed)
            return await self._supervise_or_announce(request)
        except NotFoundError as error:
            return error.answer
        except AmiError as error:
            return PbxAnswer(Outcome.FAILED, "pbx_away", error.message)
        except ValueError as error:
            return PbxAnswer(Outcome.REFUSED, "bad_request", str(error))

    def meet(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Note a call, as `Remembers.meet`."""
        self._rescuer.meet(call, changed)

    # --- moves

    async def _one_at_a_time(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        key = request.call.channel or request.call.call_id
        earlier = self._moves.get(key)
        if earlier is not None:
            if not earlier.gives_way_to(request.action):
                return PbxAnswer(Outcome.REFUSED, "call_busy", f"{earlier.action} is being carried out")
            earlier.call_off()
        move = _Move(request.action)
        self._moves[key] = move
        try:
            return await self._move(request, changed, move)
        finally:
            if self._moves.get(key) is move:
                del self._moves[key]

    async def _move(
        self, request: PbxRequest, changed: Callable[[CallStatus], None], move: _Move
    ) -> PbxAnswer:
        known = self._customers.get(request.call.channel or "")
        found, customer = await self._mover.prepare(request, known)
        move.customer = customer
        customer.changed = changed
        self._watched[customer.channel] = customer
        try:
            match request.action:
                case Action.HANG_UP:
                    return await self._mover.hang_up(customer)
                case Action.UNHOLD | Action.TAKE_BACK:
                    if customer.status is CallStatus.TALKING and not customer.held_by_us:
                        # Whom the telephone's own key holds, only that key brings back.
                        reason = "not_on_hold" if request.action is Action.UNHOLD else "not_transferred"
                        return PbxAnswer(Outcome.REFUSED, reason)
                    return await self._mover.back(request, customer)
                case _ if customer.status is CallStatus.TRANSFERRED:
                    return PbxAnswer(Outcome.REFUSED, "already_transferred")
                case Action.HOLD:
                    return await self._mover.hold(request, found, customer)
                case _:
                    return await self._mover.transfer(request, found, customer)
        finally:
            if self._customers.get(customer.channel) is not customer:
                self._watched.pop(customer.channel, None)

    async def _supervise_or_announce(self, request: PbxRequest) -> PbxAnswer:
        if request.action is Action.RING_SUPERIOR:
            # Whatever became of the customer's channel: no call is touched.
            request.on_ring(request.target)
            return await self._alarm.ring(request.target, request.call.operator.number)
        if request.action is Action.ANNOUNCE:
            wanted = request.announcement or self._settings.announcements[0].name
            sound = next((each for each in self._settings.announcements if each.name == wanted), None)
            if sound is None:
                return PbxAnswer(Outcome.REFUSED, "no_such_announcement", wanted)
            found = await find(self._ami, request.call)
            return await self._supervision.announce(sound, found.customer.channel)
        found = await find(self._ami, request.call)
        known = self._customers.get(found.customer.channel)
        peer = found.peer or (known.operator if known else None)
        if request.action is Action.WHISPER and not peer:
            return PbxAnswer(Outcome.REFUSED, "not_connected", "nobody is there to whisper to")
        return await self._supervision.supervise(
            request.action, request.target, peer or found.customer.channel
        )

    # --- what Asterisk says

    def _heard(self, event: Block) -> None:
        now = asyncio.get_running_loop().time()
        customer = self._watched.get(event.get("Channel"))
        # An Asterisk that was started again has the same names for other channels.
        if customer is not None and event.get("Uniqueid") in ("", customer.uniqueid):
            customer.note(event, now)
            if customer.gone:
                del self._watched[customer.channel]
                if self._customers.drop(customer):
                    self._ended.set()
        if event.event in ("BridgeEnter", "BridgeLeave"):
            bridge = event.get("BridgeUniqueid")
            for each in self._watched.values():
                if each is not customer and each.bridge == bridge:
                    each.note(event, now)
                    if each.doubt:
                        self._rescuer.ask_about(each)
        if event.event == "MusicOnHoldStart" and event.get("Channel").startswith("Local/"):
            for each in self._watched.values():
                each.note_queue(event)
        self._supervision.note(event)
        self._alarm.note(event)
        if self._probe is not None:
            self._probe.note(event)

    def _connection_lost(self) -> None:
        for customer in self._watched.values():
            customer.lost = True
            customer.news.set()
        self._supervision.lost()
        self._alarm.lost()

    async def _logged_in(self) -> None:
        """Determine the customers' state, then check the PBX. Cancelled when the connection is lost."""
        await until_answered(self._rescuer.what_became_of_all)
        await until_answered(self._look)
        # Somebody may be mending it at this moment.
        while not self._fit:
            await asyncio.sleep(LOOK_AGAIN_S)
            await until_answered(self._look)

    async def _look(self) -> None:
        before = {each.check for each in self._checks}
        self._probe = Probe(self._settings.music)
        try:
            self._checks = await look(self._ami, self._settings, self._probe)
        finally:
            self._probe = None
        for each in self._checks:
            if each.state != "ok" and each.check not in before:
                log.warning("pbx_not_fit", reason=each.check)

    @property
    def _fit(self) -> bool:
        return all(each.state == "ok" for each in self._checks)

    async def _tidy(self) -> None:
        """Write the book again after customers have left."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            await self._customers.save()
