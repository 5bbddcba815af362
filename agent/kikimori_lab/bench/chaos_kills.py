"""Kills of the parts of an office at random: one after another, and then some that overlap."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random


MOST_LIFE_S = 4.0
"""Longest life in s of a part between two kills that overlap with those of others."""


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


class ChaosKills:
    """Kills of one run; a part that was killed is started again."""

    def __init__(
        self, settings: ChaosSettings, random: Random, progress: Callable[[int], None], stop: asyncio.Event
    ) -> None:
        """`progress` is called after each kill; `stop`: kill no more."""
        self.done: dict[str, int] = dict.fromkeys(settings.targets, 0)
        """Number of kills of each target, one after another."""
        self.overlapped = 0
        self._settings = settings
        self._random = random
        self._progress = progress
        self._stop = stop
        self._busy = {target: asyncio.Lock() for target in settings.targets}

    async def run(self, parts: Mapping[str, Killable]) -> None:
        """Kill those of the targets that are among `parts`."""
        targets = [each for each in self._settings.targets if each in parts]
        order = [target for target in targets for _ in range(self._settings.kills)]
        self._random.shuffle(order)
        done = 0
        for target in order:
            await asyncio.sleep(self._random.uniform(0.2, 2.5))
            if self._stop.is_set():
                return
            await self._kill(target, parts[target])
            self.done[target] += 1
            done += 1
            self._progress(done)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._settings.overlapping):
                await asyncio.sleep(self._random.uniform(0.05, 1.0))
                if self._stop.is_set():
                    break
                target = self._random.choice(targets)
                # One that waits for an earlier kill of the same part lets it live for a while.
                lives_s = self._random.uniform(0.0, MOST_LIFE_S)
                tasks.create_task(self._kill(target, parts[target], lives_s))
                self.overlapped += 1
                done += 1
                self._progress(done)

    async def _kill(self, target: str, part: Killable, lives_s: float = 0.0) -> None:
        async with self._busy[target]:
            await asyncio.sleep(lives_s)
            await part.kill()
            await asyncio.sleep(self._random.choice((0.0, self._random.uniform(0.0, 1.5))))
            await part.start()
