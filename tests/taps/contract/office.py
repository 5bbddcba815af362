"""A tap with its desk and its PBX, and the calls between them, as the contract's tests see them."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.support.recorder import RecordedLeg, Recorder
from tests.taps.contract.sound import find, voice

from kikimori_core.model.call import EndReason, Party, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from tests.taps.contract.driver import Abilities, Driver, PeerCall

    from kikimori.taps.tap import Tap

CUSTOMER = Party(number="0355550142", name="山田")
OPERATOR = Party(number="204", name="佐藤")

LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Call:
    """A call as both ends see it."""

    peer: PeerCall
    desk: Recorder
    legs: dict[Role, RecordedLeg]
    """The last leg opened of each role."""
    abilities: Abilities
    seed: int

    @property
    def call_id(self) -> str:
        return next(iter(self.legs.values())).info.call.call_id

    async def speak(self, roles: Iterable[Role] | None = None) -> dict[Role, bytes]:
        """Say something new; returns when all of it was heard."""
        voices = {}
        for role in roles or self.abilities.roles:
            self.seed += 1
            voices[role] = voice(self.seed, 0.4, self.abilities.rate)
        await self.peer.speak(voices)
        # A jitter buffer gives the last packets only when the next ones come.
        await self.peer.speak(dict.fromkeys(self.abilities.roles, bytes(self.abilities.rate // 5 * 2)))
        await self.desk.until(lambda: all(self.hears(role, spoken) for role, spoken in voices.items()))
        return voices

    def hears(self, role: Role, spoken: bytes) -> bool:
        least = self.abilities.snr_db
        return find(spoken, self.legs[role].timeline).snr_db >= (math.inf if least is None else least)

    def place(self, role: Role, spoken: bytes) -> int:
        return find(spoken, self.legs[role].timeline).at

    async def ended(self) -> set[EndReason | None]:
        await self.desk.until(lambda: all(leg.ended for leg in self.legs.values()))
        return {leg.ended for leg in self.legs.values()}


class Office:
    """A tap, its desk and its PBX."""

    def __init__(self, driver: Driver, tap: Tap, desk: Recorder) -> None:
        self.driver = driver
        self.tap = tap
        self.desk = desk
        self.abilities = driver.abilities
        self._calls = 0

    async def call(self, customer: Party = CUSTOMER, operator: Party = OPERATOR) -> Call:
        """Begin a call and let everybody be heard once."""
        before = len(self.desk.legs)
        peer = await self.driver.begin(customer, operator)
        roles = self.abilities.roles
        self._calls += 1
        seed = self._calls * 1000
        hello = {role: voice(seed + at, 0.4, self.abilities.rate) for at, role in enumerate(roles)}
        await peer.speak(hello)
        await self.desk.until(lambda: len(self.desk.legs) >= before + len(roles))
        new = self.desk.legs[before:]
        assert sorted(leg.info.role for leg in new) == sorted(roles)
        return Call(peer, self.desk, {leg.info.role: leg for leg in new}, self.abilities, seed + 100)

    def counted(self, word: str = "") -> int:
        return sum(number for name, number in self.tap.counters().items() if word in name)

    def only_if(self, able: object, what: str) -> None:
        if not able:
            pytest.skip(f"{self.tap.name} does not carry {what}")


@asynccontextmanager
async def open_office(driver: Driver, networks: tuple[str, ...] = LOOPBACK) -> AsyncIterator[Office]:
    desk = Recorder()
    tap = await driver.open(desk, networks)
    running = asyncio.create_task(tap.run())
    try:
        yield Office(driver, tap, desk)
        assert not running.done() or running.exception() is None, "run() ended by itself"
    finally:
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await driver.close()
