"""Recorded calls with sound for tests: files and rows as the records service leaves them, of any length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from sqlalchemy import insert

from kikimori_records.folder import PEAKS, SOUND
from kikimori_records.journals.peaks import PeakMeter
from kikimori_records.schema import (
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_legs,
    recorded_lines,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_records.store import Store

RATE = 8000
CLICK_S = 3.0
"""Second at which the customer's side has a click; nothing else of that side is so loud in the first six seconds."""
QUIET_S = 6.0
SPOKEN = (
    "先週買った洗濯機がもう動かないんです",
    "ご不便をおかけして申し訳ございません",
    "謝ってほしいんじゃない返金してください",
    "返金につきましては確認のお時間をいただきます",
    "いいから上司を出せと言っているんだ",
    "恐れ入りますが順番にご案内しております",
)
DEMANDS = ("返金してください", "上司を出せ")


def two_voices(seconds: float, *, soft_operator: bool = False) -> NDArray[np.int16]:
    """Return sound of shape (samples, 2): voices by turns after `QUIET_S`, and the click at `CLICK_S` on the left."""
    piece = np.random.default_rng(26).normal(0, 1, RATE * 8).astype(np.float32)
    turn = np.sin(np.arange(RATE * 8) / RATE * np.pi / 4)
    swell = np.abs(np.sin(np.arange(RATE * 8) / RATE * 9))
    loud = 600.0 if soft_operator else 3000.0
    of_turn = np.stack([np.clip(turn, 0, 1) * 3500, np.clip(-turn, 0, 1) * loud], axis=1)
    block = np.clip(piece[:, None] * swell[:, None] * of_turn, -20000, 20000).astype(np.int16)
    count = round(seconds * RATE)
    sound = np.tile(block, (count // len(block) + 1, 1))[:count]
    sound[: round(QUIET_S * RATE)] = 0
    at = round(CLICK_S * RATE)
    sound[at : at + RATE // 100, 0] = 24000
    return sound


def words_of(text: str, start_s: float, end_s: float) -> list[list[Any]]:
    """Return words of four letters each, spread evenly."""
    parts = [text[at : at + 4] for at in range(0, len(text), 4)]
    each = (end_s - start_s) / len(parts)
    return [[part, start_s + i * each, start_s + (i + 1) * each, 0.9] for i, part in enumerate(parts)]


async def add_heard(
    store: Store,
    folder: Path,
    call_id: str = "c-1",
    *,
    seconds: float = 60.0,
    hits: int = 6,
    started_at: datetime | None = None,
    sound: NDArray[np.int16] | None = None,
    **changes: Any,
) -> str:
    """Add a finished call and return its uid: a line every three seconds, an alert for each kind of demand, commands."""
    started_at = started_at or datetime.now(UTC) - timedelta(seconds=seconds + 600)
    uid, below = f"{call_id}.r1", f"calls/{started_at:%Y/%m/%d}/{call_id}.r1"
    size = write_files(folder / below, two_voices(seconds) if sound is None else sound)
    call = {
        "uid": uid,
        "agent_id": "agent1",
        "run": "r1",
        "call_id": call_id,
        "call_key": 7,
        "site": "office",
        "tap": "mirror",
        "started_at": started_at,
        "ended_at": started_at + timedelta(seconds=seconds),
        "end_reason": "hung_up",
        "heard_s": seconds,
        "caller_number": "09012345678",
        "caller_name": "架空太郎",
        "operator_number": "204",
        "operator_name": "佐藤",
        "worst": "critical",
        "alerts": 2,
        "sound": "kept",
        "sound_path": below,
        "sound_bytes": size,
        "sound_seconds": seconds,
        "sound_lost_s": 0.0,
        "manifest_hash": "c3" * 32,
        "salt": "5a" * 32,
        "recorded_at": started_at + timedelta(seconds=seconds),
    }
    lines = _lines(seconds)
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (recorded_calls, [{**call, **changes}]),
        (recorded_legs, [_leg(0, "customer", seconds), _leg(1, "operator", seconds)]),
        (recorded_lines, lines),
        (recorded_alerts, _alerts(uid, lines, seconds, hits)),
        (recorded_events, _events(started_at, seconds)),
    ]
    async with store.begin() as connection:
        for table, each in (found for found in rows if found[1]):
            await connection.execute(insert(table), [{"uid": uid, **row} for row in each])
    return uid


def write_files(folder: Path, sound: NDArray[np.int16]) -> int:
    """Write sound and peaks as the records service does, and return the size of the sound."""
    folder.mkdir(parents=True)
    meter = PeakMeter(RATE, sound.shape[1])
    with soundfile.SoundFile(folder / SOUND, "w", RATE, sound.shape[1], "PCM_16", format="FLAC") as file:
        for at in range(0, len(sound), RATE):
            file.write(sound[at : at + RATE])
            meter.take(sound[at : at + RATE])
    (folder / PEAKS).write_bytes(meter.file())
    return (folder / SOUND).stat().st_size


def _leg(key: int, role: str, seconds: float) -> dict[str, Any]:
    return {
        "leg": key,
        "role": role,
        "rate": RATE,
        "offset_s": 0.0,
        "samples": round(seconds * RATE),
        "dropped_frames": 0,
    }


def _lines(seconds: float) -> list[dict[str, Any]]:
    found = []
    for number, start in enumerate(np.arange(QUIET_S, seconds - 3, 3.0)):
        start_s, end_s = float(start), float(start) + 2.4
        text = SPOKEN[number % len(SPOKEN)]
        found.append(
            {
                "number": number,
                "line_id": f"l{number}",
                "leg": None,
                "role": "operator" if number % 2 else "customer",
                "start_s": start_s,
                "end_s": end_s,
                "text": text,
                "words": words_of(text, start_s, end_s),
                "engine": "vosk",
                "again": False,
            }
        )
    return found


def _alerts(uid: str, lines: list[dict[str, Any]], seconds: float, hits: int) -> list[dict[str, Any]]:
    """Return an alert of each demand, whose revisions hold the last eight pieces of evidence, as the agent's do."""
    found = []
    for name, matched, severity, kind in (
        ("refund", DEMANDS[0], "warning", "unreasonable_demand"),
        ("superior", DEMANDS[1], "critical", "call_for_superior"),
    ):
        said = [each for each in lines if matched in each["text"]][: hits // 2]
        evidence = [
            {
                "kind": "words",
                "role": each["role"],
                "start_s": each["start_s"],
                "end_s": each["end_s"],
                "text": each["text"],
                "matched": matched,
                "category": kind,
                "engine": "vosk",
            }
            for each in said
        ]
        revisions = [
            {
                "number": 1000 + at,
                "media_s": evidence[at]["end_s"],
                "alert": {
                    "title": {"ja": f"{matched}の繰り返し", "en": f"Repeated: {name}"},
                    "severity": "notice" if at == 0 else severity,
                    "state": "open",
                    "evidence": evidence[max(0, at - 7) : at + 1],
                },
            }
            for at in range(len(evidence))
        ]
        if not revisions:
            continue
        last = revisions[-1]["alert"]
        closed = {**last, "state": "closed", "closed_because": "call_ended"}
        revisions.append({"number": 9000, "media_s": seconds, "alert": closed})
        found.append(
            {
                "alert_id": f"{uid}.{name}.1",
                "rule": name,
                "kind": "phrase",
                "severity": severity,
                "opened_s": evidence[0]["end_s"],
                "closed_s": seconds,
                "revisions": revisions,
            }
        )
    return found


def _events(started_at: datetime, seconds: float) -> list[dict[str, Any]]:
    def event(number: int, media_s: float, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        at = started_at + timedelta(seconds=media_s)
        return {"number": number, "at": at, "media_s": media_s, "kind": kind, "body": body}

    held, back = seconds * 0.5, seconds * 0.5 + min(20.0, seconds / 6)
    press = {
        "command": {"action": "hold", "issued_by": "高橋 課長"},
        "issued_by": "高橋 課長",
        "result": {"outcome": "done"},
    }
    return [
        event(5000, held, "command", press),
        event(5001, held + 0.4, "status", {"status": "on_hold", "held_by_key": False}),
        event(5002, back, "status", {"status": "talking", "held_by_key": False}),
        event(5003, seconds, "ended", {"reason": "hung_up"}),
    ]
