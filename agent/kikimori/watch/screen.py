"""The picture on a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from kikimori.problem_texts import in_japanese
from kikimori.watch.picture import SILENCE_DB
from kikimori.watch.words import clock, gaps, level, party, plain, rate
from kikimori_core.messages import in_language

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kikimori_core.messages import Language

from kikimori.watch.picture import CallRow, LegRow, Picture, TapRow

QUIETEST_DB = -60.0
"""Left end of a bar; the right end is 0 dBFS."""
LOUD_DB, CLIPPING_DB = -12.0, -1.0
MOST_BAR, LEAST_BAR = 40, 8
BESIDE_BAR = 66
"""Columns that a leg's line needs besides its bar."""
USUAL_FRAMES_S = 50.0


def draw(
    picture: Picture, *, width: int, height: int, numbers: bool, language: Language = "en"
) -> RenderableType:
    """Return the rows for a terminal of `width` columns and `height` lines; hints in a language."""
    lines = [Text(f"kikimori tap watch   {clock(picture.seconds)}   Ctrl-C ends", style="bold")]
    for tap in picture.taps:
        lines += _tap(tap, width)
    room = height - len(lines) - 4
    shown = 0
    for call in picture.calls:
        block = _call(call, width, numbers=numbers)
        if len(block) > room:
            break
        lines += block
        room -= len(block)
        shown += 1
    if shown < len(picture.calls):
        lines.append(Text(f"… and {len(picture.calls) - shown} more calls", style="dim"))
    if picture.hints:
        lines.append(Text("nothing arrived yet:", style="yellow"))
        lines += [
            line
            for hint in picture.hints
            for line in _wrapped(in_language(hint, language), width, indent="  ")
        ]
    elif not picture.calls:
        lines.append(Text("no call at the moment", style="dim"))
    if picture.ended:
        lines.append(Text("ended: " + "; ".join(map(plain, picture.ended[-2:])), style="dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _wrapped(text: str, width: int, *, indent: str, style: str = "") -> list[Text]:
    found = textwrap.wrap(plain(text), max(width, 20), initial_indent=indent, subsequent_indent=indent + "  ")
    return [Text(line, style=style) for line in found]


def _tap(tap: TapRow, width: int) -> list[Text]:
    head = Text.assemble(
        ("● " if not tap.problems else "▲ ", "green" if not tap.problems else "red"),
        (plain(tap.name), "bold"),
    )
    if tap.listens:
        head.append(f"  listens: {' · '.join(tap.listens)}")
    lines = [head]
    counted = Text("   ")
    for name, count in tap.counters.items():
        refused = "refused" in name
        if count or refused:
            counted.append(
                f"  {name.removeprefix(tap.name + '_')} {count}", "red" if refused and count else "dim"
            )
    # On the same line where the terminal is wide enough.
    if head.cell_len + counted.cell_len <= width:
        head.append_text(counted)
    elif counted.plain.strip():
        lines.append(counted)
    for problem in tap.problems:
        known = in_japanese(problem)
        if known is not None:
            # Its letters are two columns wide.
            lines += _wrapped(known.detail, width // 2, indent="    ", style="red")
            lines += _wrapped(f"次: {known.remedy}", width // 2, indent="    ")
        lines += _wrapped(problem.detail or problem.code, width, indent="    ", style="red")
        lines += _wrapped(f"next: {problem.remedy}", width, indent="    ") if problem.remedy else []
    return lines


def _call(call: CallRow, width: int, *, numbers: bool) -> list[Text]:
    head = Text.assemble(
        (clock(call.seconds), "bold"),
        f"  {plain(call.tap)}  customer {party(call.caller, numbers=numbers)}  "
        f"operator {party(call.operator, numbers=numbers)}",
    )
    if call.queue:
        head.append(f"  queue {plain(call.queue)}")
    if call.held:
        head.append("  ON HOLD", style="yellow")
    head.append(f"  {plain(call.call_id)}", style="dim")
    lines = [head, *(_leg(leg, width) for leg in call.legs)]
    if call.hint:
        lines.append(Text(f"  ▲ {call.hint}", style="yellow"))
    return lines


def _leg(leg: LegRow, width: int) -> Text:
    line = Text(f"  {leg.role:<9}{rate(leg):>6} ")
    line.append_text(bar(leg, max(LEAST_BAR, min(MOST_BAR, width - BESIDE_BAR))))
    line.append(f" {level(leg):>15}", style="bold" if leg.sounded else "yellow")
    if leg.frames_s is not None:
        right = abs(leg.frames_s - USUAL_FRAMES_S) < 3
        line.append(f"  {leg.frames_s:3.0f}/s", style="dim" if right else "yellow")
    if leg.gaps:
        line.append(f"  {gaps(leg)}", style="yellow")
    if leg.key:
        line.append(f"  key {plain(leg.key)}")
    return line


def bar(leg: LegRow, width: int) -> Text:
    """Return a bar of `width` columns from -60 to 0 dBFS with the held peak; empty for silence and below."""
    text = Text("▕")
    filled = _share(leg.level_db, width)
    peak = _share(leg.peak_db, width)
    for at in range(width):
        db = QUIETEST_DB * (1 - at / width)
        colour = "red" if db >= CLIPPING_DB * 3 else "yellow" if db >= LOUD_DB else "green"
        if at < filled:
            text.append("█", style=colour)
        elif peak and at == peak - 1:
            text.append(
                "│", style="red" if leg.peak_db is not None and leg.peak_db >= CLIPPING_DB else "bold"
            )
        else:
            text.append(" ")
    text.append("▏")
    return text


def _share(level_db: float | None, width: int) -> int:
    if level_db is None or level_db <= SILENCE_DB:
        return 0
    return max(0, min(width, round((level_db / -QUIETEST_DB + 1) * width)))
