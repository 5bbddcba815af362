"""Moves of a customer: on hold, to a superior, back. FreeSWITCH does them; here they are started and watched.

Each move is proved by FreeSWITCH's events, not by its "+OK".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.freeswitch.control.orders import AT_END, WORDS, OrderWriter, is_extension
from kikimori_core.wire.messages import CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.control.held import HeldBook
    from kikimori.control.pbx_control import PbxRequest
    from kikimori.control.pbx_settings import ControlSettings
    from kikimori.integrations.freeswitch.client import EslClient
    from kikimori.integrations.freeswitch.control.customer import FreeSwitchCustomer
    from kikimori.integrations.freeswitch.control.watching import Watch

SOON_S = 3.0
"""Longest time in s for FreeSWITCH's own work: music, a bridge, an end."""
PATIENCE_S = 3.0
"""Seconds beyond the time that a telephone rings."""
REASON_WITHIN_S = 1.0
"""Seconds in which the reason for an unreached telephone may come after its consequences."""
DONE = PbxAnswer(Outcome.DONE)
SUPERSEDED = PbxAnswer(Outcome.FAILED, "superseded", "another button was pressed meanwhile")
HUNG_UP = PbxAnswer(Outcome.FAILED, "customer_hung_up", "the customer hung up")
AWAY = PbxAnswer(Outcome.FAILED, "pbx_away", "the event socket was lost; FreeSWITCH goes on by itself")
NOT_CONNECTED = PbxAnswer(Outcome.REFUSED, "not_connected", "the customer talks with nobody")

CAUSES = {
    "USER_BUSY": "busy",
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ALLOTTED_TIMEOUT": "no_answer",
    "ORIGINATOR_CANCEL": "no_answer",
    "RECOVERY_ON_TIMER_EXPIRE": "no_answer",
    "PROGRESS_TIMEOUT": "no_answer",
    "CALL_REJECTED": "declined",
    "USER_NOT_REGISTERED": "unreachable",
    "SUBSCRIBER_ABSENT": "no_such_extension",
    "UNALLOCATED_NUMBER": "no_such_extension",
    "NO_ROUTE_DESTINATION": "no_such_extension",
    "DESTINATION_OUT_OF_ORDER": "unreachable",
    "NORMAL_TEMPORARY_FAILURE": "unreachable",
    "NETWORK_OUT_OF_ORDER": "unreachable",
    "GATEWAY_DOWN": "unreachable",
}
"""Hang-up causes (Q.850 names) as the dashboard's words."""


