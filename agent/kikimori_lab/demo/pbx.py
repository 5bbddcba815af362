"""A PBX that exists only in the demo: it plays recorded calls, holds them and moves them.

To the agent it is a PBX like any other: its audio comes over AudioSocket, a customer on hold falls silent, and after
a transfer another operator's leg stands beside the customer's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from kikimori.control.pbx_control import HoldTimes, PbxAnswer, not_supported
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import Action, Announcement, CallStatus, Outcome
from kikimori_lab.demo.leg import FRAME_SAMPLES, DemoLeg
from kikimori_lab.demo.script import RATE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori.control.pbx_control import PbxRequest
    from kikimori_core.model.call import CallInfo
    from kikimori_core.wire.messages import Problem
    from kikimori_lab.demo.script import DemoCall

FRAME_S = FRAME_SAMPLES / RATE
RING_S = 1.5
"""Seconds that the superior's telephone rings."""
LONGEST_HOLD_S = 60.0
"""Seconds on hold after which a customer is back with the operator: half of what an office begins with, for short calls."""

ANNOUNCEMENT_S = 4.0
"""Length in s of any announcement."""

QUEUE = "総合窓口"
CALLS_AGAIN = "superior-demand"
"""Call whose customer has the same number each time it is played: known, and soon a repeat caller."""
ANNOUNCEMENTS = (
    Announcement(name="recorded", title="録音のお知らせ"),
    Announcement(name="closing", title="終話の予告"),
)

_SILENCE = bytes(FRAME_SAMPLES * 2)


