"""Journals of whole calls with known sound, as an agent writes them while the calls run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from kikimori_core.g711 import ULAW
from kikimori_core.journal.events import (
    AlertRevision,
    CallBegun,
    CallEnded,
    CommandDone,
    LegClosed,
    LegOpened,
    Line,
    RecordingState,
    RecordingStatus,
    StatusChanged,
)
from kikimori_core.journal.framing import Kind, Record, encode
from kikimori_core.journal.sound import PIECE
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.windows import WINDOW, encode_windows
from kikimori_core.wire.messages import Party, SpokenBy
from kikimori_core.wire.values import CallStatus, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori_core.journal.events import JournalEvent

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
TICK_S = 0.2


@dataclass
class ToldLeg:
    """A leg and all of its sound."""

    role: Role
    rate: int
    sound: NDArray[np.int16]
    offset_s: float = 0.0


@dataclass
class ToldCall:
    """A call that begins at `begins_s` of the run and has these legs."""

    call_id: str
    legs: list[ToldLeg]
    begins_s: float = 0.0
    caller: Party = field(default_factory=lambda: Party(number="0312345678", name="佐藤"))
    operator: Party = field(default_factory=lambda: Party(number="204"))
    ends: bool = True
    """False = the agent stopped before."""
    states: list[RecordingStatus] = field(default_factory=list)
    statuses: list[CallStatus] = field(default_factory=list)
    """States after the hold, one after the other."""
    presses: list[tuple[str, str]] = field(default_factory=list)
    """Further commands: action and outcome."""

    @property
    def length_s(self) -> float:
        return max((each.offset_s + len(each.sound) / each.rate for each in self.legs), default=0.0)


def speech_like(seconds: float, rate: int, seed: int, *, of_law: bool = True) -> NDArray[np.int16]:
    """Return noise that grows and falls, as G.711 gives it or of all 16-bit values."""
    noise = np.random.default_rng(seed)
    count = round(seconds * rate)
    level = 300 + 4000 * np.abs(np.sin(np.arange(count) / rate * 2 + seed))
    sound = np.clip(noise.normal(0, 1, count) * level, -32768, 32767).astype(np.int16)
    # Of a law: each sample is the value of a code, here simply the nearest of the table's.
    coded: NDArray[np.int16] = ULAW.astype(np.int16)[(sound >> 8).astype(np.uint8)]
    return coded if of_law else sound


def told_call(number: int, seconds: float = 3.0, *, seed: int | None = None, **changes: Any) -> ToldCall:
    """Return a call of customer and operator."""
    seed = number if seed is None else seed
    legs = [
        ToldLeg(Role.CUSTOMER, 8000, speech_like(seconds, 8000, 2 * seed)),
        ToldLeg(Role.OPERATOR, 8000, speech_like(seconds - 0.5, 8000, 2 * seed + 1, of_law=False), 0.5),
    ]
    return ToldCall(f"call-{number}", legs, **changes)


class ToldRun:
    """Records of one run with some calls, in the order of time."""

    def __init__(self, calls: list[ToldCall], *, agent_id: str = "office", run: str = "run1") -> None:
        self.calls = calls
        self.agent_id = agent_id
        self.run = run
        self.records: list[Record] = []
        self._coder = SoundCoder()
        self._ended: set[int] = set()
        ticks = round(max(each.begins_s + each.length_s for each in calls) / TICK_S) + 2
        for tick in range(ticks):
            self._tick(tick * TICK_S)

    def frames(self, begin: int = 0, end: int | None = None) -> bytes:
        """Return the frames of some records."""
        return b"".join(encode(each.number, each.kind, each.payload) for each in self.records[begin:end])

    def uid(self, key: int) -> str:
        return f"{self.calls[key].call_id}.{self.run}"

    def say(self, event: JournalEvent) -> None:
        """Add an event."""
        self.put(event.kind, event.to_payload())

    def put(self, kind: int, payload: bytes) -> None:
        self.records.append(Record(len(self.records), kind, payload))

    def _tick(self, now: float) -> None:
        pieces, parts, windows = [], [], []
        ended = []
        for key, call in enumerate(self.calls):
            into = now - call.begins_s
            if -TICK_S / 2 <= into < TICK_S / 2:
                self._begin(key, call)
            if into < -TICK_S / 2 or into - TICK_S >= call.length_s:
                continue
            for number, leg in enumerate(call.legs):
                begin = max(round((into - leg.offset_s) * leg.rate), 0)
                end = min(round((into + TICK_S - leg.offset_s) * leg.rate), len(leg.sound))
                if begin >= end:
                    continue
                pieces.append((key, number, 0, 0, begin, end - begin))
                parts.append(leg.sound[begin:end].tobytes())
                windows.append((key, number, 1, 0, into, 0.1, -30.5, *[np.nan] * 5))
            if into + TICK_S / 2 >= call.length_s and key not in self._ended:
                self._ended.add(key)
                ended.append(key)
        for payload in self._coder.encode_batch(np.array(pieces, PIECE), parts):
            self.put(Kind.SOUND, payload)
        if windows:
            self.put(Kind.WINDOWS, encode_windows(np.array(windows, WINDOW)))
        for key in ended:
            self._end(key, self.calls[key])

    def _begin(self, key: int, call: ToldCall) -> None:
        self.say(
            CallBegun(
                call=key,
                call_id=call.call_id,
                site="tokyo",
                agent_id=self.agent_id,
                run=self.run,
                tap="audiosocket",
                started_at=NOON + timedelta(seconds=call.begins_s),
                caller=call.caller,
                operator=call.operator,
                queue="claims",
                words=True,
            )
        )
        for number, leg in enumerate(call.legs):
            self.say(LegOpened(call=key, leg=number, role=leg.role, rate=leg.rate, offset_s=leg.offset_s))
        self._talk(key, call)

    def _talk(self, key: int, call: ToldCall) -> None:
        at = NOON + timedelta(seconds=call.begins_s + 1)
        self.say(
            Line(
                call=key,
                role=Role.CUSTOMER,
                line_id=f"{call.call_id}-1",
                start_s=0.25,
                end_s=1.5,
                text="責任者を\0出せ 🙇",
                words=(("責任者", 0.25, 0.875, 0.9), ("出せ", 1.0, 1.5, 0.1)),
                engine="vosk",
                spoken_by=SpokenBy(superior=Party(number="200", name="木村"), certain=False),
            )
        )
        for revision, state, severity in (
            (1, "open", "notice"),
            (2, "open", "critical"),
            (3, "closed", "notice"),
        ):
            alert = {
                "alert_id": f"{call.call_id}.{self.run}.shouting.1",
                "rule": "shouting",
                "rule_kind": "shouting",
                "severity": severity,
                "state": state,
                "revision": revision,
                "raised_s": 1.25,
                "later": {"field": [1.5, None]},
            }
            self.say(AlertRevision(call=key, media_s=1.25 + revision / 8, alert=alert))
        self.say(StatusChanged(call=key, media_s=2, at=at, status=CallStatus.ON_HOLD, operator=call.operator))
        for number, (action, outcome) in enumerate((("hold", "done"), *call.presses), 1):
            self.say(
                CommandDone(
                    call=key,
                    at=at,
                    media_s=2.125,
                    command={"command_id": f"c{number}", "action": action},
                    issued_by="木村",
                    result={"outcome": outcome},
                )
            )
        for status in call.statuses:
            self.say(StatusChanged(call=key, media_s=2.125, at=at, status=status, operator=call.operator))
        for state in call.states:
            self.say(RecordingState(call=key, media_s=2.25, at=at, state=state, by="木村"))

    def _end(self, key: int, call: ToldCall) -> None:
        if not call.ends:
            return
        for number, leg in enumerate(call.legs):
            self.say(LegClosed(call=key, leg=number, reason="hung_up", samples=len(leg.sound)))
        ended = NOON + timedelta(seconds=call.begins_s + call.length_s)
        self.say(CallEnded(call=key, ended_at=ended, reason="hung_up", heard_s=call.length_s))