class FreeSwitchMover:
    """One move of one customer at a time; control decides their order. Methods raise `EslAwayError`."""

    def __init__(self, esl: EslClient, settings: ControlSettings, watch: Watch, book: HeldBook) -> None:
        self._esl = esl
        self._settings = settings
        self._watch = watch
        self._book = book
        self._orders = OrderWriter(settings)

    async def hold(self, request: PbxRequest, customer: FreeSwitchCustomer) -> PbxAnswer:
        """Put the customer on hold with music; DONE when it plays."""
        if customer.status is CallStatus.ON_HOLD:
            return PbxAnswer(Outcome.REFUSED, "already_on_hold")
        keep = self._settings.keeps_operator(request)
        return await self._hold(customer, self._settings.longest_hold_s, keep=keep) or DONE

    async def fetch(self, request: PbxRequest, customer: FreeSwitchCustomer) -> PbxAnswer:
        """Hold, ring the superior, connect; without an answer FreeSWITCH brings the customer back."""
        if not is_extension(request.target):
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        if customer.status is CallStatus.ON_HOLD:
            keep = bool(customer.operator) and self._settings.keeps_operator(request)
        else:
            keep = self._settings.keeps_operator(request)
            # The operator waits in any case, and is there if nobody answers.
            hold_s = max(self._settings.longest_hold_s, self._settings.ring_s)
            failed = await self._hold(customer, hold_s, keep=True)
            if failed is not None:
                return failed
        failed = await self._ring(request, customer, join=keep, release=not keep)
        if failed is not None:
            return failed
        request.on_ring(request.target)
        failed = await self._until(
            customer,
            lambda: customer.connected or customer.channel.failed,
            self._settings.ring_s + PATIENCE_S,
        )
        if failed is not None:
            return failed
        if customer.with_superior:
            return await self._with_superior(customer, keep=keep)
        return await self._not_reached(customer)

    async def hand(self, request: PbxRequest, customer: FreeSwitchCustomer) -> PbxAnswer:
        """Transfer blind: DONE when the target's telephone rings. Unanswered, the customer comes back."""
        if not is_extension(request.target):
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        waiting, peer = customer.operator, customer.channel.peer
        if peer:
            keep = self._settings.keeps_operator(request)
            customer.operator = peer if keep else ""
        else:
            keep = bool(waiting) and self._settings.keeps_operator(request)
            customer.operator = waiting if keep else ""
        waited = waiting if waiting != customer.operator and not peer else ""
        failed = await self._ring(request, customer, join=keep, waited=waited)
        if failed is not None:
            return failed
        customer.become(CallStatus.ON_HOLD)
        channel = customer.channel
        failed = await self._until(
            customer,
            lambda: channel.rung or channel.failed or customer.connected,
            self._settings.ring_s + PATIENCE_S,
        )
        if failed is not None:
            return failed
        if customer.with_superior:
            return await self._with_superior(customer, keep=keep)
        if "target" in channel.rung and not channel.failed:
            return DONE
        return await self._not_reached(customer)

    async def back(self, customer: FreeSwitchCustomer, *, unasked: bool = False) -> PbxAnswer:
        """Connect with the operator, who waits or is rung; DONE when they talk. `unasked`: after a hold."""
        customer.begin()
        channel = customer.channel
        refused = _refusal(await self._esl.api(self._orders.back(customer.subject, unasked=unasked)))
        if refused is not None:
            return refused
        if not customer.operator:
            customer.become(CallStatus.ON_HOLD)
        failed = await self._until(
            customer, lambda: customer.connected or channel.rung, self._settings.ring_s + PATIENCE_S
        )
        if failed is None and not customer.connected:
            # The operator had gone: their telephone rings.
            customer.become(CallStatus.ON_HOLD)
            failed = await self._until(
                customer, lambda: customer.connected, self._settings.ring_s + PATIENCE_S
            )
        if failed is not None and failed.reason != "no_answer":
            return failed
        if failed is None and not customer.with_superior:
            return await self._home(customer)
        if failed is None:
            # In the operator's stead the superior has answered.
            await self._with_superior(customer, keep=False)
        # Otherwise FreeSWITCH goes on ringing, the superior too; the customer hears music.
        cause = channel.causes.get("operator", "")
        return PbxAnswer(Outcome.FAILED, CAUSES.get(cause, "no_answer"), cause or None)

    async def hang_up(self, customer: FreeSwitchCustomer) -> PbxAnswer:
        """End the call of everybody in it."""
        customer.turn += 1
        others = {customer.channel.peer, customer.operator} - {""}
        refused = _refusal(await self._esl.api(f"uuid_kill {customer.uuid} NORMAL_CLEARING"))
        for other in others:
            await self._end(other)
        if refused is not None:
            return refused
        if await self._watch.until(lambda: customer.channel.gone, SOON_S):
            return DONE
        return PbxAnswer(Outcome.FAILED, "timeout", "the channel did not end")

    def call_off(self, customer: FreeSwitchCustomer) -> None:
        """End the wait for a telephone."""
        customer.turn += 1
        self._watch.wake()

    async def look(self, customer: FreeSwitchCustomer) -> bool:
        """Ask FreeSWITCH for the customer's state; False when the channel has ended.

        What is known stays when another order was given meanwhile.
        """
        turn = customer.turn
        words = (await self._esl.api(self._orders.where(customer.uuid))).split("|")
        if customer.turn != turn:
            return True
        if len(words) != WORDS or words[0] != customer.uuid:
            return False
        _, peer, order, step, operator = words
        if customer.doubtful and order != customer.channel.order:
            # The order may still come.
            customer.channel.peer = peer
            return True
        customer.channel.found(peer, order, step)
        if order and not customer.operator:
            customer.operator = operator
        return True

    async def release(self, operator: str) -> None:
        """End the channel of an operator whose customer has left."""
        await self._end(operator)

    # --- inside

    async def _hold(self, customer: FreeSwitchCustomer, hold_s: float, *, keep: bool) -> PbxAnswer | None:
        """Take both out of their conversation at once; None when the music plays."""
        channel = customer.channel
        peer = channel.peer
        if not peer:
            return NOT_CONNECTED
        customer.operator = peer if keep else ""
        await self._begin(customer)
        refused = _refusal(await self._esl.api(self._orders.hold(customer.subject, hold_s)))
        if refused is None:
            refused = await self._until(customer, lambda: channel.music or customer.connected, SOON_S)
            if refused is None and channel.music:
                customer.hold_ends = asyncio.get_running_loop().time() + hold_s
                customer.become(CallStatus.ON_HOLD)
                return None
            if refused in (SUPERSEDED, HUNG_UP, AWAY):
                customer.doubtful = refused is AWAY
                return refused
            # Without music the list has gone on by itself: silence is taken for a dropped call.
            if not customer.connected:
                await self.back(customer)
            refused = PbxAnswer(
                Outcome.FAILED, "no_music", f"FreeSWITCH did not begin to play {self._settings.music}"
            )
        await self._book.drop(customer.uuid)
        return refused

    async def _ring(
        self,
        request: PbxRequest,
        customer: FreeSwitchCustomer,
        *,
        join: bool,
        release: bool = False,
        waited: str = "",
    ) -> PbxAnswer | None:
        """Order the target's telephone to ring; None when FreeSWITCH has accepted."""
        bridged = bool(customer.channel.peer)
        await self._begin(customer)
        number = request.call.caller.number
        order = self._orders.ring(
            customer.subject,
            request.target,
            number,
            bridged=bridged,
            join=join,
            release=release,
            waited=waited,
        )
        refused = _refusal(await self._esl.api(order))
        if refused is None:
            customer.hold_ends = asyncio.get_running_loop().time() + self._settings.ring_s
            customer.rings = True
        return refused

    async def _begin(self, customer: FreeSwitchCustomer) -> None:
        customer.begin()
        if customer.operator and not customer.hook_is_free:
            hook = await self._variable(customer.uuid, AT_END)
            customer.hook_is_free = not hook or hook.startswith("uuid_kill ")
        # Written before anything is moved: a program that dies in between must know of it afterwards.
        await self._book.put(customer.uuid, customer.entry())

    async def _until(
        self, customer: FreeSwitchCustomer, condition: Callable[[], object], within_s: float
    ) -> PbxAnswer | None:
        """Wait for the condition; None when it holds, else the reason."""
        turn = customer.turn

        def over() -> bool:
            gone = customer.channel.gone or customer.turn != turn or not self._esl.up
            return bool(gone or condition())

        in_time = await self._watch.until(over, within_s)
        if customer.turn != turn:
            return SUPERSEDED
        if customer.channel.gone:
            return HUNG_UP
        if condition():
            return None
        return PbxAnswer(Outcome.FAILED, "no_answer", "no event in time") if not in_time else AWAY

    async def _not_reached(self, customer: FreeSwitchCustomer) -> PbxAnswer:
        """Return the failure once the customer has come to rest: the next press must find them there."""
        customer.hold_ends, customer.rings = None, False
        channel = customer.channel
        await self._until(customer, lambda: channel.failed, REASON_WITHIN_S)
        cause = channel.failed
        failed = await self._until(customer, lambda: customer.connected or channel.rung - {"target"}, SOON_S)
        if failed in (SUPERSEDED, HUNG_UP):
            return failed
        if customer.connected and not customer.with_superior:
            await self._home(customer)
        return PbxAnswer(Outcome.FAILED, CAUSES.get(cause, "pbx_error"), cause or None)

    async def _with_superior(self, customer: FreeSwitchCustomer, *, keep: bool) -> PbxAnswer:
        customer.become(CallStatus.TRANSFERRED)
        detail = None
        if customer.operator and not keep:
            customer.operator = ""
        elif customer.operator and await self._esl.api(f"uuid_exists {customer.operator}") != "true":
            customer.operator, detail = "", "the operator had hung up"
        await self._book.put(customer.uuid, customer.entry())
        return PbxAnswer(Outcome.DONE, detail=detail)

    async def _home(self, customer: FreeSwitchCustomer) -> PbxAnswer:
        await self._book.drop(customer.uuid)
        customer.become(CallStatus.TALKING)
        return DONE

    async def _variable(self, channel: str, name: str) -> str:
        return _value(await self._esl.api(f"uuid_getvar {channel} {name}"))

    async def _end(self, channel: str) -> None:
        await self._esl.api(f"uuid_kill {channel} NORMAL_CLEARING")


def _value(answer: str) -> str:
    """Return a variable as `uuid_getvar` answers it; empty when there is none, or no channel."""
    return "" if answer == "_undef_" or answer.startswith("-ERR") else answer


def _refusal(answer: str) -> PbxAnswer | None:
    if answer.startswith("+OK"):
        return None
    missing = "No such channel" in answer
    return PbxAnswer(Outcome.FAILED, "no_such_channel" if missing else "pbx_error", answer[:200])
