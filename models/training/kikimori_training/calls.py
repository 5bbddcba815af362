"""A two-leg call from a script: the audio of both legs, and the truth about it.

A script (TOML, models/training/scripts/) says who speaks how over which line, and what, in turns; the times come out of
the synthesis, so the truth is exact: a segment's start and end are those of its clip, cut where speech begins and ends.
"""

from __future__ import annotations

import tomllib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kikimori_training import speech
from kikimori_training.effort_style import Style
from kikimori_training.speech import SynthVoice
from kikimori_training.telephone import TelephonePath

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_training.measure import Audio

ROLES = ("customer", "operator")
"""Order of the channels."""

_DIGIT_GAP_S = 0.2
_TRIM_BELOW_PEAK_DB = 45.0
_TRIM_FRAME = speech.RATE // 100
_TRIM_MARGIN = speech.RATE // 100

Role = Literal["customer", "operator"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SpeakerPlan(_Strict):
    half_tones: float
    speed: float
    warp: float
    line: TelephonePath = TelephonePath()


class Operator(SpeakerPlan):
    extension: str
    name: str


class Turn(_Strict):
    id: str = ""
    """For `Moment`; only where something is measured from this turn."""
    role: Role
    style: Style = Style.CALM
    text: Annotated[str, Field(min_length=1)]
    pause: float = 0.5
    """Seconds after the end of the turn before; negative talks over it."""


class Moment(_Strict):
    """A time relative to a turn."""

    turn: str
    edge: Literal["start", "end"]
    add: float = 0.0


class Digits(_Strict):
    role: Role
    after: Moment
    digits: str


class Expected(_Strict):
    """An alert that the call has to raise; `severity` is the one it is raised with first."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    rule: str
    severity: Literal["notice", "warning", "critical"]
    not_before: Moment = Field(alias="from")
    not_after: Moment = Field(alias="to")
    needs_words: bool


class Script(_Strict):
    title: dict[str, str]
    tags: tuple[str, ...] = ()
    tolerated: tuple[str, ...] = ()
    """Rules that may be raised and need not be."""
    caller: str
    caller_name: str | None = None
    customer: SpeakerPlan
    operator: Operator
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]
    dtmf: tuple[Digits, ...] = ()
    expected: tuple[Expected, ...] = ()
    lead: float = 0.8
    tail: float = 1.2


@dataclass(frozen=True, slots=True)
class SynthCall:
    audio: Audio
    """[samples, 2] at 8 kHz: customer, operator."""
    truth: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Placed:
    turn: Turn
    start: int
    clip: Audio

    @property
    def end(self) -> int:
        return self.start + len(self.clip)


def load_script(path: Path) -> Script:
    return Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def render(script: Script, name: str) -> SynthCall:
    """Speak the script. `name` is the call's, also the audio file's without `.flac`."""
    placed = _place(script)
    samples = max(each.end for each in placed) + round(script.tail * speech.RATE)
    samples -= samples % (speech.RATE // 50)  # whole 20 ms frames, as a telephone sends them
    legs = [_leg(script, name, role, placed, samples) for role in ROLES]
    return SynthCall(np.stack(legs, axis=1), _truth(script, name, placed))


def _place(script: Script) -> list[_Placed]:
    placed: list[_Placed] = []
    end = round(script.lead * speech.RATE)
    for number, turn in enumerate(script.turns):
        start = end + (round(turn.pause * speech.RATE) if number else 0)
        # Whole milliseconds, so that the truth's decimals are the exact sample.
        start -= start % (speech.RATE // 1000)
        speaker = script.customer if turn.role == "customer" else script.operator
        voice = SynthVoice(turn.role, speaker.half_tones, speaker.speed, speaker.warp)
        clip = trimmed(speech.say(turn.text, voice, turn.style))
        placed.append(_Placed(turn, start, clip))
        end = placed[-1].end
    return placed


def trimmed(clip: Audio) -> Audio:
    """Without the silence before and after; whole milliseconds."""
    frames = clip[: len(clip) // _TRIM_FRAME * _TRIM_FRAME].reshape(-1, _TRIM_FRAME)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    speaking = np.flatnonzero(levels > levels.max() - _TRIM_BELOW_PEAK_DB)
    first = max(int(speaking[0]) * _TRIM_FRAME - _TRIM_MARGIN, 0)
    last = min((int(speaking[-1]) + 1) * _TRIM_FRAME + _TRIM_MARGIN, len(clip) // _TRIM_FRAME * _TRIM_FRAME)
    return clip[first:last]


def _leg(script: Script, name: str, role: str, placed: list[_Placed], samples: int) -> Audio:
    mouth = np.zeros(samples, dtype=np.float32)
    for each in placed:
        if each.turn.role == role:
            mouth[each.start : each.end] += each.clip
    line = script.customer.line if role == "customer" else script.operator.line
    return line.carry(mouth, speech.RATE, seed=zlib.crc32(f"{name}/{role}".encode()))


def _truth(script: Script, name: str, placed: list[_Placed]) -> dict[str, Any]:
    edges = {each.turn.id: (each.start, each.end) for each in placed if each.turn.id}

    def seconds(moment: Moment) -> float:
        start, end = edges[moment.turn]
        return round((start if moment.edge == "start" else end) / speech.RATE + moment.add, 3)

    more = {"tags": list(script.tags), "tolerated": list(script.tolerated)}
    return {
        "version": 1,
        "audio": f"{name}.flac",
        "channels": list(ROLES),
        "language": "ja",
        "title": script.title,
        "caller": script.caller,
        "caller_name": script.caller_name,
        "operator": {"extension": script.operator.extension, "name": script.operator.name},
        "segments": [
            {
                "role": each.turn.role,
                "start": round(each.start / speech.RATE, 3),
                "end": round(each.end / speech.RATE, 3),
                "text": each.turn.text,
                "style": each.turn.style.value,
            }
            for each in placed
        ],
        "dtmf": [
            {"role": press.role, "at": round(seconds(press.after) + number * _DIGIT_GAP_S, 3), "digit": digit}
            for press in script.dtmf
            for number, digit in enumerate(press.digits)
        ],
        "expected_alerts": [
            {
                "rule": alert.rule,
                "severity": alert.severity,
                "from": seconds(alert.not_before),
                "to": seconds(alert.not_after),
                "needs_words": alert.needs_words,
            }
            for alert in script.expected
        ],
        **{key: value for key, value in more.items() if value},
    }
