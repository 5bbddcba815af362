"""Parts of the program that fail: a rule of a real kind, and a way in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kikimori_core.judging.kinds.overlap import OverlapRule

if TYPE_CHECKING:
    from kikimori.taps.tap import Address
    from kikimori_core.wire.messages import Problem

SECRET = "03-5555-0100"
"""Stands in every error's text: no log may quote it."""


class FaultyRule(OverlapRule):
    """Two voices at once for four seconds: then its detector asks how severe that is, and the program fails."""

    def __getattribute__(self, name: str) -> Any:
        if name == "severity":
            raise RuntimeError(SECRET)
        return super().__getattribute__(name)


FAULTY = FaultyRule(id="faulty", title={"ja": "障害", "en": "Fault"}, kind="overlap", overlap_s=4.0)


class FaultyTap:
    """A way in whose task fails `failures` times and then works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0
        self.works = asyncio.Event()

    @property
    def name(self) -> str:
        return "faulty"

    @property
    def addresses(self) -> dict[str, Address]:
        return {}

    async def listen(self) -> None:
        return

    async def run(self) -> None:
        self.runs += 1
        await asyncio.sleep(0)
        if self.runs <= self.failures:
            raise ExceptionGroup("tasks", [RuntimeError(SECRET)])
        self.works.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        return

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def counters(self) -> dict[str, int]:
        return {}
