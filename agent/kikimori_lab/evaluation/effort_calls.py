"""Whole calls held against the shouting rules: angry ones, joyful and frightened ones, and sound that nobody speaks.

In the folder of `kikimori_lab.evaluation.effort`, `joy/` and `fear/` stand beside `calm/` and `shout/`, and `noise/KIND/` holds
recordings without a voice (`kikimori_training.noise_calls` makes hours of them). A speaker's clips of one kind make a call.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import BLOCK_S
from kikimori_lab.evaluation.recordings import AT_ONCE, PAUSE, read_recording, shouting_alerts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_core.judging.kinds.shouting import ShoutingRule
    from kikimori_lab.evaluation.recordings import Audio

KINDS = ("calm", "shout", "joy", "fear")
LONGEST_S = 30.0
"""Of a speaker's clips, as a call."""
SHORTEST_S = 5.0
CALM_S = 60.0
"""Calm speech before the rest, where a call begins calmly; a speaker's calm clips come again and again."""

Figures = dict[str, float | int | None]


def evaluate_calls(folder: Path, rules: Sequence[ShoutingRule]) -> dict[str, dict[str, Figures]]:
    """Return figures by kind of call: `from_the_start`, `after_a_calm_minute`, and `non_speech` by kind of sound.

    Raises:
        AudioFileError: a file cannot be read.
    """
    voices = _speakers(folder)
    start: dict[str, Figures] = {}
    later: dict[str, Figures] = {}
    for kind in KINDS:
        mine = {key[1:]: clips for key, clips in voices.items() if key[0] == kind}
        calls = [_call(clips, LONGEST_S) for clips in mine.values()]
        start[kind] = _figures([(0.0, call) for call in calls if len(call) * BLOCK_S >= SHORTEST_S], rules)
        if kind != "calm":
            both = [(voices["calm", *key], clips) for key, clips in mine.items() if ("calm", *key) in voices]
            begun = [(_call(calm * 100, CALM_S), _call(clips, LONGEST_S)) for calm, clips in both]
            later[kind] = _figures(
                [(len(calm) * BLOCK_S, np.concatenate([calm, call])) for calm, call in begun], rules
            )
    return {"from_the_start": start, "after_a_calm_minute": later, "non_speech": _non_speech(folder, rules)}


def _speakers(folder: Path) -> dict[tuple[str, ...], list[Audio]]:
    """Return clips by kind, folder of the condition, and speaker."""
    found: dict[tuple[str, ...], list[Audio]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.parent.name in KINDS and path.is_file() and not path.name.startswith("."):
            speaker, named, _ = path.stem.partition("_")
            key = (path.parent.name, str(path.parent.parent), speaker if named else path.stem)
            found[key].append(read_recording(path))
    return dict(found)


def _call(clips: Sequence[Audio], longest_s: float) -> Audio:
    """Join clips with pauses until the call is long enough."""
    parts: list[Audio] = []
    for clip in clips:
        if sum(map(len, parts)) * BLOCK_S >= longest_s:
            break
        parts += [clip, PAUSE]
    return np.concatenate(parts)


def _figures(calls: Sequence[tuple[float, Audio]], rules: Sequence[ShoutingRule]) -> Figures:
    """Return how many calls alert after the second given with each, and how soon."""
    alerts = shouting_alerts([call for _, call in calls], rules)
    delays = [
        min(at_s - begin_s for at_s in mine if at_s > begin_s)
        for (begin_s, _), mine in zip(calls, alerts, strict=True)
        if any(at_s > begin_s for at_s in mine)
    ]
    return {
        "calls": len(calls),
        "alerted": len(delays),
        "delay_s_p50": round(float(np.median(delays)), 1) if delays else None,
    }


def _non_speech(folder: Path, rules: Sequence[ShoutingRule]) -> dict[str, Figures]:
    """Return false alerts by kind of sound."""
    found: dict[str, Figures] = {}
    kinds = [kind for kind in sorted(folder.glob("noise/*")) if kind.is_dir()]
    for kind in kinds:
        paths = [path for path in sorted(kind.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        hours, alerts = 0.0, 0
        for first in range(0, len(paths), AT_ONCE):
            calls = [read_recording(path) for path in paths[first : first + AT_ONCE]]
            hours += sum(map(len, calls)) * BLOCK_S / 3600
            alerts += sum(map(len, shouting_alerts(calls, rules)))
        per = round(alerts / hours * 10, 1) if hours else None
        found[kind.name] = {"hours": round(hours, 3), "alerts": alerts, "alerts_per_10_h": per}
    return found
