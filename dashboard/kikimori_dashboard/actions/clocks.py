"""Clocks of the agents against ours, from round trips. Pure: times are given.

A press is refused that is too old by the agent's clock. So it is issued in the agent's time, whatever ours says.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kikimori_core.wire.messages import ASK_TIME, Command, CommandResult

MEASURE_EVERY_S = 30.0
ASK_AGAIN_AFTER_S = 5.0
"""Seconds after which a question without an answer was lost."""
ASK_UNCONFIRMED_EVERY_S = 1.0
LONGEST_TRIP_S = 5.0
"""Longest round trip in s; a slower answer is less exact than the known time."""
WARN_FROM_S = 3.0
LIFETIME = timedelta(seconds=10)


@dataclass(slots=True)
class _Clock:
    epoch_s: float | None = None
    """The agent's time (Unix) at our monotonic zero; None until it is known. A step of our clock changes nothing."""
    measured_at: float = 0.0
    asked_at: float | None = None
    """Time of the open question, by our monotonic clock; None when there is none."""
    command_id: str = ""


def time_question(reply_to: str, now: datetime) -> Command:
    """Return a question for an agent's time, which every agent answers to everybody."""
    return Command(
        command_id=uuid.uuid4().hex,
        call_id="none",
        action=ASK_TIME,
        issued_by="dashboard",
        issued_at=now,
        expires_at=now + LIFETIME,
        reply_to=reply_to,
    )


class AgentClocks:
    """One clock for each agent. `mono_s` is always our monotonic clock, `now` our wall clock."""

    def __init__(self) -> None:
        self._clocks: dict[str, _Clock] = {}

    def due(self, agent_id: str, mono_s: float, *, unconfirmed: bool = False) -> bool:
        """Return whether to ask the agent for its time now. `unconfirmed`: its answer also confirms it."""
        clock = self._clocks.get(agent_id)
        if clock is None:
            return True
        if clock.asked_at is not None:
            return mono_s - clock.asked_at >= (ASK_UNCONFIRMED_EVERY_S if unconfirmed else ASK_AGAIN_AFTER_S)
        return unconfirmed or mono_s - clock.measured_at >= MEASURE_EVERY_S

    def ask(self, agent_id: str, reply_to: str, now: datetime, mono_s: float) -> Command:
        """Return the question."""
        question = time_question(reply_to, now)
        clock = self._clocks.setdefault(agent_id, _Clock())
        clock.command_id, clock.asked_at = question.command_id, mono_s
        return question

    def take(self, result: CommandResult, mono_s: float) -> bool:
        """Take an answer; False when it answers no question of ours. Any outcome gives the agent's time."""
        if result.action != ASK_TIME:
            return False
        for clock in self._clocks.values():
            if clock.command_id == result.command_id and clock.asked_at is not None:
                trip_s = mono_s - clock.asked_at
                if trip_s <= LONGEST_TRIP_S or clock.epoch_s is None:
                    clock.epoch_s = result.at.timestamp() - (mono_s - trip_s / 2)
                clock.asked_at = None
                clock.measured_at = mono_s
        return True

    def forget(self, agent_id: str) -> None:
        """Forget an agent's clock: it has stopped, or another run came, perhaps on another machine."""
        self._clocks.pop(agent_id, None)

    def known(self) -> list[str]:
        return list(self._clocks)

    def now_of(self, agent_id: str, now: datetime, mono_s: float) -> datetime:
        """Return the agent's time; ours while its is not known."""
        clock = self._clocks.get(agent_id)
        if clock is None or clock.epoch_s is None:
            return now
        return datetime.fromtimestamp(clock.epoch_s + mono_s, UTC)

    def differing(self, now: datetime, mono_s: float) -> dict[str, int]:
        """Return by how many seconds the clocks are ahead of ours that differ by `WARN_FROM_S` and more."""
        found = {}
        for agent_id in self._clocks:
            ahead_s = (self.now_of(agent_id, now, mono_s) - now).total_seconds()
            if abs(ahead_s) >= WARN_FROM_S:
                found[agent_id] = round(ahead_s)
        return found
