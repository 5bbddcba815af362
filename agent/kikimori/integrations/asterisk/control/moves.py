"""Moves of a customer: on hold, to a superior, back. The dialplan does them; this starts and watches them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control import dialplan
from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
from kikimori.integrations.asterisk.control.dialplan import CONTEXT, LABEL, RELEASE, WAIT, Step
from kikimori.integrations.asterisk.control.finding import Found, NotFoundError, find, others_in, place
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from kikimori.control.pbx_control import PbxRequest
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.customers import Customers
    from kikimori.integrations.asterisk.control.finding import Ami, Place
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings
    from kikimori_core.model.call import CallInfo

log = structlog.get_logger()

MUSIC_WITHIN_S = 3.0
BRIDGED_WITHIN_S = 3.0
GONE_WITHIN_S = 5.0
PATIENCE_S = 3.0
"""Seconds added to the dialplan's times: its clock rounds up to seconds, and events take a moment."""
DONE = PbxAnswer(Outcome.DONE)
CALLED_OFF = PbxAnswer(Outcome.FAILED, "superseded", "another button was pressed meanwhile")

HOW_IT_ENDED = {
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CHANUNAVAIL": "unreachable",
    "CONGESTION": "unreachable",
}


class AsteriskMover:
    """One move of one customer at a time; control decides their order."""

    def __init__(self, ami: Ami, settings: AsteriskControlSettings, customers: Customers) -> None:
        self._ami = ami
        self._settings = settings
        self._customers = customers

    async def prepare(
        self, request: PbxRequest, customer: AsteriskCustomer | None
    ) -> tuple[Found, AsteriskCustomer]:
        """Find the channels; raises NotFoundError, AmiError. `customer` is the state known already."""
        found = await find(self._ami, request.call)
        if customer is None or customer.uniqueid != found.customer.uniqueid:
            if found.customer.ours:
                customer = await self.adopt(request.call, found.customer)
            else:
                customer = _customer(request.call, found.customer)
        elif found.customer.ours and (customer.lost or customer.step is None):
            await self._look_again(customer, found.customer)
        # From now on this run answers for where they are.
        customer.lost = customer.from_dead_run = False
        customer.bridge = found.customer.bridge
        return found, customer

    async def hold(self, request: PbxRequest, found: Found, customer: AsteriskCustomer) -> PbxAnswer:
        """Put the customer on hold with music; DONE when it plays."""
        if customer.held_by_us:
            return PbxAnswer(Outcome.REFUSED, "already_on_hold")
        refused = await self._away_from_talk(request, found, customer, Step.HOLD)
        if refused:
            return refused
        if (
            await customer.until(lambda: self._settled(customer, Step.HOLD), MUSIC_WITHIN_S)
            and customer.music
        ):
            return DONE
        return await self._no_music(customer)

    async def transfer(self, request: PbxRequest, found: Found, customer: AsteriskCustomer) -> PbxAnswer:
        """Ring the target: with music and to the end (HOLD_TRANSFER), or hand over as soon as it rings (TRANSFER)."""
        attended = request.action is Action.HOLD_TRANSFER
        turn = customer.turn
        step = Step.RING if attended else Step.HAND
        then = request.then if attended else ()
        customer.targets, customer.on_ring = [request.target, *then] if attended else [], request.on_ring
        if customer.held_by_us:
            refused = await self._onwards(request, customer, step)
        else:
            refused = await self._away_from_talk(request, found, customer, step)
        if refused:
            return refused
        if attended:
            began = await customer.until(lambda: self._settled(customer, step), MUSIC_WITHIN_S)
            if customer.turn == turn and not began:
                return await self._no_music(customer)
            ring_s = self._settings.ringing_s + PATIENCE_S
            if then:
                # The dialplan's clock is asked once between two telephones.
                ring_s = max(self._settings.chain_s, self._settings.ringing_s) + PATIENCE_S * (len(then) + 1)
            ended = await customer.until(lambda: bool(self._answered(customer) or customer.rung), ring_s)
        else:
            ended = await customer.until(
                lambda: bool(customer.ringing or self._answered(customer) or customer.rung),
                self._settings.ringing_s + PATIENCE_S,
            )
        if customer.turn != turn:
            return CALLED_OFF
        if customer.rung is None and (self._answered(customer) or (not attended and customer.ringing)):
            return DONE
        if not ended and not customer.gone and not customer.lost:
            log.warning("transfer_overdue", call_id=customer.call_id)
            await self._redirect(customer, Step.BACK)
            return PbxAnswer(Outcome.FAILED, "no_answer", "no end of ringing was reported")
        failed = self._failed(customer)
        # Where the customer comes to rest: the next press must find them there.
        await customer.until(
            lambda: bool(customer.bridge) or (customer.step is Step.HOLD and customer.music), BRIDGED_WITHIN_S
        )
        return failed

    async def back(self, request: PbxRequest, customer: AsteriskCustomer) -> PbxAnswer:
        """Connect the customer with the operator, who waits or whose telephone rings; DONE when they talk."""
        del request
        turn = customer.turn
        customer.expect()
        response = await self._redirect(customer, Step.BACK)
        if not response.ok:
            return self._refused(response)
        in_time = self._settings.ringing_s + PATIENCE_S
        if (
            await customer.until(
                lambda: (
                    (customer.step in dialplan.TO_OPERATOR and bool(customer.bridge))
                    or customer.step is Step.SUPERIOR
                ),
                in_time,
            )
            and customer.step is not Step.SUPERIOR
        ):
            return DONE
        return CALLED_OFF if customer.turn != turn else self._failed(customer)

    async def hang_up(self, customer: AsteriskCustomer) -> PbxAnswer:
        """End the customer's call; an operator who waits is released by the dialplan."""
        response = await self._ami.act("Hangup", Channel=customer.channel, Cause="16")
        if not response.ok:
            return self._refused(response)
        await customer.until(lambda: customer.gone, GONE_WITHIN_S)
        if customer.gone:
            return DONE
        return PbxAnswer(
            Outcome.FAILED, "pbx_away" if customer.lost else "pbx_error", "the channel did not end"
        )

    async def adopt(self, call: CallInfo, there: Place) -> AsteriskCustomer:
        """Take over a customer moved by an earlier run who is not in the book; raises AmiError."""
        customer = _customer(call, there)
        response = await self._ami.act("Getvar", Channel=customer.channel, Variable="KIKIMORI_OPERATOR")
        operator = response.get("Value")
        customer.operator = operator if dialplan.CHANNEL.fullmatch(operator) else ""
        await self._look_again(customer, there)
        known = self._customers.get(customer.channel)
        if known is not None and known.uniqueid == customer.uniqueid:
            # Whoever met the call and whoever pressed have asked at the same time: one customer, or one hears no news.
            return known
        await self._customers.put(customer)
        return customer

    async def rescue(self, customer: AsteriskCustomer, step: Step) -> None:
        """Bring back a customer whom no move watches any more; raises AmiError."""
        await self._redirect(customer, step)

    # --- inside

    async def _look_again(self, customer: AsteriskCustomer, there: Place) -> None:
        """Update a customer whose events were missed from Asterisk's answer."""
        customer.found(there, await others_in(self._ami, there), asyncio.get_running_loop().time())

    async def _moved_all_the_same(self, customer: AsteriskCustomer) -> bool:
        """Return whether the customer was redirected although Asterisk refused; forget one who was not."""
        there = await place(self._ami, customer.channel)
        if there is not None and there.uniqueid == customer.uniqueid and there.ours:
            await self._look_again(customer, there)
            return True
        self._customers.drop(customer)
        await self._customers.save()
        return False

    async def _away_from_talk(
        self, request: PbxRequest, found: Found, customer: AsteriskCustomer, step: Step
    ) -> PbxAnswer | None:
        """Take both out of their conversation at once: to redirect one alone would hang up the other."""
        if found.peer is None:
            return PbxAnswer(Outcome.REFUSED, "not_connected", "the customer talks with nobody")
        target = self._settings.dial_string(request.target)
        if step is not Step.HOLD and not target:
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        keep = self._settings.keeps_operator(request)
        customer.operator = found.peer if keep else ""
        customer.operator_extension = customer.operator_extension or dialplan.extension_of(found.peer)
        customer.expect()
        # Written before anything is moved: a program that dies in between must know of it afterwards.
        await self._customers.put(customer)
        response = await self._describe(customer, found.peer, target, keep=keep, then=request.then)
        if response.ok:
            response = await self._redirect(customer, step, extra=(found.peer, WAIT if keep else RELEASE))
        if response.ok or (await self._moved_all_the_same(customer) and customer.step is step):
            return None
        return self._refused(response)

    async def _onwards(self, request: PbxRequest, customer: AsteriskCustomer, step: Step) -> PbxAnswer | None:
        """Move a customer from hold to a telephone."""
        target = self._settings.dial_string(request.target)
        if not target:
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", request.target)
        keep = bool(customer.operator) and self._settings.keeps_operator(request)
        # What the operator's channel must know it was told when they began to wait; they may have hung up since. The
        # dialplan releases them, so that no press is half done when this program dies.
        response = await self._describe(customer, "", target, keep=keep, then=request.then)
        if not response.ok:
            return self._refused(response)
        customer.expect()
        response = await self._redirect(customer, step)
        if not response.ok and not (await self._moved_all_the_same(customer) and customer.step is step):
            return self._refused(response)
        if not keep:
            customer.operator = ""
        await self._customers.put(customer)
        return None

    async def _describe(
        self,
        customer: AsteriskCustomer,
        operator: str,
        target: str,
        *,
        keep: bool,
        then: tuple[str, ...],
    ) -> Block:
        """Set the dialplan's variables; return the first refusal, or the last success."""
        variables = dialplan.for_customer(
            self._settings,
            operator=customer.operator,
            operator_extension=customer.operator_extension,
            target=target,
            keep=keep,
            then=[dialled for each in then if (dialled := self._settings.dial_string(each))],
        )
        pairs = [(customer.channel, *pair) for pair in variables]
        if operator and keep:
            pairs += [(operator, *pair) for pair in dialplan.for_operator(self._settings, customer.channel)]
        responses = await asyncio.gather(
            *(
                self._ami.act("Setvar", Channel=channel, Variable=name, Value=value)
                for channel, name, value in pairs
            )
        )
        return next((each for each in responses if not each.ok), responses[-1])

    async def _redirect(
        self, customer: AsteriskCustomer, step: Step, *, extra: tuple[str, str] | None = None
    ) -> Block:
        fields = {"Channel": customer.channel, "Context": CONTEXT, "Exten": str(step), "Priority": LABEL}
        if extra:
            channel, exten = extra
            fields |= {
                "ExtraChannel": channel, "ExtraContext": CONTEXT, "ExtraExten": exten, "ExtraPriority": LABEL,
            }  # fmt: skip
        return await self._ami.act("Redirect", **fields)

    @staticmethod
    def _settled(customer: AsteriskCustomer, step: Step) -> bool:
        """Return whether music plays in the step, or the dialplan has left it."""
        return customer.step is not None and (customer.music or customer.step is not step)

    @staticmethod
    def _answered(customer: AsteriskCustomer) -> bool:
        return customer.status is CallStatus.TRANSFERRED and bool(customer.bridge)

    async def _no_music(self, customer: AsteriskCustomer) -> PbxAnswer:
        """Put the customer back, as silence seems a dropped call; the dialplan may have done it already."""
        if customer.gone or customer.lost:
            return self._failed(customer)
        if (
            customer.step not in (Step.AFTER, *dialplan.TO_OPERATOR)
            or self._settings.after_hold == "superior"
        ):
            await self._redirect(customer, Step.BACK)
        await customer.until(
            lambda: customer.step in dialplan.TO_OPERATOR and bool(customer.bridge), BRIDGED_WITHIN_S
        )
        return PbxAnswer(
            Outcome.FAILED, "no_music", f"no MusicOnHoldStart from Asterisk for class {self._settings.music}"
        )

    @staticmethod
    def _failed(customer: AsteriskCustomer) -> PbxAnswer:
        if customer.gone:
            return PbxAnswer(Outcome.FAILED, "customer_hung_up", "the customer hung up")
        if customer.lost:
            return PbxAnswer(
                Outcome.FAILED,
                "pbx_away",
                "the connection to Asterisk was lost; its dialplan goes on by itself",
            )
        if customer.rung is None:
            return PbxAnswer(Outcome.FAILED, "no_answer")
        reason = HOW_IT_ENDED.get(customer.rung, "pbx_error")
        if reason == "unreachable":
            # Asterisk calls a refusal by hand CHANUNAVAIL too when a Local channel is between; DialEnd knows better.
            reason = {"": "no_such_extension", "NOANSWER": "declined"}.get(customer.dial_status, reason)
        return PbxAnswer(Outcome.FAILED, reason, f"DIALSTATUS {customer.rung}")

    @staticmethod
    def _refused(response: Block) -> PbxAnswer:
        words = response.message
        if "Priority is invalid" in words:
            return PbxAnswer(
                Outcome.FAILED, "not_included", f"{words}: kikimori-control.conf is not included"
            )
        if "does not exist" in words or "not up" in words or "No such channel" in words:
            return PbxAnswer(Outcome.FAILED, "no_such_channel", words)
        if "ermission" in words:
            return PbxAnswer(Outcome.FAILED, "not_permitted", words)
        return PbxAnswer(Outcome.FAILED, "pbx_error", words)


def _customer(call: CallInfo, there: Place) -> AsteriskCustomer:
    customer = AsteriskCustomer(call.call_id, there.channel, there.uniqueid)
    customer.operator_extension = call.operator.number
    return customer


__all__ = ["AsteriskMover", "NotFoundError"]
