"""A random walk through a small office: presses, telephones, lost connections, dead agents, and what all of them hear.

A walk is made by its seed alone. It fails with its seed and the steps taken, in order, with the seconds since its start.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.asterisk.controlled import (
    CUSTOMER_HZ,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
    controlled_office,
)
from tests.support.real_asterisk import MUSIC_HZ, ROOT
from tests.support.sip_phone import Habit

from kikimori_wire.messages import Action, CallStatus, Command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.asterisk.controlled import Office
    from tests.support.sip_phone import Phone

HOLD_S, RING_S = 4, 2
CONSISTENT_WITHIN_S = 25.0
"""Between two rounds of ringing everybody there are some seconds of music; a busy machine needs its time too."""
HOME_WITHIN_S = 60.0
GONE_WITHIN_S = 30.0
SET_UP_WITHIN_S = 40.0
RINGING_HZ = 2600
QUIET_S = 1.5
SAMPLED_EVERY_S = 0.1
MIXED_SAMPLES = 8
"""So many samples in a row make a stranger's voice more than the sound of a change."""

TONES = {
    "trunk": CUSTOMER_HZ, "trunk2": 780, "trunk3": 900, "204": OPERATOR_HZ, "206": 1400, "207": 1540,
    "200": SUPERIOR_HZ, "201": 2000, "205": SUPERVISOR_HZ,
}  # fmt: skip
PAIRS = (("trunk", "204"), ("trunk2", "206"), ("trunk3", "207"))
TARGETS = ("200", "200", "200", "201", "299", "777")
MOVES = (
    Action.HOLD, Action.HOLD, Action.UNHOLD, Action.HOLD_TRANSFER, Action.HOLD_TRANSFER, Action.TRANSFER,
    Action.TAKE_BACK, Action.TAKE_BACK,
)  # fmt: skip
ASIDE = (Action.LISTEN, Action.WHISPER, Action.BARGE, Action.ANNOUNCE)

TROUBLES = (
    "cut", "cut", "swallow", "kill", "kill", "freeze", "freeze", "long freeze", "freeze asterisk", "reload", "moh",
    "hang up operator", "restart",
)  # fmt: skip

FILES = {
    "indications.conf": f"[general]\ncountry=test\n[test]\ndescription=Test\nring={RINGING_HZ}\nbusy=480/500,0/500\n"
    "congestion=480/250,0/250\n",
    "queues.conf": "[general]\n"
    + "".join(
        f"[{queue}]\nmember => PJSIP/{operator}\n"
        for queue, operator in (("q204", "204"), ("q206", "206"), ("q207", "207"))
    ),
}
MORE_DIALPLAN = "".join(
    f"exten => 60{number},1,Answer()\n same => n,Queue(q{operator})\n"
    f"exten => out{number},1,Dial(PJSIP/{trunk},30)\n same => n,Hangup()\n"
    for number, (trunk, operator) in enumerate(PAIRS, 1)
)


class WalkError(AssertionError):
    """Something that must not be."""


@dataclass(eq=False)
class Call:
    """One customer, and what the page says of the call."""

    number: int
    customer: Phone
    operator: Phone
    call_id: str = ""
    channel: str = ""
    operator_channel: str | None = None
    status: str = str(CallStatus.TALKING)
    live: bool = False
    may_end: bool = False
    strange: int = 0


