"""Texts of both screen and lines: numbers kept private, unmistakable levels, nothing that moves a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.watch.picture import SILENCE_DB
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori.watch.picture import LegRow
    from kikimori_core.messages import CodedText
    from kikimori_core.wire.messages import Party

SHOWN_DIGITS = 2

_WITHHELD = ("anonymous", "payphone", "unavailable")

_NOT_HEARD = ("internal_call", "no_operator", "not_selected", "conference")


def uncertain() -> CodedText:
    """Return the hint of a call whose caller is not certain."""
    return text("watch_uncertain")


def not_heard(counters: Mapping[str, int]) -> list[str]:
    """Say from a way in's counters which calls it saw and, on purpose, did not listen to."""
    return [
        text(f"watch_not_heard.{reason}", count=count)
        for reason in _NOT_HEARD
        if (count := sum(n for name, n in counters.items() if name.endswith(f"_not_heard_{reason}")))
    ]


def plain(words: str) -> str:
    """Return text from outside without characters that control a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def party(who: Party, *, numbers: bool) -> str:
    """Name a party: with `numbers` as the PBX does, otherwise the last two digits at most and no name."""
    if who.withheld:
        known = who.withheld in _WITHHELD
        return text(f"watch_withheld.{who.withheld}") if known else f"({plain(who.withheld)})"
    if numbers:
        return plain(" ".join(part for part in (who.number, who.name) if part)) or text("watch_party_unknown")
    if not who.number:
        return text("watch_party_hidden" if who.name else "watch_party_unknown")
    shown = min(SHOWN_DIGITS, max(len(who.number) - 1, 0))
    return "•" * min(len(who.number) - shown, 8) + plain(who.number[len(who.number) - shown :])


def clock(seconds: float) -> str:
    """Write 75 as `01:15`."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def level(leg: LegRow) -> str:
    if leg.level_db is None:
        return text("watch_nothing_arrives")
    if leg.level_db <= SILENCE_DB:
        return text("watch_digital_silence")
    return f"{leg.level_db:.1f} dBFS"


def rate(leg: LegRow) -> str:
    return "" if leg.rate is None else f"{leg.rate / 1000:g} kHz"


def gaps(leg: LegRow) -> str:
    """Return a text about missing audio; empty when none is missing or nothing counts it."""
    return text("watch_gaps", gaps=leg.gaps, ms=leg.gap_ms) if leg.gaps else ""
