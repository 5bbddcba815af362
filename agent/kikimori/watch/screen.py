"""The picture on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from kikimori.watch.picture import SILENCE_DB
from kikimori.watch.words import clock, gaps, level, party, plain, rate
from kikimori_core.command_line import columns
from kikimori_core.command_line.layout import wrapped
from kikimori_core.messages import in_language, text

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
    """Return the rows for a terminal of `width` columns and `height` lines, in a language."""
    ends = _worded(language, "watch_ctrl_c_ends")
    lines = [Text(f"kikimori tap watch   {clock(picture.seconds)}   {ends}", style="bold")]
    for tap in picture.taps:
        lines += _tap(tap, width, language)
    room = height - len(lines) - 4
    shown = 0
    for call in picture.calls:
        block = _call(call, width, language, numbers=numbers)
        if len(block) > room:
            break
        lines += block
        room -= len(block)
        shown += 1
    if shown < len(picture.calls):
        lines.append(
            Text(f"… {_worded(language, 'watch_more_calls', count=len(picture.calls) - shown)}", style="dim")
        )
    if picture.hints:
        lines.append(Text(_worded(language, "watch_nothing_yet"), style="yellow"))
        lines += [
            line
            for hint in picture.hints
            for line in _wrapped(in_language(hint, language), width, indent="  ")
        ]
    elif not picture.calls:
        lines.append(Text(_worded(language, "watch_no_call"), style="dim"))
    if picture.ended:
        last = "; ".join(plain(in_language(each, language)) for each in picture.ended[-2:])
        lines.append(Text(_worded(language, "watch_last_ended", calls=last), style="dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _worded(language: Language, code: str, **parameters: object) -> str:
    return in_language(text(code, **parameters), language)


def _wrapped(words: str, width: int, *, indent: str, style: str = "") -> list[Text]:
    found = wrapped(plain(words), max(width, 20) - len(indent) - 2)
    return [Text(f"{indent}{'  ' if number else ''}{line}", style=style) for number, line in enumerate(found)]


def _tap(tap: TapRow, width: int, language: Language) -> list[Text]:
    head = Text.assemble(
        ("● " if not tap.problems else "▲ ", "green" if not tap.problems else "red"),
        (plain(tap.name), "bold"),
    )
    if tap.listens:
        head.append(f"  {_worded(language, 'watch_listens', addresses=' · '.join(tap.listens))}")
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
        detail, step = problem.words(language)
        lines += _wrapped(detail, width, indent="    ", style="red")
        if step:
            lines += _wrapped(_worded(language, "said_next", next_step=step), width, indent="    ")
    return lines


def _call(call: CallRow, width: int, language: Language, *, numbers: bool) -> list[Text]:
    who = {
        role: in_language(party(each, numbers=numbers), language)
        for role, each in (("customer", call.caller), ("operator", call.operator))
    }
    head = Text.assemble(
        (clock(call.seconds), "bold"),
        f"  {plain(call.tap)}  "
        + "  ".join(f"{in_language(role, language)} {name}" for role, name in who.items()),
    )
    if call.queue:
        head.append(f"  {in_language('queue', language)} {plain(call.queue)}")
    if call.held:
        head.append(f"  {_worded(language, 'watch_on_hold')}", style="yellow")
    head.append(f"  {plain(call.call_id)}", style="dim")
    lines = [head, *(_leg(leg, width, language) for leg in call.legs)]
    if call.hint:
        lines.append(Text(f"  ▲ {in_language(call.hint, language)}", style="yellow"))
    return lines


def _leg(leg: LegRow, width: int, language: Language) -> Text:
    role, loudness = in_language(leg.role, language), in_language(level(leg), language)
    line = Text(f"  {role}{' ' * (9 - columns(role))}{rate(leg):>6} ")
    line.append_text(bar(leg, max(LEAST_BAR, min(MOST_BAR, width - BESIDE_BAR))))
    line.append(f" {' ' * (15 - columns(loudness))}{loudness}", style="bold" if leg.sounded else "yellow")
    if leg.frames_s is not None:
        right = abs(leg.frames_s - USUAL_FRAMES_S) < 3
        line.append(f"  {leg.frames_s:3.0f}/s", style="dim" if right else "yellow")
    if leg.gaps:
        line.append(f"  {in_language(gaps(leg), language)}", style="yellow")
    if leg.key:
        line.append(f"  {_worded(language, 'watch_key', key=plain(leg.key))}")
    return line


def bar(leg: LegRow, width: int) -> Text:
    """Return a bar of `width` columns from -60 to 0 dBFS with the held peak; empty for silence and below."""
    found = Text("▕")
    filled = _share(leg.level_db, width)
    peak = _share(leg.peak_db, width)
    for at in range(width):
        db = QUIETEST_DB * (1 - at / width)
        colour = "red" if db >= CLIPPING_DB * 3 else "yellow" if db >= LOUD_DB else "green"
        if at < filled:
            found.append("█", style=colour)
        elif peak and at == peak - 1:
            found.append(
                "│", style="red" if leg.peak_db is not None and leg.peak_db >= CLIPPING_DB else "bold"
            )
        else:
            found.append(" ")
    found.append("▏")
    return found


def _share(level_db: float | None, width: int) -> int:
    if level_db is None or level_db <= SILENCE_DB:
        return 0
    return max(0, min(width, round((level_db / -QUIETEST_DB + 1) * width)))
