"""Recovery of customers after missed events (crash, lost connection, freeze), and the watchdog over them."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.integrations.asterisk.ami_away import AmiError
from kikimori.integrations.asterisk.control.dialplan import Step
from kikimori.integrations.asterisk.control.finding import others_in, place
from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
    from kikimori.integrations.asterisk.control.customers import Customers
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.moves import AsteriskMover
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings
    from kikimori_core.model.call import CallInfo

log = structlog.get_logger()

WATCHDOG_EVERY_S = 1.0
GRACE_S = 5.0
"""Delay in s of the dialplan, which brings customers back by itself, after which the watchdog steps in."""
AGAIN_S = 10.0
"""Shortest interval in s between the watchdog's attempts for one customer."""
ASK_AGAIN_S = 2.0
"""Interval in s between questions while Asterisk does not answer."""
QUESTIONS_LIMIT = 1000


async def until_answered(ask: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Repeat a question until Asterisk answers: it may stand still for seconds without a lost connection."""
    while True:
        try:
            await ask()
        except AmiError:
            await asyncio.sleep(ASK_AGAIN_S)
        else:
            return


class Rescuer:
    """Recovery: asks Asterisk for the customers' state, and brings back those whom nobody fetched."""

    def __init__(
        self,
        ami: Ami,
        settings: AsteriskControlSettings,
        customers: Customers,
        mover: AsteriskMover,
        watched: dict[str, AsteriskCustomer],
        ended: asyncio.Event,
    ) -> None:
        """`watched`: those whose events are needed, by channel; `ended`: set when the book must be saved."""
        self._ami = ami
        self._settings = settings
        self._customers = customers
        self._mover = mover
        self._watched = watched
        self._ended = ended
        self._tried_at: dict[str, float] = {}
        self._questions: asyncio.Queue[Callable[[], Coroutine[Any, Any, None]]] = asyncio.Queue(
            QUESTIONS_LIMIT
        )

    async def what_became_of_all(self) -> None:
        """Determine every customer's state after a crash of ours or a lost connection. Raises AmiError."""
        for customer in self._customers:
            if not await self._catch_up(customer):
                continue
            if customer.from_dead_run and customer.step is Step.HOLD and not customer.bridge:
                log.warning("held_customer_rescued", call_id=customer.call_id)
                await self._mover.rescue(customer, self._home)
            customer.from_dead_run = False
        self._ended.set()

    def meet(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Note a call, as `Remembers.meet`."""
        if call.channel and not self._known(call.channel, changed):
            self._later(partial(self._adopt, call, changed))

    def ask_about(self, customer: AsteriskCustomer) -> None:
        """Queue the question who is in the customer's bridge."""
        self._later(partial(self._who_is_left, customer))

    async def ask(self) -> None:
        """Ask the queued questions one after another, until cancelled."""
        while True:
            await until_answered(await self._questions.get())

    async def watch(self) -> None:
        """Bring back customers whom Asterisk should have brought back long ago, until cancelled."""
        while True:
            await asyncio.sleep(WATCHDOG_EVERY_S)
            now = asyncio.get_running_loop().time()
            for customer in self._customers:
                if not customer.lost and self._overdue(customer, now):
                    await self._bring_back(customer, now)

    # --- inside

    def _later(self, question: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # So many at once are only there while Asterisk is away; then everybody in the book is asked about anyway.
        if not self._questions.full():
            self._questions.put_nowait(question)

    async def _who_is_left(self, customer: AsteriskCustomer) -> None:
        if customer.doubt and self._customers.get(customer.channel) is customer:
            await self._catch_up(customer)

    async def _adopt(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Take over a customer moved by an earlier run who is not in the book. Raises AmiError."""
        channel = call.channel or ""
        # The book may have been read since, or somebody pressed.
        if self._known(channel, changed):
            return
        there = await place(self._ami, channel)
        customer = self._customers.get(channel)
        if there is None or (customer is not None and customer.uniqueid != there.uniqueid):
            # An Asterisk that was started again has the same names for other channels.
            return
        if customer is not None:
            self._tell(customer, changed)
        elif there.ours and channel not in self._watched:
            customer = await self._mover.adopt(call, there)
            self._watched[channel] = customer
            self._tell(customer, changed)

    def _known(self, channel: str, changed: Callable[[CallStatus], None]) -> bool:
        customer = self._customers.get(channel)
        if customer is None or customer.lost:
            return False
        self._tell(customer, changed)
        return True

    @staticmethod
    def _tell(customer: AsteriskCustomer, changed: Callable[[CallStatus], None]) -> None:
        customer.changed = changed
        if customer.status is not CallStatus.TALKING:
            changed(customer.status)

    async def _catch_up(self, customer: AsteriskCustomer) -> bool:
        """Update a customer's state from Asterisk; False for one outside our dialplan. Raises AmiError."""
        there = await place(self._ami, customer.channel)
        if there is not None and there.uniqueid == customer.uniqueid and there.ours:
            customer.found(there, await others_in(self._ami, there), asyncio.get_running_loop().time())
            customer.news.set()
            return True
        customer.gone = there is None or there.uniqueid != customer.uniqueid
        if not customer.gone:
            customer.set_status(CallStatus.TALKING)
        customer.news.set()
        self._watched.pop(customer.channel, None)
        self._customers.drop(customer)
        return False

    @property
    def _home(self) -> Step:
        return Step.SUPERIOR if self._settings.after_hold == "superior" else Step.BACK

    def _overdue(self, customer: AsteriskCustomer, now: float) -> bool:
        tried_at = self._tried_at.get(customer.uniqueid, -math.inf)
        return now - tried_at >= AGAIN_S and self._late(customer, now)

    def _late(self, customer: AsteriskCustomer, now: float) -> bool:
        if customer.bridge:
            return False
        longest = {
            Step.HOLD: self._settings.hold_s,
            Step.RING: self._settings.ringing_s,
            Step.HAND: self._settings.hold_s,
        }.get(customer.step or Step.HOLD)
        return longest is not None and now - customer.step_at > longest + GRACE_S

    async def _bring_back(self, customer: AsteriskCustomer, now: float) -> None:
        self._tried_at = {key: at for key, at in self._tried_at.items() if now - at < AGAIN_S} | {
            customer.uniqueid: now
        }
        try:
            # Asked first: a program that was frozen has the news of the customer's return still before it.
            if not await self._catch_up(customer):
                self._ended.set()
            elif self._late(customer, now):
                log.warning("held_customer_overdue", call_id=customer.call_id)
                await self._mover.rescue(customer, self._home)
        except AmiError:
            return
