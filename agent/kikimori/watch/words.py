"""Texts of both screen and lines: numbers kept private, unmistakable levels, nothing that moves a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.watch.picture import SILENCE_DB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori.watch.picture import LegRow
    from kikimori_core.wire.messages import Party

SHOWN_DIGITS = 2

_WITHHELD = {
    "anonymous": "非通知 (withheld)",
    "payphone": "公衆電話 (payphone)",
    "unavailable": "表示圏外 (unavailable)",
}

UNCERTAIN = (
    "発信者を特定できません。同時に着信した別の通話の可能性があります / two callers look alike: "
    "this may be the other one's call"
)

_NOT_HEARD = {
    "internal_call": "for [sides] both parties are operators; make its operator patterns narrower, or name the trunk "
    "in customer_endpoints",
    "no_operator": "for [sides] both parties are customers; make its customer patterns narrower, or name the "
    "telephones in operator_endpoints",
    "not_selected": "[sides] only_… and never_… leave them out",
    "conference": "conferences are left alone",
}


def not_heard(counters: Mapping[str, int]) -> list[str]:
    """Say from a way in's counters which calls it saw and, on purpose, did not listen to."""
    return [
        f"{count} calls seen and not listened to: {why}"
        for reason, why in _NOT_HEARD.items()
        if (count := sum(n for name, n in counters.items() if name.endswith(f"_not_heard_{reason}")))
    ]


def plain(text: str) -> str:
    """Return text from outside without characters that control a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def party(who: Party, *, numbers: bool) -> str:
    """Name a party: with `numbers` as the PBX does, otherwise the last two digits at most and no name."""
    if who.withheld:
        return _WITHHELD.get(who.withheld, f"({plain(who.withheld)})")
    if numbers:
        return plain(" ".join(part for part in (who.number, who.name) if part)) or "unknown"
    if not who.number:
        return "unknown" if not who.name else "(name hidden)"
    shown = min(SHOWN_DIGITS, max(len(who.number) - 1, 0))
    return "•" * min(len(who.number) - shown, 8) + plain(who.number[len(who.number) - shown :])


def clock(seconds: float) -> str:
    """Write 75 as `01:15`."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def level(leg: LegRow) -> str:
    if leg.level_db is None:
        return "nothing arrives"
    if leg.level_db <= SILENCE_DB:
        return "digital silence"
    return f"{leg.level_db:.1f} dBFS"


def rate(leg: LegRow) -> str:
    return "" if leg.rate is None else f"{leg.rate / 1000:g} kHz"


def gaps(leg: LegRow) -> str:
    """Return a text about missing audio; empty when none is missing or nothing counts it."""
    return f"{leg.gaps} gaps, {leg.gap_ms} ms" if leg.gaps else ""
