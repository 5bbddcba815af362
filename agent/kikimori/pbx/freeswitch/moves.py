"""Moving a customer: on hold, to a superior, back. Each move is proved by FreeSWITCH's events, not by its "+OK"."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import structlog

from kikimori.freeswitch.client import EslAwayError
from kikimori.pbx.control import PbxAnswer
from kikimori.pbx.freeswitch.customer import Customer, Step
from kikimori.pbx.freeswitch.lines import Lines, is_extension
from kikimori_wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from kikimori.freeswitch.client import EslClient
    from kikimori.pbx.control import PbxRequest
    from kikimori.pbx.freeswitch.watching import Watch
    from kikimori.pbx.held import HeldBook
    from kikimori.pbx.settings import ControlSettings

log = structlog.get_logger()

SOON_S = 3.0
"""For what FreeSWITCH does by itself: music, a bridge, an end."""
PATIENCE_S = 3.0
"""Beyond the time a telephone rings."""
DONE = PbxAnswer(Outcome.DONE)

CAUSES = {
    "USER_BUSY": "busy",
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ALLOTTED_TIMEOUT": "no_answer",
    "ORIGINATOR_CANCEL": "no_answer",
    "CALL_REJECTED": "declined",
    "USER_NOT_REGISTERED": "unreachable",
    "SUBSCRIBER_ABSENT": "no_such_extension",
    "UNALLOCATED_NUMBER": "no_such_extension",
    "NO_ROUTE_DESTINATION": "no_such_extension",
    "DESTINATION_OUT_OF_ORDER": "unreachable",
    "NORMAL_TEMPORARY_FAILURE": "unreachable",
    "RECOVERY_ON_TIMER_EXPIRE": "unreachable",
    "esl_timeout": "no_answer",
}
"""Hang-up causes (Q.850 names) as the dashboard's words."""


