"""Evaluation of raised voices against calm ones: folders of labelled clips through the program's own hearing.

A folder holds clips under `calm/` and `shout/`, at any depth; what stands above is the condition (`gsm/calm/…`). A file
name may begin with its speaker's name and `_`: then the speaker's own other calm clips are heard first, as the calm part
of a call would be, and both results are given, with that baseline and without.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kikimori.errors import KikimoriError
from kikimori.hearing.frames import BLOCK_S
from kikimori_core.judging.kinds.shouting import ShoutingRule
from kikimori_lab.evaluation.recordings import PAUSE, heard_together, read_recording, shouting_alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_lab.evaluation.recordings import Audio

LABELS = ("calm", "shout")
BASELINE_S = 20.0
"""Audio of the speaker's calm clips that is heard before a clip."""
AT_ONCE = 256
"""Clips heard together."""
DECIDES_AT = 0.75
"""Probability from which a block counts as raised; rules/default.toml has the same."""
TOGETHER = 5
"""Blocks (one second of speech) whose mean probability scores a clip."""


@dataclass(frozen=True, slots=True)
class LabelledClip:
    path: Path
    condition: str
    speaker: str | None
    raised: bool


@dataclass(slots=True)
class ClipScores:
    """Result of hearing one clip: one entry per block of speech that was judged."""

    probability: list[float] = field(default_factory=list)
    delay_s: float | None = None
    """Seconds from the first speech to the first block that counts as raised."""

    @property
    def score(self) -> float:
        """Highest mean over a second."""
        if not self.probability:
            return 0.0
        width = min(TOGETHER, len(self.probability))
        return float(np.convolve(self.probability, np.full(width, 1 / width), "valid").max())


def find_clips(folder: Path) -> list[LabelledClip]:
    """Return the labelled clips of a folder, by path.

    Raises:
        KikimoriError: there are none.
    """
    if not folder.is_dir():
        raise KikimoriError.of("no_such_folder", folder=folder)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.parent.name not in LABELS or not path.is_file() or path.name.startswith("."):
            continue
        above = path.parent.parent
        condition = "" if above == folder else str(above.relative_to(folder))
        speaker, named, _ = path.stem.partition("_")
        found.append(LabelledClip(path, condition, speaker if named else None, path.parent.name == "shout"))
    if not found:
        raise KikimoriError.of("effort_no_recording", folder=folder)
    return found


def evaluate_effort(
    folder: Path, rules: Sequence[Rule], progress: Callable[[int, int], None]
) -> EffortEvaluation:
    """Hear every clip twice, without and with its speaker's calm voice; then all calm ones as calls.

    Args:
        folder: See above.
        rules: Those of kind `shouting` are held against the calm calls: none of them should alert.
        progress: Told clips heard and clips in all.

    Raises:
        KikimoriError: the folder or a file in it cannot be used.
    """
    clips = find_clips(folder)
    blocks = {clip.path: read_recording(clip.path) for clip in clips}
    calm: dict[tuple[str, str], list[LabelledClip]] = defaultdict(list)
    for clip in clips:
        if clip.speaker is not None and not clip.raised:
            calm[clip.condition, clip.speaker].append(clip)
    evaluation = EffortEvaluation(folder, clips)
    total = 2 * len(clips)
    for known in (False, True):
        for first in range(0, len(clips), AT_ONCE):
            some = clips[first : first + AT_ONCE]
            prefixes = [_baseline(clip, calm, blocks) if known else None for clip in some]
            heard = _hear([blocks[clip.path] for clip in some], prefixes)
            for clip, prefix, each in zip(some, prefixes, heard, strict=True):
                if not known:
                    evaluation.without[clip.path] = each
                elif prefix is not None:
                    evaluation.with_baseline[clip.path] = each
            progress(first + len(some) + known * len(clips), total)
    evaluation.calm_hours, evaluation.false_alerts = _callers(
        clips, blocks, [rule for rule in rules if isinstance(rule, ShoutingRule)]
    )
    return evaluation


def _callers(
    clips: Sequence[LabelledClip], blocks: dict[Path, Audio], rules: Sequence[ShoutingRule]
) -> tuple[float, int]:
    """Return hours of calm calls and alerts in them: each speaker's calm clips of a condition one after another."""
    calls: dict[tuple[str, str], list[Audio]] = defaultdict(list)
    for clip in clips:
        if not clip.raised:
            calls[clip.condition, clip.speaker or clip.path.name] += [blocks[clip.path], PAUSE]
    audio = [np.concatenate(each) for each in calls.values()]
    alerts = sum(map(len, shouting_alerts(audio, rules)))
    return sum(map(len, audio)) * BLOCK_S / 3600, alerts


def _baseline(
    clip: LabelledClip, calm: dict[tuple[str, str], list[LabelledClip]], blocks: dict[Path, Audio]
) -> Audio | None:
    if clip.speaker is None:
        return None
    others = [blocks[each.path] for each in calm[clip.condition, clip.speaker] if each is not clip]
    if not others:
        return None
    return np.concatenate(others)[: round(BASELINE_S / BLOCK_S)]


def _hear(clips: Sequence[Audio], prefixes: Sequence[Audio | None]) -> list[ClipScores]:
    """Hear clips together, each on a leg of its own, after its prefix."""
    heard = [ClipScores() for _ in clips]
    audio = [
        clip if prefix is None else np.concatenate([prefix, clip])
        for clip, prefix in zip(clips, prefixes, strict=True)
    ]
    begins = [0 if prefix is None else len(prefix) for prefix in prefixes]
    spoke: list[int | None] = [None] * len(clips)
    for at, rows, effort in heard_together(audio):
        for row, number in enumerate(rows):
            if at < begins[number]:
                continue
            if spoke[number] is None and effort.speech_s[row] > 0:
                spoke[number] = at
            begun = spoke[number]
            if begun is None or not effort.known[row]:
                continue
            probability = float(effort.probability[row])
            if probability >= DECIDES_AT and heard[number].delay_s is None:
                heard[number].delay_s = (at - begun + 1) * BLOCK_S
            # A window reaches back a second: what it still holds of the prefix is not the clip's.
            if not begins[number] or at >= begun + TOGETHER - 1:
                heard[number].probability.append(probability)
    return heard


