"""`kikimori.control.pbx_control.PbxControl` for FreeSWITCH, over its event socket.

FreeSWITCH itself brings a customer back from hold, see `orders`; this program starts moves and watches them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.control.held import HeldBook
from kikimori.control.pbx_control import HoldTimes, PbxAnswer, not_supported
from kikimori.integrations.freeswitch.client import REMEDIES, EslAwayError, EslClient
from kikimori.integrations.freeswitch.control.customer import FreeSwitchCustomer
from kikimori.integrations.freeswitch.control.moves import FreeSwitchMover
from kikimori.integrations.freeswitch.control.orders import is_channel, is_extension
from kikimori.integrations.freeswitch.control.supervision import HEARD_BY, FreeSwitchSupervision
from kikimori.integrations.freeswitch.control.watching import EVENTS, Watch
from kikimori.integrations.freeswitch.settings import read_secret
from kikimori_core.wire.actions import MOVES, TRANSFERS
from kikimori_core.wire.messages import Action, Announcement, CallStatus, Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.control.pbx_control import PbxRequest
    from kikimori.control.pbx_settings import ControlSettings
    from kikimori.integrations.freeswitch.esl import Event
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable
    from kikimori_core.model.call import CallInfo

log = structlog.get_logger()

MOST_MET = 10_000
RETURNS = (Action.UNHOLD, Action.TAKE_BACK)


class FreeSwitchControl:
    """Control of FreeSWITCH. `run` keeps the connection; nothing here raises for what the PBX does."""

    def __init__(self, table: FreeSwitchTable, settings: ControlSettings) -> None:
        self._settings = settings
        self._esl = EslClient(
            table.esl_host,
            table.esl_port,
            partial(read_secret, table.esl_password_file),
            events=EVENTS,
            on_event=self._event,
            on_up=self._catch_up,
            on_down=self._lost,
        )
        self._watch = Watch()
        self._book = HeldBook(settings.book)
        self._mover = FreeSwitchMover(self._esl, settings, self._watch, self._book)
        self._supervision = FreeSwitchSupervision(self._esl, settings, self._watch)
        self._customers: dict[str, FreeSwitchCustomer] = {}
        self._busy: dict[str, PbxRequest] = {}
        """Request in progress, by the customer's channel."""
        self._met: dict[str, tuple[CallInfo, Callable[[CallStatus], None]]] = {}
        """Calls, by channel, of which it is still unknown whether an earlier run moved them."""
        self._left_alone: set[str] = set()
        """Channels of operators whose customers have left."""
        self._left: dict[str, dict[str, str]] | None = None
        """Entries that the last run left, by channel; None until they were read."""
        self._ended = asyncio.Event()

    @property
    def kind(self) -> str:
        return "freeswitch"

    @property
    def capabilities(self) -> tuple[Action, ...]:
        announce = (Action.ANNOUNCE,) if self._settings.announcements else ()
        return (*MOVES, *HEARD_BY, *announce)

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        return tuple(Announcement(name=each.name, title=each.title) for each in self._settings.announcements)

    @property
    def connected(self) -> bool:
        return self._esl.up

    @property
    def keep_operator(self) -> bool:
        return self._settings.keep_operator

    def hold_times(self, call: CallInfo) -> HoldTimes | None:
        """Return what is left of a call's hold, as `HoldingControl.hold_times`."""
        customer = self._customers.get(call.channel or "")
        ends = None if customer is None else customer.hold_ends
        if customer is None or ends is None or not self.connected:
            return None
        left = ends - asyncio.get_running_loop().time()
        return HoldTimes(left, left if customer.rings else None)

    async def run(self) -> None:
        self._left = await self._book.load()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._esl.run(), name="freeswitch-control")
            tasks.create_task(self._tidy(), name="held-book")

    def problems(self) -> tuple[Problem, ...]:
        found = []
        trouble = self._esl.trouble
        if trouble is not None:
            found.append(
                Problem(
                    code=f"pbx_{trouble.reason}",
                    detail=trouble.detail[:200],
                    remedy=REMEDIES.get(trouble.reason, ""),
                )
            )
        return (*found, *self._book.problems())

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        """Carry out a request, as `PbxControl.carry_out`."""
        if request.action not in self.capabilities:
            return not_supported(request.action)
        channel = request.call.channel
        if not channel or not is_channel(channel):
            return PbxAnswer(
                Outcome.REFUSED, "no_such_channel", "the tap does not know the customer's channel"
            )
        try:
            if await self._esl.api(f"uuid_exists {channel}") != "true":
                return PbxAnswer(Outcome.FAILED, "no_such_channel")
            if request.action in HEARD_BY:
                return await self._supervision.supervise(request, channel)
            if request.action is Action.ANNOUNCE:
                return await self._supervision.announce(request, channel)
            return await self._one_at_a_time(request, channel, changed)
        except EslAwayError as error:
            reason = "timeout" if error.reason == "esl_timeout" and self.connected else "pbx_away"
            return PbxAnswer(Outcome.FAILED, reason, error.detail[:200] or error.reason)
        except ValueError as error:
            return PbxAnswer(Outcome.REFUSED, "bad_request", str(error))

    def meet(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Note a call, as `Remembers.meet`."""
        channel = call.channel or ""
        if is_channel(channel) and not self._known(channel, changed) and len(self._met) < MOST_MET:
            self._met[channel] = call, changed
            self._ended.set()

    # --- moves

    async def _one_at_a_time(
        self, request: PbxRequest, channel: str, changed: Callable[[CallStatus], None]
    ) -> PbxAnswer:
        earlier = self._busy.get(channel)
        customer = self._customers.get(channel)
        if earlier is not None:
            if customer is None or not _gives_way(earlier.action, customer, request.action):
                return PbxAnswer(Outcome.REFUSED, "call_busy", f"{earlier.action} is being carried out")
            self._mover.call_off(customer)
        self._busy[channel] = request
        try:
            return await self._move(request, channel, changed)
        finally:
            if self._busy.get(channel) is request:
                del self._busy[channel]
                moved = self._customers.get(channel)
                if moved is not None:
                    self._by_itself(moved)

    async def _move(
        self, request: PbxRequest, channel: str, changed: Callable[[CallStatus], None]
    ) -> PbxAnswer:
        customer = self._customers.get(channel)
        known = customer is not None and not customer.doubtful
        if customer is None:
            customer = self._customers[channel] = self._customer(request.call, channel)
        customer.changed = changed
        # From now on this run answers for where they are.
        customer.from_dead_run = customer.doubtful = False
        turn = customer.turn
        try:
            if not known:
                if not await self._mover.look(customer):
                    return PbxAnswer(Outcome.FAILED, "no_such_channel")
                known = customer.adopt()
            match request.action:
                case Action.HANG_UP:
                    return await self._mover.hang_up(customer)
                case Action.UNHOLD | Action.TAKE_BACK:
                    if not known:
                        reason = "not_on_hold" if request.action is Action.UNHOLD else "not_transferred"
                        return PbxAnswer(Outcome.REFUSED, reason)
                    return await self._mover.back(customer)
                case _ if customer.status is CallStatus.TRANSFERRED:
                    return PbxAnswer(Outcome.REFUSED, "already_transferred")
                case Action.HOLD:
                    return await self._mover.hold(request, customer)
                case Action.HOLD_TRANSFER:
                    return await self._mover.fetch(request, customer)
                case _:
                    return await self._mover.hand(request, customer)
        except EslAwayError:
            customer.doubtful = customer.status is CallStatus.TALKING and customer.turn != turn
            raise
        finally:
            talks = customer.status is CallStatus.TALKING and not customer.doubtful
            if talks or customer.channel.gone:
                self._forget(customer)

    def _customer(self, call: CallInfo, channel: str) -> FreeSwitchCustomer:
        number = call.operator.number
        extension = number if number and is_extension(number) else ""
        return FreeSwitchCustomer(call.call_id, self._watch.on(channel), extension=extension)

    def _forget(self, customer: FreeSwitchCustomer) -> None:
        if self._customers.get(customer.uuid) is customer:
            del self._customers[customer.uuid]
            self._watch.off(customer.uuid)
            if customer.channel.gone and customer.operator:
                self._left_alone.add(customer.operator)
            self._ended.set()

    # --- what FreeSWITCH says

    def _event(self, event: Event) -> None:
        self._watch.take(event)
        for uuid_ in {event.uuid, event.get("Bridge-A-Unique-ID"), event.get("Bridge-B-Unique-ID")}:
            customer = self._customers.get(uuid_)
            if customer is not None and uuid_ not in self._busy:
                self._by_itself(customer)

    def _by_itself(self, customer: FreeSwitchCustomer) -> None:
        """Handle an event of a customer who is not being moved now."""
        if customer.channel.gone:
            self._forget(customer)
        elif customer.with_superior:
            customer.become(CallStatus.TRANSFERRED)
        elif customer.connected:
            # The hold has ended at FreeSWITCH's own clock, or the superior left the operator with the customer.
            customer.become(CallStatus.TALKING)
            self._forget(customer)
        elif customer.doubtful and customer.begun:
            customer.become(CallStatus.ON_HOLD)

    def _lost(self) -> None:
        self._watch.wake()

    async def _catch_up(self) -> None:
        """Update all customers after a log-in; one left on hold by an earlier run goes back at once."""
        left, self._left = self._left or {}, {}
        for channel, entry in left.items():
            if is_channel(channel) and channel not in self._customers:
                self._customers[channel] = FreeSwitchCustomer.from_entry(self._watch.on(channel), entry)
        for customer in list(self._customers.values()):
            if customer.uuid in self._busy:
                continue  # whoever moves them has noticed
            there = await self._mover.look(customer)
            if customer.uuid in self._busy:
                continue
            customer.channel.gone = not there
            # Said of each until it was asked about: the connection may break again before.
            dead_hold = customer.from_dead_run and there and customer.channel.step == "hold"
            if dead_hold and not customer.channel.peer:
                await self._rescue(customer)
                continue
            customer.from_dead_run = False
            if there and not customer.channel.peer:
                customer.become(CallStatus.ON_HOLD)
            self._by_itself(customer)
        # Customers in the book who are gone.
        self._ended.set()

    def _known(self, channel: str, changed: Callable[[CallStatus], None]) -> bool:
        customer = self._customers.get(channel)
        if customer is None:
            return False
        customer.changed = changed
        if customer.status is not CallStatus.TALKING:
            changed(customer.status)
        return True

    async def _recognise(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Take over a customer moved by an earlier run who is not in the book. Raises `EslAwayError`."""
        channel = call.channel or ""
        if self._known(channel, changed):
            return
        customer = self._customer(call, channel)
        there = await self._mover.look(customer)
        if channel in self._customers:
            return  # somebody has pressed meanwhile
        if there and customer.adopt():
            self._customers[channel] = customer
            self._known(channel, changed)
            await self._book.put(channel, customer.entry())
        else:
            self._watch.off(channel)

    async def _rescue(self, customer: FreeSwitchCustomer) -> None:
        log.warning("held_customer_rescued", call_id=customer.call_id)
        answer = await self._mover.back(customer, unasked=True)
        customer.from_dead_run = False
        log.info("held_customer_back", call_id=customer.call_id, outcome=str(answer.outcome))
        self._by_itself(customer)

    async def _tidy(self) -> None:
        """Write the book again after customers have left, and release the operators who waited for them."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            for channel in self._book.channels():
                if self._left == {} and channel not in self._customers:
                    await self._book.drop(channel)
            while self._left_alone:
                with suppress(EslAwayError):
                    await self._mover.release(self._left_alone.pop())
            # Whom we meet while FreeSWITCH is away is asked about when it is back.
            while self._met and self.connected:
                channel = next(iter(self._met))
                try:
                    await self._recognise(*self._met[channel])
                except EslAwayError:
                    break
                del self._met[channel]


def _gives_way(earlier: Action, customer: FreeSwitchCustomer, action: Action) -> bool:
    """Return whether the action may call the earlier one off: only ringing can be."""
    if customer.connected or customer.status is not CallStatus.ON_HOLD:
        return False
    if earlier in TRANSFERS:
        return action in (*RETURNS, Action.HANG_UP)
    return earlier in RETURNS and action not in RETURNS