class Mover:
    """One move of one customer at a time; who may move when, the control decides. Methods raise `EslAwayError`."""

    def __init__(self, esl: EslClient, settings: ControlSettings, watch: Watch, book: HeldBook) -> None:
        self._esl = esl
        self._settings = settings
        self._watch = watch
        self._book = book
        self._lines = Lines(settings)

    async def hold(self, request: PbxRequest, customer: Customer) -> PbxAnswer:
        """Music for the customer; DONE when it plays."""
        if customer.step in (Step.HELD, Step.FETCHING) and customer.status is CallStatus.ON_HOLD:
            return PbxAnswer(Outcome.REFUSED, "already_on_hold")
        return await self._part(request, customer, Step.HELD, self._settings.longest_hold_s) or DONE

    async def fetch(self, request: PbxRequest, customer: Customer) -> PbxAnswer:
        """Hold, ring the superior, connect; with nobody answering the customer goes back to the operator."""
        if not is_extension(request.target):
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        keep = self._keeps(request)
        if customer.status is not CallStatus.ON_HOLD:
            # Longer than the telephone may ring, or the hold would end under it.
            hold_s = max(self._settings.longest_hold_s, self._settings.ring_s + 10)
            failed = await self._part(request, customer, Step.FETCHING, hold_s, keep=True)
            if failed is not None:
                return failed
        turn = customer.begin(Step.FETCHING)
        customer.superior = str(uuid.uuid4())
        await self._book.put(customer.uuid, customer.entry())
        line = self._lines.fetch(customer.superior, request.target, customer.uuid, request.call.caller.number)
        answer = await self._ring(customer, line)
        if answer.startswith("+OK") and await self._together(customer):
            return await self._with_superior(customer, keep=keep)
        await self._end(customer.superior)
        if customer.channel.gone:
            return PbxAnswer(Outcome.FAILED, "customer_hung_up")
        if customer.turn != turn:
            return PbxAnswer(Outcome.FAILED, "superseded")
        if customer.connected:
            # The hold ran out meanwhile: FreeSWITCH has brought them back.
            await self._home_or_gone(customer)
            return PbxAnswer(Outcome.FAILED, "no_answer")
        reason = CAUSES.get(_cause(answer), "pbx_error")
        customer.superior = ""
        await self.back(customer)
        return PbxAnswer(Outcome.FAILED, reason, answer[:200])

    async def hand(self, request: PbxRequest, customer: Customer) -> PbxAnswer:
        """Blind: the operator is released, the target rings; DONE when it does. FreeSWITCH falls back by itself."""
        if not is_extension(request.target):
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        bridged = bool(customer.channel.peer)
        waiting, customer.operator = customer.operator, ""
        turn = customer.begin(Step.HANDED)
        await self._book.put(customer.uuid, customer.entry())
        line = self._lines.ring(customer.uuid, request.target, customer.extension, bridged=bridged)
        refused = _refusal(await self._esl.api(line))
        if refused is not None:
            return refused
        if not bridged and waiting:
            await self._end(waiting)
        customer.become(CallStatus.TRANSFERRED)
        channel = customer.channel
        await self._watch.until(
            lambda: channel.rings or channel.gone or customer.connected, self._settings.ring_s + PATIENCE_S
        )
        if channel.gone:
            return PbxAnswer(Outcome.FAILED, "customer_hung_up")
        if customer.turn != turn:
            return PbxAnswer(Outcome.FAILED, "superseded")
        if channel.rings == "target":
            return DONE
        reason = CAUSES.get(channel.failed, "unreachable")
        return PbxAnswer(Outcome.FAILED, reason, channel.failed or "the telephone was not rung")

    async def back(self, customer: Customer) -> PbxAnswer:
        """To the operator, who waits, or whose telephone rings; DONE when they talk."""
        turn = customer.begin(Step.HOME)
        if customer.superior and customer.channel.peer != customer.superior:
            await self._end(customer.superior)
        if customer.operator and await self._exists(customer.operator):
            answer = await self._esl.api(f"uuid_bridge {customer.uuid} {customer.operator}")
            if answer.startswith("+OK") and await self._watch.until(
                lambda: customer.channel.peer == customer.operator or customer.channel.gone, SOON_S
            ):
                return await self._home_or_gone(customer)
        customer.operator = ""
        refused = _refusal(await self._esl.api(self._lines.ring_home(customer.uuid, customer.extension)))
        if refused is not None:
            return refused
        customer.become(CallStatus.ON_HOLD)
        in_time = await self._watch.until(
            lambda: customer.connected or customer.channel.gone or customer.turn != turn,
            self._settings.ring_s + PATIENCE_S,
        )
        if customer.turn != turn:
            return PbxAnswer(Outcome.FAILED, "superseded")
        if not in_time:
            # FreeSWITCH goes on ringing, the superior too; the customer hears music.
            return PbxAnswer(
                Outcome.FAILED, CAUSES.get(customer.channel.failed, "no_answer"), customer.channel.failed
            )
        return await self._home_or_gone(customer)

    async def hang_up(self, customer: Customer) -> PbxAnswer:
        """End the call for everybody in it."""
        customer.turn += 1
        others = {customer.channel.peer, customer.operator, customer.superior} - {""}
        answer = await self._esl.api(f"uuid_kill {customer.uuid} NORMAL_CLEARING")
        for other in others:
            await self._end(other)
        refused = _refusal(answer)
        if refused is not None:
            return refused
        if await self._watch.until(lambda: customer.channel.gone, SOON_S):
            return DONE
        return PbxAnswer(Outcome.FAILED, "timeout", "the channel did not end")

    async def call_off(self, customer: Customer) -> None:
        """Whoever waits for a telephone gives up."""
        customer.turn += 1
        if customer.superior and customer.channel.peer != customer.superior:
            await self._end(customer.superior)
        self._watch.wake()

    # --- inside

    def _keeps(self, request: PbxRequest) -> bool:
        return self._settings.keep_operator if request.keep_operator is None else request.keep_operator

    async def _part(
        self, request: PbxRequest, customer: Customer, step: Step, hold_s: float, *, keep: bool | None = None
    ) -> PbxAnswer | None:
        """Take both out of their conversation at once; None when the music plays."""
        channel = customer.channel
        if not channel.peer:
            return PbxAnswer(Outcome.REFUSED, "not_connected", "the customer talks with nobody")
        keeps = self._keeps(request) if keep is None else keep
        peer = channel.peer
        customer.operator = peer if keeps else ""
        customer.superior = ""
        customer.begin(step)
        # Written before anything is moved: a program that dies in between must know of it afterwards.
        await self._book.put(customer.uuid, customer.entry())
        line = self._lines.hold(customer.uuid, peer, customer.extension, keep=keeps, hold_s=hold_s)
        refused = _refusal(await self._esl.api(line))
        if refused is None:
            settled = await self._watch.until(
                lambda: channel.plays or channel.gone or customer.connected, SOON_S
            )
            if settled and channel.plays:
                customer.become(CallStatus.ON_HOLD)
                return None
            if channel.gone:
                return PbxAnswer(Outcome.FAILED, "customer_hung_up")
            if not customer.connected:
                await self.back(customer)
            refused = PbxAnswer(
                Outcome.FAILED, "no_music", f"FreeSWITCH did not begin to play {self._settings.music}"
            )
        await self._book.drop(customer.uuid)
        return refused

    async def _ring(self, customer: Customer, line: str) -> str:
        """Ring the superior until somebody answers or the customer hangs up; return FreeSWITCH's words."""
        within_s = self._settings.ring_s + PATIENCE_S
        ringing = asyncio.ensure_future(self._esl.bgapi(line, within_s=within_s))
        leaving = asyncio.ensure_future(self._watch.until(lambda: customer.channel.gone, within_s))
        try:
            await asyncio.wait({ringing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if customer.channel.gone and not ringing.done():
                await self._end(customer.superior)
            return await ringing
        except EslAwayError as error:
            if not self._esl.up:
                raise  # FreeSWITCH goes on by itself: the superior may answer, or the hold runs out
            return f"-ERR {error.reason}"
        finally:
            ringing.cancel()
            leaving.cancel()

    async def _together(self, customer: Customer) -> bool:
        """Whether customer and superior talk; asked again before anybody is cut off for a late event."""
        channel = customer.channel
        if not await self._watch.until(lambda: channel.peer == customer.superior or channel.gone, SOON_S):
            self._watch.pairs(await self._esl.rows("show calls"))
        return channel.peer == customer.superior and not channel.gone

    async def _with_superior(self, customer: Customer, *, keep: bool) -> PbxAnswer:
        customer.step = Step.SUPERIOR
        customer.become(CallStatus.TRANSFERRED)
        detail = None
        if customer.operator and keep:
            answer = await self._esl.api(self._lines.join(customer.operator, customer.superior))
            if not answer.startswith("+OK"):
                customer.operator, detail = "", "the operator had hung up"
        elif customer.operator:
            await self._end(customer.operator)
            customer.operator = ""
        await self._book.put(customer.uuid, customer.entry())
        return PbxAnswer(Outcome.DONE, detail=detail)

    async def _home_or_gone(self, customer: Customer) -> PbxAnswer:
        await self._book.drop(customer.uuid)
        if customer.channel.gone:
            return PbxAnswer(Outcome.FAILED, "customer_hung_up")
        customer.become(CallStatus.TALKING)
        return DONE

    async def _exists(self, channel: str) -> bool:
        return await self._esl.api(f"uuid_exists {channel}") == "true"

    async def _end(self, channel: str) -> None:
        await self._esl.api(f"uuid_kill {channel} NORMAL_CLEARING")


def _cause(answer: str) -> str:
    return answer.removeprefix("-ERR").strip()


def _refusal(answer: str) -> PbxAnswer | None:
    if answer.startswith("+OK"):
        return None
    missing = "No such channel" in answer
    return PbxAnswer(Outcome.FAILED, "no_such_channel" if missing else "pbx_error", answer[:200])


MOVES = (Action.HOLD, Action.UNHOLD, Action.TAKE_BACK, Action.TRANSFER, Action.HOLD_TRANSFER, Action.HANG_UP)
