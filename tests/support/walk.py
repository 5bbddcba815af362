"""A random walk through a small office: presses, telephones, lost connections, killed agents, and the sound at every telephone.

The seed alone determines a walk. A failure shows the seed and the steps taken, in order, with the seconds since its start.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S
from tests.support.sip_phone import Habit
from tests.support.tone_office import SUPERVISOR_HZ
from tests.support.walked_office import HOLD_S, PAIRS, TONES, Call, WalkedOffice, WalkError

from kikimori_core.wire.messages import Action, CallStatus, Command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sip_phone import Phone
    from tests.support.walked_office import WalkedPbx

CONNECTED_WITHIN_S = 5.0

TARGETS = ("200", "200", "200", "201", "299", "777")
MOVES = (
    Action.HOLD, Action.HOLD, Action.UNHOLD, Action.HOLD_TRANSFER, Action.HOLD_TRANSFER, Action.TRANSFER,
    Action.TAKE_BACK, Action.TAKE_BACK,
)  # fmt: skip
ASIDE = (Action.LISTEN, Action.WHISPER, Action.BARGE, Action.ANNOUNCE)

TROUBLES = (
    "cut", "cut", "swallow", "kill", "kill", "freeze", "freeze", "long freeze", "freeze pbx",
)  # fmt: skip
LATE_TROUBLES = ("hang up operator", "restart")


@dataclass
class Walk(WalkedOffice):
    """Steps drawn from the seed."""

    sent: int = 0

    async def begin(self, call: Call) -> None:
        """A customer is called or calls: the operator, or a queue of theirs."""
        way = self.random.choice(("direct", "direct", "queue", "outgoing"))
        self.note(f"call {call.customer.name} {way}")
        call.operator.habit = call.customer.habit = Habit.ANSWER
        async with asyncio.timeout(WITHIN_S):
            while await self.office.of(call.customer) or await self.office.of(call.operator):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        if way == "outgoing":
            call.operator.call(f"out{call.number}")
        else:
            call.customer.call(call.operator.name if way == "direct" else f"60{call.number}")
        await self.office.until(
            lambda: (
                self.hears(call.customer) == {TONES[call.operator.name]}
                and self.hears(call.operator) == {TONES[call.customer.name]}
            )
        )
        call.channel = await self._channel(call.customer)
        operator_channel = await self._channel(call.operator)
        call.operator_channel = operator_channel if self.random.random() < 0.7 else None
        call.call_id = f"c{call.number}-{len(self.steps)}"
        call.status, call.live, call.may_end = str(CallStatus.TALKING), True, False
        self.know(call)

    async def _channel(self, phone: Phone) -> str:
        """A PBX may list a channel later than it is heard."""
        async with asyncio.timeout(WITHIN_S):
            while (channel := await self.office.of(phone)) is None:  # noqa: ASYNC110  (tells nobody)
                await asyncio.sleep(0.1)
        return channel

    def press(self, call: Call, action: Action, *, expired: bool = False, twice: bool = False) -> None:
        now = datetime.now(UTC)
        self.sent += 1
        target = (
            "205" if action in (Action.LISTEN, Action.WHISPER, Action.BARGE) else self.random.choice(TARGETS)
        )
        keep = self.random.choice((None, True, False))
        issued = now - timedelta(seconds=20) if expired else now
        command = Command(
            command_id=f"p{self.sent}", call_id=call.call_id, action=action, target=target, keep_operator=keep,
            issued_by="walk", reason="walk", issued_at=issued, expires_at=issued + timedelta(seconds=10), reply_to="kikimori/v2/test/dashboards/d/replies/agent",
        )  # fmt: skip
        more = (" expired" if expired else "") + (" twice" if twice else "")
        self.note(f"press {command.command_id} {call.customer.name} {action} {target} keep={keep}{more}")
        if action is Action.HANG_UP and not expired:
            call.may_end = True
        for _ in range(2 if twice else 1):
            self.tell(command=command.to_bytes().decode())

    def mend(self) -> None:
        if self.office.wire.swallows:
            self.office.wire.cut()
        self.cut = False
        self.office.wire.mend()

    async def step(self) -> None:
        live = [call for call in self.calls if call.live]
        waiting = [
            call
            for call in self.calls
            if not call.live
            and not call.customer.in_call
            and not call.operator.in_call
            and not call.operator.ringing
        ]
        if not live or (waiting and self.random.random() < 0.15):
            if waiting:
                await self.begin(self.random.choice(waiting))
            return
        draw = self.random.random()
        call = self.random.choice(live)
        if draw < 0.45:
            if self.random.random() < 0.25:
                self.press(call, self.random.choice(MOVES))
            self.press(
                call,
                self.random.choice(MOVES),
                expired=self.random.random() < 0.05,
                twice=self.random.random() < 0.1,
            )
        elif draw < 0.52:
            self.press(call, self.random.choice(ASIDE))
        elif draw < 0.54:
            self.press(call, Action.HANG_UP)
        elif draw < 0.58:
            self.press(call, self.random.choice(MOVES))
            await asyncio.sleep(self.random.choice((0.0, 0.005, 0.02, 0.05, 0.2)))
            self.note("kill, start")
            await self.kill_agent()
            await self.start_agent()
        elif draw < 0.78:
            self._telephone()
        else:
            await self._trouble()
        if self.office.patience and self.random.random() < self.office.patience:
            with suppress(TimeoutError):
                await self.office.until(self._as_connected_as_it_will_be, CONNECTED_WITHIN_S)
        if self.random.random() < 0.5:
            await asyncio.sleep(self.random.choice((0.05, 0.2, 0.7, 2.0)))

    def _as_connected_as_it_will_be(self) -> bool:
        return self.connected or self.cut or self.frozen or self.agent is None

    def _telephone(self) -> None:
        name = self.random.choice(
            ("200", "200", "200", "201", "205", "204", "206", "207", "trunk", "trunk2", "trunk3")
        )
        phone = self.office.phones[name]
        if phone.ringing:
            if self.random.random() < 0.7:
                self.note(f"{name} answers")
                phone.answer()
            else:
                self.note(f"{name} declines")
                phone.reject()
        elif phone.in_call and self.random.random() < 0.5:
            self.note(f"{name} hangs up")
            for call in self.calls:
                if phone is call.customer:
                    call.may_end = True
                elif call.operator is phone or TONES[name] in self.hears(call.customer):
                    self._left_by(call)
                elif name in ("200", "201") and (
                    call.status != CallStatus.TALKING or not self.hears(call.customer)
                ):
                    # Answered a moment ago, or the PBX stood still, and not heard yet.
                    call.may_end = True
            phone.hang_up()
        elif not name.startswith("trunk"):
            phone.habit = self.random.choice(
                (Habit.ANSWER, Habit.ANSWER, Habit.ANSWER, Habit.RING, Habit.RING, *Habit)
            )
            self.note(f"{name} will {phone.habit.name}")

    def _left_by(self, call: Call) -> None:
        """Somebody leaves: the call may be over, unless the customer is on hold and hears it."""
        told = self.agent is not None and self.connected and not self.frozen and not self.cut
        on_hold = (
            told and call.status == CallStatus.ON_HOLD and self.hears(call.customer) == {self.office.music_hz}
        )
        call.may_end = call.may_end or not on_hold

    async def _trouble(self) -> None:
        what = self.random.choice((*TROUBLES, *self.office.troubles, *LATE_TROUBLES))
        if what == "restart" and self.random.random() < 0.8:
            what = "cut"
        if self.cut and self.random.random() < 0.7:
            what = "mend"
        elif self.frozen and self.random.random() < 0.7:
            what = "thaw"
        elif self.agent is None:
            what = "start"
        self.note(what)
        match what:
            case "cut":
                self.cut = True
                self.office.wire.cut()
            case "mend":
                self.mend()
            case "kill":
                await self.kill_agent()
                if self.random.random() < 0.6:
                    self.note("start")
                    await self.start_agent()
            case "start":
                await self.start_agent()
            case "swallow":
                self.cut = True
                self.office.wire.swallows = True
            case "long freeze" if self.agent is not None:
                # Longer than a hold and the watchdog's patience.
                self.frozen = True
                self.agent.send_signal(signal.SIGSTOP)
                await asyncio.sleep(HOLD_S + 8)
                self.agent.send_signal(signal.SIGCONT)
                self.frozen = False
            case "freeze pbx":
                self.office.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(self.random.choice((0.5, 3, 6.5)))
                self.office.process.send_signal(signal.SIGCONT)
            case "hang up operator":
                await self._hang_up_operator()
            case "freeze" if self.agent is not None:
                self.frozen = True
                self.agent.send_signal(signal.SIGSTOP)
            case "thaw" if self.agent is not None:
                self.agent.send_signal(signal.SIGCONT)
                self.frozen = False
            case "lose book":
                await self.kill_agent()
                (self.folder / "held.json").unlink(missing_ok=True)
                await self.start_agent()
            case "restart":
                await self._restart()
            case _ if what in self.office.troubles:
                await self.office.trouble(what)
            case _:
                pass

    async def _hang_up_operator(self) -> None:
        """By the PBX, not by the telephone."""
        call = self.random.choice(self.calls)
        channel = await self.office.of(call.operator)
        if channel is not None:
            self._left_by(call)
            self.note(f"    {channel}")
            await self.office.hang_up(channel)

    async def _restart(self) -> None:
        for call in self.calls:
            call.may_end = True
        await self.office.die()
        for phone in self.office.phones.values():
            if phone.in_call or phone.ringing:
                phone.hang_up()
        self.notice_ends()
        await self.office.start()

    # --- the end

    async def end(self) -> None:
        """The clocks run out and telephones answer: every customer talks with somebody. Then all is taken away."""
        if self.random.random() < 0.5 and (self.agent is None or self.frozen or self.cut):
            self.note("mended")
            if self.cut:
                self.mend()
            if self.frozen and self.agent is not None:
                self.agent.send_signal(signal.SIGCONT)
                self.frozen = False
            if self.agent is None:
                await self.start_agent()
        self.note("all answer")
        for phone in self.office.phones.values():
            phone.habit = Habit.ANSWER
            if phone.ringing:
                phone.answer()
        people = set(TONES.values()) - {SUPERVISOR_HZ}

        def with_somebody(call: Call) -> bool:
            heard = self.hears(call.customer)
            return not call.customer.in_call or (bool(heard & people) and self.office.music_hz not in heard)

        try:
            async with asyncio.timeout(WITHIN_S):
                while not all(with_somebody(call) for call in self.calls):
                    self.check()
                    self.notice_ends()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            words = [
                f"{call.customer.name} hears {self.hears(call.customer)}"
                for call in self.calls
                if not with_somebody(call)
            ]
            raise WalkError(f"left alone: {'; '.join(words)}") from None
        await self.consistent()
        self.note("customers hang up")
        for call in self.calls:
            call.may_end = True
            if call.customer.in_call:
                call.customer.hang_up()
        try:
            async with asyncio.timeout(WITHIN_S):
                while await self._left_behind():  # noqa: ASYNC110  (the console tells nobody)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            phones = [name for name, phone in self.office.phones.items() if phone.in_call]
            raise WalkError(
                f"left behind: {await self.office.channels()}, {phones}, {self._book()}, {await self.office.rest()}"
            ) from None

    async def _left_behind(self) -> bool:
        self.notice_ends()
        writes = self.agent is not None and self.connected and not self.frozen
        return (
            bool(await self.office.channels())
            or any(phone.in_call for phone in self.office.phones.values())
            or (writes and '"held": {}' not in self._book())
            or bool(await self.office.rest())
        )

    def _book(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "held.json").read_text("utf-8")
        return '"held": {}'


async def walk(pbx: WalkedPbx, folder: Path, seed: int, steps: int) -> list[str]:
    """Walk `steps` steps and return them in words. Raises WalkError, with the same."""
    calls = [Call(n, pbx.phones[trunk], pbx.phones[operator]) for n, (trunk, operator) in enumerate(PAIRS, 1)]
    one = Walk(pbx, seed, calls, folder)
    watching = asyncio.create_task(one.watch())
    try:
        await one.start_agent()
        await pbx.until(lambda: one.connected)
        for _ in range(steps):
            await one.step()
            one.check()
            if one.random.random() < 0.4:
                await one.consistent()
        await one.end()
    except (WalkError, TimeoutError) as error:
        raise WalkError("\n".join([f"seed {seed}: {error!r}", *one.steps])) from None
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        await one.kill_agent()
    return one.steps