@dataclass
class Walk:
    office: Office
    seed: int
    calls: list[Call]
    folder: Path
    random: random.Random = field(init=False)
    steps: list[str] = field(default_factory=list)
    agent: asyncio.subprocess.Process | None = None
    frozen: bool = False
    connected: bool = False
    cut: bool = False
    answers: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    sent: int = 0
    asterisk_died: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311  (a test must be repeatable)
        self.began = asyncio.get_running_loop().time()
        self._reading: asyncio.Task[None] | None = None
        self._wrong: str | None = None

    def note(self, words: str) -> None:
        self.steps.append(f"{asyncio.get_running_loop().time() - self.began:6.1f} {words}")

    # --- the agent

    async def start_agent(self) -> None:
        settings = json.dumps({"longest_hold_s": HOLD_S, "ring_s": RING_S})
        with (self.folder / "agent.log").open("ab") as log:
            self.agent = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.asterisk.walked_agent",
                str(self.office.wire.port), str(self.folder), settings,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=ROOT,
            )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self.agent))
        for call in self.calls:
            if call.live:
                call.status = str(CallStatus.TALKING)
                self.know(call)

    async def kill_agent(self) -> None:
        if self.agent is not None and self.agent.returncode is None:
            self.agent.kill()
            await self.agent.wait()
        if self.agent is not None and self.agent.stdin is not None:
            self.agent.stdin.close()
            with suppress(OSError):
                await self.agent.stdin.wait_closed()
        if self._reading is not None:
            await self._reading
        self.agent, self.frozen, self.connected = None, False, False

    async def _read(self, agent: asyncio.subprocess.Process) -> None:
        assert agent.stdout is not None
        while line := await agent.stdout.readline():
            said = json.loads(line)
            if "connected" in said:
                self.connected = said["connected"]
            elif "status" in said:
                for call in self.calls:
                    if call.call_id == said["call"]:
                        if call.status != said["status"]:
                            self.note(f"    page: {call.customer.name} {said['status']}")
                        call.status = said["status"]
            else:
                self.answers[said["answer"]] = said["outcome"], said["reason"]
                self.note(f"    answer {said['answer']}: {said['outcome']} {said['reason']}")

    def tell(self, **what: Any) -> None:
        if self.agent is not None and self.agent.stdin is not None and self.agent.returncode is None:
            self.agent.stdin.write(json.dumps(what).encode() + b"\n")

    def know(self, call: Call) -> None:
        self.tell(
            call=call.call_id,
            operator=call.operator.name,
            channel=call.channel,
            operator_channel=call.operator_channel,
        )

    # --- what the telephones say

    def hears(self, phone: Phone) -> set[int]:
        return set() if phone.silent_s > QUIET_S else phone.hears()

    def why_not(self, call: Call) -> str | None:
        """Say what does not fit together in a call now; None when all does."""
        customer, operator = call.customer, call.operator
        if not customer.in_call:
            return f"{operator.name} is still in the call" if operator.in_call else None
        heard = self.hears(customer)
        people = heard - {MUSIC_HZ, SOUND_HZ, SUPERVISOR_HZ, RINGING_HZ}
        for name in ("204", "206", "207", "200", "201"):
            phone = self.office.phones[name]
            if TONES[name] in people and TONES[customer.name] not in self.hears(phone):
                return f"{customer.name} hears {name}, who does not hear {customer.name}: {self.hears(phone)}"
        if not heard:
            return f"{customer.name} hears nothing"
        if self.agent is None or self.frozen or self.cut or not self.connected:
            return None
        own = TONES[operator.name]
        superiors = {SUPERIOR_HZ, TONES["201"]}
        fits = {
            CallStatus.TALKING: people == {own},
            CallStatus.ON_HOLD: not people and bool(heard & {MUSIC_HZ, RINGING_HZ}),
            CallStatus.TRANSFERRED: bool(people & superiors) and people <= superiors | {own},
        }[CallStatus(call.status)]
        return None if fits else f"page says {call.status}, {customer.name} hears {sorted(heard)}"

    async def consistent(self) -> None:
        """Wait until everything fits, all at one moment."""
        try:
            async with asyncio.timeout(CONSISTENT_WITHIN_S):
                while self.complaints():
                    self.check()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise WalkError("; ".join(self.complaints())) from None

    def complaints(self) -> list[str]:
        self.notice_ends()
        return [words for call in self.calls if (words := self.why_not(call))]

    def notice_ends(self) -> None:
        for call in self.calls:
            if call.live and not call.customer.in_call:
                call.live = False
                self.tell(over=call.call_id)
                self.note(f"    over: {call.customer.name}")
                if not call.may_end:
                    self._wrong = f"{call.customer.name} was cut off"

    async def watch(self) -> None:
        """Nobody ever hears the customer of another call."""
        while True:
            await asyncio.sleep(SAMPLED_EVERY_S)
            self.notice_ends()
            for call in self.calls:
                strangers = {TONES[each.customer.name] for each in self.calls} | {
                    TONES[each.operator.name] for each in self.calls if each is not call
                }
                strange = call.customer.in_call and self.hears(call.customer) & strangers
                call.strange = call.strange + 1 if strange else 0
                if call.strange >= MIXED_SAMPLES:
                    self._wrong = f"{call.customer.name} hears {strange}: calls are mixed"

    def check(self) -> None:
        if self._wrong is not None:
            raise WalkError(self._wrong)
        if self.agent is not None and self.agent.returncode is not None:
            raise WalkError(f"the agent ended by itself: {self.agent.returncode}")

    # --- steps

    async def begin(self, call: Call) -> None:
        """A customer is called or calls: the operator, or a queue of theirs."""
        way = self.random.choice(("direct", "direct", "queue", "outgoing"))
        self.note(f"call {call.customer.name} {way}")
        call.operator.habit = call.customer.habit = Habit.ANSWER
        mine = (f"/{call.customer.name}-", f"/{call.operator.name}-")
        async with asyncio.timeout(SET_UP_WITHIN_S):
            while any(part in each for each in await self.office.channels() for part in mine):  # noqa: ASYNC110
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
        names = await self.office.channels()
        call.channel = next(each for each in names if f"/{call.customer.name}-" in each)
        knows = self.random.random() < 0.7
        call.operator_channel = (
            next((each for each in names if f"/{call.operator.name}-" in each), None) if knows else None
        )
        call.call_id = f"c{call.number}-{len(self.steps)}"
        call.status, call.live, call.may_end = str(CallStatus.TALKING), True, False
        self.know(call)

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
            issued_by="walk", issued_at=issued, expires_at=issued + timedelta(seconds=10), reply_to="kikimori/v1/test/replies/d",
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
        if self.random.random() < 0.5:
            await asyncio.sleep(self.random.choice((0.05, 0.2, 0.7, 2.0)))

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
                if (
                    phone is call.customer
                    or call.operator is phone
                    or TONES[name] in self.hears(call.customer)
                ):
                    self._left_by(call)
                elif name in ("200", "201") and call.status != CallStatus.TALKING:
                    # Answered a moment ago, and not heard yet.
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
        on_hold = told and call.status == CallStatus.ON_HOLD and self.hears(call.customer) == {MUSIC_HZ}
        call.may_end = call.may_end or not on_hold

    async def _trouble(self) -> None:
        what = self.random.choice(TROUBLES)
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
            case "freeze asterisk":
                self.office.asterisk.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(self.random.choice((0.5, 3, 6.5)))
                self.office.asterisk.process.send_signal(signal.SIGCONT)
            case "hang up operator":
                await self._hang_up_operator()
            case "freeze" if self.agent is not None:
                self.frozen = True
                self.agent.send_signal(signal.SIGSTOP)
            case "thaw" if self.agent is not None:
                self.agent.send_signal(signal.SIGCONT)
                self.frozen = False
            case "reload":
                await self.office.asterisk.cli("core reload")
            case "moh":
                await self.office.asterisk.cli("moh reload")
            case "restart":
                await self._restart_asterisk()
            case _:
                pass

    async def _hang_up_operator(self) -> None:
        """By the PBX, not by the telephone."""
        call = self.random.choice(self.calls)
        names = [each for each in await self.office.channels() if f"/{call.operator.name}-" in each]
        if names:
            self._left_by(call)
            self.note(f"    {names[0]}")
            await self.office.asterisk.cli(f"channel request hangup {names[0]}")

    async def _restart_asterisk(self) -> None:
        for call in self.calls:
            call.may_end = True
        await self.office.asterisk.die()
        for phone in self.office.phones.values():
            if phone.in_call or phone.ringing:
                phone.hang_up()
        self.notice_ends()
        await self.office.asterisk.start()

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
            return not call.customer.in_call or (bool(heard & people) and MUSIC_HZ not in heard)

        try:
            async with asyncio.timeout(HOME_WITHIN_S):
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
            async with asyncio.timeout(GONE_WITHIN_S):
                while await self._left_behind():  # noqa: ASYNC110  (the console tells nobody)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            phones = [name for name, phone in self.office.phones.items() if phone.in_call]
            raise WalkError(
                f"left behind: {await self.office.channels()}, {phones}, {self._book()}, {await self._bridges()}"
            ) from None

    async def _left_behind(self) -> bool:
        self.notice_ends()
        writes = self.agent is not None and self.connected and not self.frozen
        return (
            bool(await self.office.channels())
            or any(phone.in_call for phone in self.office.phones.values())
            or (writes and '"held": {}' not in self._book())
            or bool(await self._bridges())
        )

    async def _bridges(self) -> list[str]:
        _, *bridges = (await self.office.asterisk.cli("bridge show all")).strip().splitlines()
        return bridges

    def _book(self) -> str:
        with suppress(FileNotFoundError):
            return self.office.settings.book.read_text("utf-8")
        return '"held": {}'


async def walk(folder: Path, seed: int, steps: int) -> list[str]:
    """Walk so many steps and return what was done. Raises WalkError, with the same."""
    async with walking(folder, seed) as one:
        try:
            for _ in range(steps):
                await one.step()
                one.check()
                if one.random.random() < 0.4:
                    await one.consistent()
            await one.end()
        except (WalkError, TimeoutError) as error:
            raise WalkError("\n".join([f"seed {seed}: {error!r}", *one.steps])) from None
        return one.steps


@asynccontextmanager
async def walking(folder: Path, seed: int) -> AsyncIterator[Walk]:
    async with controlled_office(
        folder,
        run=False,
        tones=TONES,
        files=FILES,
        longest_hold_s=HOLD_S,
        ring_s=RING_S,
        more=MORE_DIALPLAN,
    ) as office:
        calls = [
            Call(n, office.phones[trunk], office.phones[operator])
            for n, (trunk, operator) in enumerate(PAIRS, 1)
        ]
        one = Walk(office, seed, calls, folder)
        watching = asyncio.create_task(one.watch())
        try:
            await one.start_agent()
            await office.until(lambda: one.connected, 60)
            yield one
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            await one.kill_agent()
