"""Kills of the parts of an office at random: one after another, and then some that overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random


MOST_LIFE_S = 4.0
"""Longest life in s of a part between two kills that overlap with those of others."""
AT_A_MOMENT = 0.5
"""Share of the kills of a part that wait for a moment."""


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    """Settings of a run of `kikimori bench chaos` or `kikimori bench record-chaos`."""

    kills: int
    """Number of kills of each target, one after another."""
    overlapping: int
    """Further kills of any target, without waiting for the one before."""
    lines: int
    seed: int
    targets: tuple[str, ...]


class Killable(Protocol):
    """A part that can be killed and started again."""

    async def start(self) -> None: ...
    async def kill(self) -> None: ...


Moment = Callable[[], Awaitable[None]]
"""Waits for a moment at which a kill of a part matters, for a few seconds at most."""


class ChaosKills:
    """Kills of one run; a part that was killed is started again."""

    def __init__(
        self,
        settings: ChaosSettings,
        random: Random,
        progress: Callable[[int, str], None],
        stop: asyncio.Event,
        moments: Mapping[str, Moment] | None = None,
    ) -> None:
        """Prepare for `run`.

        Args:
            settings: What is killed, and how often.
            random: Draws order and times.
            progress: Called after each kill with the number of all kills and that of each part.
            stop: Kill no more.
            moments: By target; half of its kills wait for one.
        """
        self.done: dict[str, int] = dict.fromkeys(settings.targets, 0)
        """Number of kills of each target, one after another."""
        self.overlapped = 0
        self._settings = settings
        self._random = random
        self._progress = progress
        self._stop = stop
        self._moments = moments or {}
        self._busy = {target: asyncio.Lock() for target in settings.targets}

    async def run(self, parts: Mapping[str, Killable]) -> None:
        """Kill those of the targets that are among `parts`; raises KikimoriError when one did not start again."""
        targets = [each for each in self._settings.targets if each in parts]
        order = [target for target in targets for _ in range(self._settings.kills)]
        self._random.shuffle(order)
        for target in order:
            await self._live(self._random.uniform(0.2, 2.5))
            if not await self._kill(target, parts[target]):
                return
            self.done[target] += 1
            self._tell()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._settings.overlapping):
                await self._live(self._random.uniform(0.05, 1.0))
                if self._stop.is_set():
                    break
                target = self._random.choice(targets)
                # One that waits for an earlier kill of the same part lets it live for a while.
                lives_s = self._random.uniform(0.0, MOST_LIFE_S)
                tasks.create_task(self._overlap(target, parts[target], lives_s))

    async def _overlap(self, target: str, part: Killable, lives_s: float) -> None:
        if await self._kill(target, part, lives_s):
            self.overlapped += 1
            self._tell()

    async def _kill(self, target: str, part: Killable, lives_s: float = 0.0) -> bool:
        """Kill a part and start it again; False = stopped before."""
        async with self._busy[target]:
            await self._live(lives_s)
            moment = self._moments.get(target)
            if moment is not None and self._random.random() < AT_A_MOMENT and not self._stop.is_set():
                await moment()
            if self._stop.is_set():
                return False
            await part.kill()
            await self._live(self._random.choice((0.0, self._random.uniform(0.0, 1.5))))
            await part.start()
            return True

    async def _live(self, seconds: float) -> None:
        """Wait, no longer than until `stop`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    @property
    def count(self) -> int:
        """Return the number of all kills."""
        return sum(self.done.values()) + self.overlapped

    def _tell(self) -> None:
        each = ", ".join(f"{target} {count}" for target, count in self.done.items())
        self._progress(self.count, f"{each}, overlapping {self.overlapped}")
