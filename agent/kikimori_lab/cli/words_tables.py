"""Tables that `kikimori evaluate-words` prints for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from kikimori.cli.terminal import worded
from kikimori_core.messages import text as words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MEASURES = ("precision", "recall", "accuracy")
MOST_LISTED = 20
"""Alarming calm sentences shown without `--list`."""


def show(found: dict[str, Any], *, listed: bool) -> None:
    """Print figures. `listed`: and every case that was judged wrongly."""
    from rich.console import Console  # noqa: PLC0415  (see cli/later.py)

    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    if found["types"]:
        _cases(console, found)
        if listed:
            for kind, text, raised, expected in found["wrong"]:
                names = {"raised": ", ".join(raised) or "none", "wanted": " / ".join(expected) or "none"}
                said = words("words_wrong", type=kind, value=text, **names)
                console.print(worded(said), style="dim", markup=False)
    if "answered" in found:
        _answered(console, found["answered"], listed=listed)
    if "noise" in found:
        _noise(console, found["noise"], listed=listed)
    if "calm" in found:
        _calm(console, found["calm"], listed=listed)


def _cases(console: Console, found: dict[str, Any]) -> None:
    for name in ("utterances", "calls"):
        whole = found[name]
        if whole["n"]:
            figures = {each: whole[each] for each in ("n", "right", "harassing", "false", "harmless")}
            console.print(worded(words(f"words_{name}", **figures)))
            console.print("  " + ", ".join(f"{worded(each)} {_percent(whole, each)}" for each in MEASURES))
    table = _table("type", "n", "right", "any", *MEASURES)
    for name, score in found["types"].items():
        counts = (str(score[each]) for each in ("n", "right", "any"))
        table.add_row(name, *counts, *(_percent(score, each) for each in MEASURES))
    console.print(table)
    console.print(worded(words("words_intervals", sources=len(found["sources"]))), style="dim")


def _answered(console: Console, answered: dict[str, Any], *, listed: bool) -> None:
    figures = {each: answered[each] for each in ("n", "counted", "answered")}
    console.print(worded(words("words_answered", **figures)))
    for each in answered["wrong"] if listed else ():
        said = words("words_answered_wrong", **{name: str(value) for name, value in each.items()})
        console.print(worded(said), style="dim", markup=False)


def _noise(console: Console, noise: dict[str, Any], *, listed: bool) -> None:
    table = _table("faults", "found", "kept", "share", "harmless", "false", "clean", "calls", "kept")
    for kind, units in noise["kinds"].items():
        said, calls = units["utterances"], units["calls"]
        share = "–" if said["share"] is None else f"{said['share']:.0%}"
        counts = (str(said[each]) for each in ("harmless", "false", "false_clean"))
        table.add_row(
            kind,
            str(said["found"]),
            str(said["kept"]),
            share,
            *counts,
            str(calls["found"]),
            str(calls["kept"]),
        )
    console.print(table)
    legend = words("words_noise_legend", draws=noise["draws"], seed=noise["seed"])
    console.print(worded(legend), style="dim")
    if listed:
        for kind, units in noise["kinds"].items():
            for clean, faulty in units["utterances"]["lost"]:
                console.print(f"{kind}: {clean}  → {faulty}", style="dim", markup=False)


def _calm(console: Console, calm: dict[str, Any], *, listed: bool) -> None:
    table = _table(
        "calm",
        "sentences",
        "alarming",
        "per 10,000",
        "at most",
        "critical",
        words("heading_hours"),
        "alarms",
        "per hour",
        "at most",
    )
    for name, figures in [*calm["files"].items(), (worded("all"), calm["all"])]:
        said, calls = figures["sentences"], figures["calls"]
        table.add_row(
            name.rpartition("/")[2],
            *(
                _number(said[each])
                for each in ("n", "alarming", "per_10000", "per_10000_at_most", "critical")
            ),
            *(_number(calls[each]) for each in ("hours", "alarms", "per_hour", "per_hour_at_most")),
        )
    console.print(table)
    counts = _table("of sentences", "notice", "warning", "critical", "counted")
    for name, severities in calm["all"]["sentences"]["categories"].items():
        counts.add_row(
            name, *(str(severities.get(each, 0)) for each in ("notice", "warning", "critical", "counted"))
        )
    console.print(counts)
    counts = _table("of calls", "notice", "warning", "critical")
    for name, severities in calm["all"]["calls"]["rules"].items():
        counts.add_row(name, *(str(severities.get(each, 0)) for each in ("notice", "warning", "critical")))
    console.print(counts)
    console.print(worded(words("words_calm_legend")), style="dim")
    for each in calm["alarming"] if listed else calm["alarming"][:MOST_LISTED]:
        names = ", ".join(f"{name} ({matched})" if matched else name for name, _, matched in each["found"])
        console.print(f"{each['n']:>5} {names}: {each['text']}", style="dim", markup=False)


def _table(first: str, *names: str) -> Table:
    from rich.table import Table  # noqa: PLC0415  (see cli/later.py)

    table = Table(box=None)
    table.add_column(worded(first), no_wrap=True)
    for name in names:
        table.add_column(worded(name), justify="right", no_wrap=True)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _percent(figures: dict[str, Any], name: str) -> str:
    value, interval = figures[name], figures[f"{name}_95"]
    return "–" if value is None else f"{value:.0%} ({interval[0]:.0%}–{interval[1]:.0%})"