@dataclass(slots=True)
class Trace:
    """One caller in time, a value per block: calm clips, then raised ones."""

    name: str
    raised_from_s: float
    level_db: list[float | None] = field(default_factory=list)
    tilt_db: list[float | None] = field(default_factory=list)
    pitch_st: list[float | None] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)


def trace(clips: Sequence[LabelledClip], calm_clips: int = 4, raised_clips: int = 2) -> Trace | None:
    """Hear the first speaker that has both kinds of clips: some calm ones, then some raised ones."""
    speakers = {clip.speaker for clip in clips if clip.raised} & {
        clip.speaker for clip in clips if not clip.raised
    }
    if not speakers:
        return None
    speaker = min(speakers, key=str)
    mine = [clip for clip in clips if clip.speaker == speaker]
    calm = [read_recording(clip.path) for clip in mine if not clip.raised][:calm_clips]
    raised = [read_recording(clip.path) for clip in mine if clip.raised][-raised_clips:]
    shown = Trace(speaker or "clips", sum(map(len, calm)) * BLOCK_S)
    for _, _, effort in heard_together([np.concatenate([*calm, *raised])]):
        known = bool(effort.known[0])
        pitch = float(effort.pitch_st[0])
        shown.level_db.append(float(effort.level_db[0]))
        shown.tilt_db.append(float(effort.tilt_db[0]) if known else None)
        shown.pitch_st.append(pitch if known and pitch == pitch else None)  # noqa: PLR0124  (NaN)
        shown.probability.append(float(effort.probability[0]) if known else 0.0)
    return shown


@dataclass
class EffortEvaluation:
    folder: Path
    clips: list[LabelledClip]
    calm_hours: float = 0.0
    false_alerts: int = 0
    """False alerts of the shouting rules, in the calm clips played as calls."""
    without: dict[Path, ClipScores] = field(default_factory=dict)
    with_baseline: dict[Path, ClipScores] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what `kikimori evaluate-effort --json` prints."""
        conditions = sorted({clip.condition for clip in self.clips})
        found: dict[str, Any] = {
            "folder": str(self.folder),
            "clips": len(self.clips),
            "calm_calls_hours": round(self.calm_hours, 2),
            "calm_calls_false_alerts": self.false_alerts,
        }
        for name, heard in (("without_baseline", self.without), ("with_baseline", self.with_baseline)):
            found[name] = {"all": figures(self.clips, heard)}
            if len(conditions) > 1:
                found[name]["conditions"] = {
                    condition or ".": figures(
                        [each for each in self.clips if each.condition == condition], heard
                    )
                    for condition in conditions
                }
        return found


def figures(clips: Sequence[LabelledClip], heard: dict[Path, ClipScores]) -> dict[str, float | int | None]:
    """Return the figures of clips. Those that need both kinds of voice, or any, are None without."""
    mine = [clip for clip in clips if clip.path in heard]
    calm = np.array([p for clip in mine if not clip.raised for p in heard[clip.path].probability])
    raised = np.array([p for clip in mine if clip.raised for p in heard[clip.path].probability])
    found: dict[str, float | int | None] = {
        "clips": len(mine),
        "calm_s": round(len(calm) * BLOCK_S, 1),
        "raised_s": round(len(raised) * BLOCK_S, 1),
        "auc": None,
        "eer": None,
        "recall_at_1_false_per_hour": None,
        "recall_at_1_percent_of_calm_clips": None,
        "recall": None,
        "delay_s_p50": None,
    }
    if not len(calm) or not len(raised):
        return found
    false_share, true_share = roc(calm, raised)
    found["auc"] = round(float(np.trapezoid(true_share, false_share)), 4)
    nearest = int(np.argmin(np.abs(false_share - (1 - true_share))))
    found["eer"] = round(float(false_share[nearest] + 1 - true_share[nearest]) / 2, 4)
    calm_scores = np.sort([heard[clip.path].score for clip in mine if not clip.raised])[::-1]
    allowed = int(len(calm) * BLOCK_S / 3600)
    limit = calm_scores[allowed] if allowed < len(calm_scores) else 0.0
    scores = np.array([heard[clip.path].score for clip in mine if clip.raised])
    one_percent = float(np.quantile(calm_scores, 0.99))
    found["recall_at_1_percent_of_calm_clips"] = round(float(np.mean(scores > one_percent)), 4)
    found["recall_at_1_false_per_hour"] = round(float(np.mean(scores > limit)), 4)
    delays = [heard[clip.path].delay_s for clip in mine if clip.raised]
    told = [each for each in delays if each is not None]
    found["recall"] = round(len(told) / len(delays), 4)
    found["delay_s_p50"] = round(float(np.median(told)), 2) if told else None
    return found


def roc(calm: NDArray[np.float64], raised: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return shares (of calm seconds taken for raised, of raised ones found) at falling thresholds, from (0, 0) to (1, 1)."""
    limits = np.unique(np.concatenate([calm, raised]))[::-1]
    calm, raised = np.sort(calm), np.sort(raised)
    false_share = 1 - np.searchsorted(calm, limits, "left") / len(calm)
    true_share = 1 - np.searchsorted(raised, limits, "left") / len(raised)
    return np.concatenate([[0.0], false_share]), np.concatenate([[0.0], true_share])
