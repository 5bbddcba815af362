"""Comparison of the history with what telephone lines sent: every sample and every call for help, once.

A kill of the agent may lose what came in its last second; that is counted apart. All else that is missing is a fault.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from kikimori_core.model.call import Role
from kikimori_lab.bench.known_lines import FRAME_SAMPLES, KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kikimori_lab.bench.known_lines import SentLeg
    from kikimori_lab.bench.record_history import KeptCall

LAST_S = 1.0
"""Time in s before a kill of the agent from which on something may be lost."""


@dataclass(slots=True)
class SentReport:
    """Figures of what the lines sent. Samples of all legs together."""

    legs: int = 0
    """Connections of the lines to the agent over which sound was sent; a call has two, and others after a kill."""
    samples: int = 0
    """Samples sent."""
    samples_missing: int = 0
    """Samples that are not in the history, and were sent earlier than a second before a kill of the agent."""
    samples_doubled: int = 0
    """Samples of legs that stand in the history twice."""
    samples_altered: int = 0
    """Samples that are others in the history, or of a leg that was never sent."""
    samples_lost_at_kills: int = 0
    """Samples that are not in the history, of the last second before a kill of the agent or after it."""
    longest_lost_at_kill_s: float = 0.0
    """Longest time before a kill of which sound was lost."""
    samples_not_heard: int = 0
    """Samples that the agent dropped before it heard them, five seconds after they came: too little of a processor was left
    to it. The history says so (`dropped_frames`), and the machine is too slow, or too busy, for so many calls."""
    pauses_s: float = 0.0
    """Silence in s that the agent put where the lines sent nothing in time."""
    helps: int = 0
    """Calls for help that the agent reported as raised."""
    helps_missing: int = 0
    """Of these, and of the keys pressed earlier than a second before a kill: those that are not in the history."""
    helps_doubled: int = 0
    """Calls for help that stand in the history twice."""
    helps_lost_at_kills: int = 0
    """Calls for help that are not in the history, reported in the last second before a kill of the agent."""
    faults: list[str] = field(default_factory=list)
    """Legs and alerts with something missing, doubled or altered."""

    @property
    def all_well(self) -> bool:
        return self.samples > 0 and not self.faults


class SentComparison:
    """Takes the kept calls one by one; `report` compares all of them with all that was sent."""

    def __init__(self, sent: Sequence[SentLeg], killed_at: Sequence[float]) -> None:
        """`killed_at`: times of the kills of the agent. Both may still grow."""
        self._sent = sent
        self._killed_at = killed_at
        self._kept: dict[int, list[int]] = defaultdict(list)
        """Samples of each copy, by number of the leg."""
        self._helped: set[int] = set()
        """Numbers of the legs whose call has an alert."""
        self._alerts: Counter[str] = Counter()
        self._raised: dict[str, float] = {}
        self._strange: list[str] = []
        self._altered = 0
        self._pauses = 0
        self._dropped = 0
        self._by_key: dict[bytes, int] = {}
        self._indexed = 0

    def heard(self, line: dict[str, Any]) -> None:
        """Take a line of the agent's log: an alert's first revision counts as raised."""
        if line.get("event") == "alert" and line.get("revision") == 1:
            self._raised[line["alert_id"]] = datetime.fromisoformat(line["timestamp"]).timestamp()

    def take(self, call: KeptCall) -> None:
        """Take a call of the history."""
        for new in range(self._indexed, len(self._sent)):
            self._by_key[self._sent[new].key] = new
        self._indexed = len(self._sent)
        self._alerts.update(call.alerts)
        for sound in call.legs:
            number = self._take_leg(call, sound)
            if number is not None and call.alerts:
                self._helped.add(number)

    def _take_leg(self, call: KeptCall, sound: NDArray[np.int16]) -> int | None:
        # No sample that was sent is zero.
        said = sound[sound != 0]
        number = self._by_key.get(said[: KEY_BYTES // 2].tobytes())
        # The agent gives a number to a call that comes again by its name.
        if number is None or not call.call_id.startswith(self._sent[number].call_id):
            self._strange.append(f"{call.uid}: unknown_sound")
            self._altered += len(said)
            return None
        sent = self._sent[number].samples
        pieces = _pieces(sound)
        kept = _aligned(pieces, sent)
        if kept is None:
            self._strange.append(f"{call.uid}: other_samples")
            common = min(len(said), len(sent))
            self._altered += len(said) - int((said[:common] == sent[:common]).sum())
            kept = len(said)
        dropped = kept - len(said)
        self._dropped += dropped
        self._pauses += len(sound) - len(said) - dropped
        self._kept[number].append(kept)
        return number

    def report(self) -> SentReport:
        """Compare all that was sent."""
        made = SentReport(
            samples_altered=self._altered,
            samples_not_heard=self._dropped,
            pauses_s=round(self._pauses / 8000, 1),
            faults=list(self._strange),
        )
        for number, leg in enumerate(self._sent):
            made.legs += leg.sent > 0
            made.samples += leg.sent
            self._add_leg(made, number, leg)
            self._add_press(made, number, leg)
        self._add_alerts(made)
        made.longest_lost_at_kill_s = round(made.longest_lost_at_kill_s, 2)
        if made.samples_not_heard:
            made.faults.append(f"samples_not_heard={made.samples_not_heard}")
        return made

    def _add_leg(self, made: SentReport, number: int, leg: SentLeg) -> None:
        copies = self._kept.get(number, [0])
        kept = copies[0]
        if len(copies) > 1:
            made.samples_doubled += sum(copies[1:])
            made.faults.append(f"{leg.call_id} {leg.role}: {len(copies)} times")
        killed_at = self._kill_of(leg)
        wanted = leg.sent if killed_at is None else leg.sent_until(killed_at - LAST_S)
        if kept < wanted:
            made.samples_missing += wanted - kept
            made.faults.append(f"{leg.call_id} {leg.role}: kept={kept} sent={leg.sent} wanted={wanted}")
        if killed_at is not None and kept < leg.sent:
            made.samples_lost_at_kills += leg.sent - max(kept, wanted)
            made.longest_lost_at_kill_s = max(made.longest_lost_at_kill_s, killed_at - leg.sent_at(kept))

    def _add_press(self, made: SentReport, number: int, leg: SentLeg) -> None:
        if leg.pressed_at is None or leg.role is not Role.OPERATOR or number in self._helped:
            return
        killed_at = self._kill_of(leg)
        if killed_at is None or leg.pressed_at < killed_at - LAST_S:
            made.helps_missing += 1
            made.faults.append(f"{leg.call_id}: no_alert_of_keys")

    def _add_alerts(self, made: SentReport) -> None:
        made.helps = len(self._raised)
        for alert_id, at in self._raised.items():
            if (count := self._alerts[alert_id]) == 1:
                continue
            if count > 1:
                made.helps_doubled += 1
            elif any(at <= each <= at + LAST_S for each in self._killed_at):
                made.helps_lost_at_kills += 1
                continue
            else:
                made.helps_missing += 1
            made.faults.append(f"{alert_id}: {count}/1")

    def _kill_of(self, leg: SentLeg) -> float | None:
        """Return the time of the kill of the agent that ended a leg, or came within a second after its end."""
        ended_at = float("inf") if leg.ended_at is None else leg.ended_at + LAST_S
        return next((each for each in self._killed_at if leg.begun_at <= each <= ended_at), None)


def _pieces(sound: NDArray[np.int16]) -> list[NDArray[np.int16]]:
    """Return the stretches of a leg between its pauses."""
    edges = np.flatnonzero(np.diff((sound != 0).astype(np.int8), prepend=0, append=0))
    return [sound[begin:end] for begin, end in edges.reshape(-1, 2).tolist()]


def _aligned(pieces: list[NDArray[np.int16]], sent: NDArray[np.int16]) -> int | None:
    """Return the number of sent samples up to the end of the last piece; None where a piece is not what was sent.

    Whole frames may be missing before a piece: those that were dropped.
    """
    at = 0
    for piece in pieces:
        starts = range(at, len(sent) - len(piece) + 1, FRAME_SAMPLES)
        first = next(
            (
                each
                for each in starts
                if sent[each] == piece[0] and (sent[each : each + len(piece)] == piece).all()
            ),
            None,
        )
        if first is None:
            return None
        at = first + len(piece)
    return at
