"""World of a random walk: calls, the program that moves them, and what must be true of both at any time."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.deadline import WITHIN_S
from tests.support.tone_office import (
    CUSTOMER_HZ,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
)

from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.sip_phone import Phone
    from tests.support.wire import Wire

ROOT = Path(__file__).parents[2]
HOLD_S, RING_S = 4, 2
CONSISTENT_WITHIN_S = 60.0
"""Between two rounds of ringing everybody there are some seconds of music; a busy machine needs its time too."""
RINGING_HZ = 2600
QUIET_S = 1.5
SAMPLED_EVERY_S = 0.1
MIXED_SAMPLES = 8
"""Samples in a row from which a voice of another call is a fault, not the sound of a change."""

TONES = {
    "trunk": CUSTOMER_HZ, "trunk2": 780, "trunk3": 900, "204": OPERATOR_HZ, "206": 1400, "207": 1540,
    "200": SUPERIOR_HZ, "201": 2000, "205": SUPERVISOR_HZ,
}  # fmt: skip


PAIRS = (("trunk", "204"), ("trunk2", "206"), ("trunk3", "207"))
"""Customers, and whom they talk with."""


class WalkError(AssertionError):
    """Something that must not be."""


class WalkedPbx(ABC):
    """A PBX with its telephones, as a walk uses it.

    A telephone can be called by its name, by 601, 602, 603 the operators in another way; by out1, out2, out3 customers.
    """

    kind: str
    """As `walked_agent` knows it."""
    music_hz: int
    phones: Mapping[str, Phone]
    wire: Wire
    """Between PBX and agent."""
    password_file: Path
    patience: float = 0.0
    """Probability that a walk waits until the agent is connected before it presses."""
    settings: Mapping[str, Any] = {"longest_hold_s": HOLD_S, "ring_s": RING_S}
    """Of control, where they are not the test office's."""
    troubles: tuple[str, ...] = ()
    """Names of the troubles of the walk besides those of every PBX; `trouble` can make those it does not know
    itself."""

    @property
    @abstractmethod
    def process(self) -> asyncio.subprocess.Process: ...

    @abstractmethod
    async def channels(self) -> list[tuple[str, str]]:
        """Each channel's telephone and name."""

    @abstractmethod
    async def rest(self) -> list[str]:
        """Return what exists, besides channels, only while somebody calls."""

    @abstractmethod
    async def hang_up(self, channel: str) -> None: ...

    @abstractmethod
    async def trouble(self, what: str) -> None: ...

    @abstractmethod
    async def die(self) -> None: ...

    @abstractmethod
    async def start(self) -> None: ...

    async def of(self, phone: Phone) -> str | None:
        """The telephone's channel."""
        return next((channel for name, channel in await self.channels() if name == phone.name), None)

    async def until(self, condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  (sound of several telephones sets no event)
                await asyncio.sleep(0.02)


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
class WalkedOffice:
    """A program, its calls, and whether what the page says is what the telephones hear."""

    office: WalkedPbx
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

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311  (a test must be repeatable)
        self.began = asyncio.get_running_loop().time()
        self._reading: asyncio.Task[None] | None = None
        self._wrong: str | None = None

    def note(self, words: str) -> None:
        self.steps.append(f"{asyncio.get_running_loop().time() - self.began:6.1f} {words}")

    # --- the agent

    async def start_agent(self) -> None:
        settings = json.dumps(dict(self.office.settings))
        with (self.folder / "agent.log").open("ab") as log:
            self.agent = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.walked_agent", self.office.kind,
                str(self.office.wire.port), str(self.office.password_file), str(self.folder), settings,
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
        people = heard - {self.office.music_hz, SOUND_HZ, SUPERVISOR_HZ, RINGING_HZ}
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
            CallStatus.ON_HOLD: not people and bool(heard & {self.office.music_hz, RINGING_HZ}),
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