@dataclass(slots=True)
class _Ride:
    """A call that is being played."""

    call_id: str
    script: DemoCall
    caller: str
    """Number of the customer."""
    customer: DemoLeg
    colleague: DemoLeg | None
    """The operator's leg; None once they were released."""
    superior: DemoLeg | None = None
    played: int = 0
    """Samples of the script."""
    held: bool = False
    """Nothing is played: the customer is on hold, or hears an announcement."""
    hold_ends: float | None = None
    """The loop's time at which the customer goes back to the operator; None = not on hold."""
    changed: Callable[[CallStatus], None] = lambda _status: None
    """Takes the call's status, as the last request gave it."""
    hung_up: bool = False
    ringing: asyncio.Task[None] | None = None
    """The superior's telephone; cancelled when the customer is taken back."""
    keys_sent: int = 0
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class SimulatedPbx:
    """A `kikimori.control.pbx_control.PbxControl`. Use `connected` around everything that plays."""

    def __init__(self, longest_hold_s: float = LONGEST_HOLD_S) -> None:
        self._longest_hold_s = longest_hold_s
        self._rides: dict[str, _Ride] = {}
        self._plays: Counter[str] = Counter()
        self._session: aiohttp.ClientSession | None = None
        self._announce: tuple[str, int] = ("", 0)
        self._audiosocket: tuple[str, int] = ("", 0)

    @asynccontextmanager
    async def connected(self, announce: tuple[str, int], audiosocket: tuple[str, int]) -> AsyncIterator[None]:
        """Set the agent's two addresses."""
        self._announce, self._audiosocket = announce, audiosocket
        async with aiohttp.ClientSession() as self._session:
            yield

    async def play(self, script: DemoCall, call_id: str) -> None:
        """Play a call in real time from ringing to hang-up."""
        caller = self._number(script)
        customer = await self._open(script, call_id, Role.CUSTOMER, caller)
        try:
            operator = await self._open(script, call_id, Role.OPERATOR, caller)
            ride = _Ride(call_id, script, caller, customer, operator)
        except BaseException:
            await customer.hang_up()
            raise
        self._rides[call_id] = ride
        try:
            await self._ride(ride)
        finally:
            del self._rides[call_id]
            legs = (ride.customer, ride.colleague, ride.superior)
            await asyncio.gather(*(leg.hang_up() for leg in legs if leg is not None))

    def _number(self, script: DemoCall) -> str:
        """Return a caller's number: another one each time a script is played again, but for one customer who calls again."""
        number, before = script.truth.caller or "", self._plays[script.name]
        self._plays[script.name] += 1
        same = not before or not number or script.name == CALLS_AGAIN
        return number if same else f"{number[:2]}{before:04d}{number[6:]}"

    async def _ride(self, ride: _Ride) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while ride.played < ride.script.samples and not ride.hung_up:
            due += FRAME_S
            await asyncio.sleep(max(due - loop.time(), 0))
            if ride.held:
                # Nothing comes from a customer who hears music; the script waits.
                if ride.hold_ends is not None and due >= ride.hold_ends and not ride.busy.locked():
                    await self._end_hold(ride)
                    continue
                for leg in (ride.colleague, ride.superior):
                    if leg is not None:
                        leg.send(_SILENCE)
                continue
            self._frame(ride)

    async def _end_hold(self, ride: _Ride) -> None:
        """Give a customer back to the operator who was on hold for too long."""
        async with ride.busy:
            await self._take_back(ride)
            ride.changed(CallStatus.TALKING)

    @staticmethod
    def _frame(ride: _Ride) -> None:
        at, script = ride.played, ride.script
        ride.played = at + FRAME_SAMPLES
        for role, leg in ((Role.CUSTOMER, ride.customer), (Role.OPERATOR, ride.colleague)):
            if leg is None:
                continue
            if role is Role.OPERATOR and ride.superior is not None:
                leg.send(_SILENCE)  # the superior speaks now
                continue
            pcm = script.voices[role][at : at + FRAME_SAMPLES].tobytes()
            leg.send(pcm.ljust(FRAME_SAMPLES * 2, b"\0"))
        if ride.superior is not None:
            ride.superior.send(_SILENCE)  # what the superior would say is in no script
        while ride.keys_sent < len(script.truth.dtmf):
            key = script.truth.dtmf[ride.keys_sent]
            if key.at * RATE > at:
                break
            leg = ride.customer if key.role is Role.CUSTOMER else ride.colleague
            if leg is not None:
                leg.key(key.digit)
            ride.keys_sent += 1

    async def _open(
        self, script: DemoCall, call_id: str, role: Role, caller: str, *, superior: bool = False
    ) -> DemoLeg:
        if self._session is None:
            raise RuntimeError("not connected")
        truth = script.truth
        leg = {"call": call_id, "role": str(role), "channel": f"demo/{call_id}"}
        if not superior:
            # The call stays that of the operator who took it, also when a superior has taken over.
            leg |= {
                "caller": caller,
                "caller_name": truth.caller_name or "",
                "operator": truth.operator.extension,
                "operator_name": truth.operator.name,
                "queue": QUEUE,
            }
        return await DemoLeg.open(self._session, self._announce, self._audiosocket, leg)

    # --- PbxControl

    @property
    def kind(self) -> str:
        return "demo"

    @property
    def capabilities(self) -> tuple[Action, ...]:
        # Listening in is not here: there is no telephone on which anybody could hear these calls.
        return (
            Action.HOLD_TRANSFER,
            Action.HOLD,
            Action.UNHOLD,
            Action.TRANSFER,
            Action.TAKE_BACK,
            Action.ANNOUNCE,
            Action.HANG_UP,
        )

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        return ANNOUNCEMENTS

    @property
    def keep_operator(self) -> bool:
        return False

    async def run(self) -> None:
        return

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def hold_times(self, call: CallInfo) -> HoldTimes | None:
        ride = self._rides.get(call.call_id)
        if ride is None or ride.hold_ends is None:
            return None
        return HoldTimes(ride.hold_ends - asyncio.get_running_loop().time())

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        # There is one superior here: the target is not asked.
        ride = self._rides.get(request.call.call_id)
        if ride is None:
            return PbxAnswer(Outcome.FAILED, "no_such_channel")
        if request.action is Action.TAKE_BACK and ride.ringing is not None:
            ride.ringing.cancel()
        async with ride.busy:
            return await self._act(ride, request, changed)

    async def _act(
        self, ride: _Ride, request: PbxRequest, changed: Callable[[CallStatus], None]
    ) -> PbxAnswer:
        ride.changed = changed
        match request.action:
            case Action.UNHOLD:
                ride.held, ride.hold_ends = False, None
                changed(CallStatus.TALKING)
            case Action.HOLD:
                self._hold(ride)
            case Action.HOLD_TRANSFER | Action.TRANSFER:
                return await self._transfer(ride, changed, keep_operator=bool(request.keep_operator))
            case Action.TAKE_BACK:
                await self._take_back(ride)
                changed(CallStatus.TALKING)
            case Action.ANNOUNCE:
                await self._announcement(ride)
            case Action.HANG_UP:
                ride.hung_up = True
            case _:
                return not_supported(request.action)
        return PbxAnswer(Outcome.DONE)

    async def _transfer(
        self, ride: _Ride, changed: Callable[[CallStatus], None], *, keep_operator: bool
    ) -> PbxAnswer:
        self._hold(ride)
        ride.ringing = asyncio.create_task(asyncio.sleep(RING_S))
        try:
            await asyncio.wait([ride.ringing])
            if ride.ringing.cancelled():
                return PbxAnswer(Outcome.FAILED, "taken_back")
        finally:
            ride.ringing.cancel()
            ride.ringing = None
        ride.superior = await self._open(ride.script, ride.call_id, Role.OPERATOR, ride.caller, superior=True)
        ride.held, ride.hold_ends = False, None
        changed(CallStatus.TRANSFERRED)
        if not keep_operator and ride.colleague is not None:
            released, ride.colleague = ride.colleague, None
            await released.hang_up()
        return PbxAnswer(Outcome.DONE)

    async def _take_back(self, ride: _Ride) -> None:
        """Give the customer back to the operator, from hold or from the superior."""
        if ride.colleague is None:
            ride.colleague = await self._open(ride.script, ride.call_id, Role.OPERATOR, ride.caller)
        if ride.superior is not None:
            released, ride.superior = ride.superior, None
            await released.hang_up()
        ride.held, ride.hold_ends = False, None

    def _hold(self, ride: _Ride) -> None:
        if ride.hold_ends is None:
            ride.hold_ends = asyncio.get_running_loop().time() + self._longest_hold_s
        ride.held = True
        ride.changed(CallStatus.ON_HOLD)

    @staticmethod
    async def _announcement(ride: _Ride) -> None:
        """Play an announcement: nobody speaks meanwhile. A customer on hold stays there afterwards."""
        was_held, ride.held = ride.held, True
        await asyncio.sleep(ANNOUNCEMENT_S)
        ride.held = was_held
