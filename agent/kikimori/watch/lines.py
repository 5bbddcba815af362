"""The picture without a terminal: a line for people or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kikimori.watch.words import clock, gaps, level, party, plain, uncertain
from kikimori_core.messages import in_language, text

if TYPE_CHECKING:
    from kikimori.watch.picture import CallRow, LegRow, Picture
    from kikimori_core.messages import Language
    from kikimori_core.wire.messages import Party, Problem

MOST_CALLS = 6


def as_line(picture: Picture, language: Language = "en") -> str:
    """Return the picture in one line, in a language: every leg's level, and the problems."""

    def worded(code: str, **parameters: object) -> str:
        return in_language(text(code, **parameters), language)

    parts = [_call(call, language) for call in picture.calls[:MOST_CALLS]]
    if len(picture.calls) > MOST_CALLS:
        parts.append(worded("watch_more_calls", count=len(picture.calls) - MOST_CALLS))
    parts += [
        f"! {plain(detail)}" + (f" ({plain(worded('said_next', next_step=step))})" if step else "")
        for tap in picture.taps
        for detail, step in (each.words(language) for each in tap.problems)
    ]
    parts += [
        f"{name} {count}"
        for tap in picture.taps
        for name, count in tap.counters.items()
        if "refused" in name and count
    ]
    if picture.hints:
        hints = " / ".join(in_language(each, language) for each in picture.hints)
        parts.append(f"{worded('watch_nothing_yet')} {hints}")
    elif not picture.calls:
        parts.append(worded("watch_no_call"))
    return f"{clock(picture.seconds)}  " + "; ".join(parts)


def _call(call: CallRow, language: Language) -> str:
    def worded(words: str) -> str:
        return in_language(words, language)

    legs = ", ".join(
        " ".join(worded(part) for part in (leg.role, level(leg), _pace(leg), gaps(leg)) if part)
        for leg in call.legs
    )
    held = f" {worded(text('watch_held'))}" if call.held else ""
    hint = f" ({worded(call.hint)})" if call.hint else ""
    return f"{plain(call.call_id)}{held}: {legs}{hint}"


def _pace(leg: LegRow) -> str:
    return "" if leg.frames_s is None else f"{leg.frames_s:.0f}/s"


def as_json(picture: Picture, *, numbers: bool) -> str:
    """Return the picture as one JSON object in one line. Levels are dBFS; digital silence is -96."""
    return json.dumps(
        {
            "seconds": round(picture.seconds, 1),
            "taps": [
                {
                    "name": tap.name,
                    "listens": tap.listens,
                    "problems": [_problem_json(problem) for problem in tap.problems],
                    "counters": tap.counters,
                }
                for tap in picture.taps
            ],
            "calls": [_call_json(call, numbers=numbers) for call in picture.calls],
            "legs_seen": picture.legs_seen,
            "legs_sounded": picture.legs_sounded,
            "hints": picture.hints,
        },
        ensure_ascii=False,
    )


def _problem_json(problem: Problem) -> dict[str, Any]:
    japanese = problem.words("ja")
    known = (
        None if japanese == problem.words("en") else dict(zip(("detail", "remedy"), japanese, strict=True))
    )
    return {**problem.model_dump(), "ja": known}


def _call_json(call: CallRow, *, numbers: bool) -> dict[str, Any]:
    def name(who: Party) -> str | None:
        return party(who, numbers=numbers) if who.number or who.name else None

    # Both languages are in one text here where the caller is not certain, as they were.
    both = f"{in_language(call.hint, 'ja')} / {call.hint}" if call.hint == uncertain() else call.hint

    return {
        "call_id": call.call_id,
        "tap": call.tap,
        "customer": name(call.caller),
        "customer_withheld": call.caller.withheld,
        "identity": call.identity,
        "operator": name(call.operator),
        "queue": call.queue,
        "seconds": round(call.seconds, 1),
        "held": call.held,
        "hint": both or None,
        "legs": [
            {
                "role": leg.role,
                "rate": leg.rate,
                "level_db": None if leg.level_db is None else round(leg.level_db, 1),
                "peak_db": None if leg.peak_db is None else round(leg.peak_db, 1),
                "frames_s": None if leg.frames_s is None else round(leg.frames_s, 1),
                "gaps": leg.gaps,
                "gap_ms": leg.gap_ms,
                "key": leg.key or None,
                "sounded": leg.sounded,
            }
            for leg in call.legs
        ],
    }
