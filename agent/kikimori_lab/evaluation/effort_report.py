"""The evaluation of effort as one HTML page: figures, a curve per condition, and one caller in time per condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from kikimori.hearing.frames import BLOCK_S
from kikimori_lab.evaluation.effort import DECIDES_AT, roc, trace
from kikimori_lab.evaluation.page import add, page, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kikimori_lab.evaluation.effort import ClipScores, EffortEvaluation, LabelledClip, Trace
    from kikimori_lab.evaluation.effort_calls import Figures

_COLUMNS = ("clips", "auc", "eer", "recall_at_1_false_per_hour", "recall", "delay_s_p50")
_ROC, _WIDTH, _LANE = 200, 1120, 56
_TITLE = "声の張り上げの評価 / Evaluation of raised voices"
_LEGEND = (
    "青 = 本人のふだんの声を聞いてから、橙 = 初めて聞く声。 Blue = after the speaker's calm voice, orange = a stranger."
    " 横軸: 平静を誤る割合 / calm taken for raised (0–30 %)、縦軸: 見つけた割合 / raised found."
)
_CALLS = {
    "from_the_start": "始めから / from the start",
    "after_a_calm_minute": "平静な1分の後 / after a calm minute",
    "non_speech": "声でない音 / sound without a voice",
}
_LANES = (("level_db", -60, 0), ("tilt_db", -25, 15), ("pitch_st", -18, 24), ("probability", 0, 1))


def write_effort_report(
    evaluation: EffortEvaluation, calls: dict[str, dict[str, Figures]], path: Path
) -> None:
    """Write the page. Raises OSError."""
    found = evaluation.as_json()
    html, body = page(_TITLE)
    SubElement(body, "h1").text = _TITLE
    SubElement(body, "p").text = (
        f"{found['folder']}: {found['clips']} clips; {found['calm_calls_hours']} h calm calls, "
        f"{found['calm_calls_false_alerts']} × 誤報 false alerts"
    )
    for name, title in (
        ("with_baseline", "ふだんの声あり / with baseline"),
        ("without_baseline", "なし / without"),
    ):
        SubElement(body, "h2").text = title
        _table(body, {**found[name].get("conditions", {}), "all": found[name]["all"]})
    for name, rows in calls.items():
        if rows:
            SubElement(body, "h2").text = _CALLS[name]
            _table(body, rows, tuple(next(iter(rows.values()))))
    SubElement(body, "p", {"class": "dim"}).text = _LEGEND
    conditions = sorted({clip.condition for clip in evaluation.clips})
    grid = SubElement(body, "div", {"class": "grid"})
    for condition in conditions:
        mine = [clip for clip in evaluation.clips if clip.condition == condition]
        figure = SubElement(grid, "figure")
        figure.append(_curves(mine, evaluation))
        SubElement(figure, "figcaption").text = condition or "."
    for condition in conditions:
        shown = trace([clip for clip in evaluation.clips if clip.condition == condition])
        if shown is not None:
            section = SubElement(body, "section")
            SubElement(section, "h2").text = f"{condition or '.'}: {shown.name}"
            section.append(_timeline(shown))
    write_page(html, path)


def _table(body: Element, rows: Mapping[str, Mapping[str, Any]], columns: Sequence[str] = _COLUMNS) -> None:
    table = SubElement(body, "table")
    row = SubElement(table, "tr")
    for name in ("condition", *columns):
        SubElement(row, "th").text = name
    for condition, figures in rows.items():
        row = SubElement(table, "tr")
        SubElement(row, "td").text = condition
        for name in columns:
            SubElement(row, "td").text = "–" if figures[name] is None else str(figures[name])


def _curves(clips: Sequence[LabelledClip], evaluation: EffortEvaluation) -> Element:
    svg = Element("svg", viewBox=f"0 0 {_ROC} {_ROC}", role="img")
    add(svg, "rect", x=0, y=0, width=_ROC, height=_ROC, klass="lane")
    for klass, heard in (("stranger", evaluation.without), ("known", evaluation.with_baseline)):
        calm, raised = _probabilities(clips, heard, raised=False), _probabilities(clips, heard, raised=True)
        if len(calm) and len(raised):
            false_share, true_share = roc(calm, raised)
            # The first third of the axis is where a detector lives.
            points = " ".join(
                f"{min(x / 0.3, 1) * _ROC:.1f},{(1 - y) * _ROC:.1f}"
                for x, y in zip(
                    false_share[:: max(len(false_share) // 400, 1)],
                    true_share[:: max(len(true_share) // 400, 1)],
                    strict=True,
                )
            )
            add(svg, "polyline", points=points, klass=f"curve {klass}")
    return svg


def _probabilities(
    clips: Sequence[LabelledClip], heard: dict[Path, ClipScores], *, raised: bool
) -> np.ndarray[Any, Any]:
    return np.array(
        [
            p
            for clip in clips
            if clip.raised is raised and clip.path in heard
            for p in heard[clip.path].probability
        ]
    )


def _timeline(shown: Trace) -> Element:
    height = _LANE * len(_LANES) + 24
    svg = Element("svg", viewBox=f"0 0 {_WIDTH} {height}", role="img")
    seconds = len(shown.probability) * BLOCK_S
    scale = (_WIDTH - 110) / max(seconds, 1e-9)
    start = 100 + shown.raised_from_s * scale
    for number, (name, low, high) in enumerate(_LANES):
        top = number * _LANE
        add(svg, "rect", x=100, y=top + 2, width=_WIDTH - 110, height=_LANE - 6, klass="lane")
        add(svg, "text", x=4, y=top + _LANE / 2).text = name
        values = getattr(shown, name)
        points = [
            f"{100 + at * BLOCK_S * scale:.1f},{top + 4 + (_LANE - 10) * (1 - (min(max(value, low), high) - low) / (high - low)):.1f}"
            for at, value in enumerate(values)
            if value is not None
        ]
        add(svg, "polyline", points=" ".join(points), klass="curve known")
        if name == "probability":
            y = top + 4 + (_LANE - 10) * (1 - DECIDES_AT)
            add(svg, "line", x1=100, x2=_WIDTH - 10, y1=y, y2=y, klass="mark again", stroke_width=1)
    add(
        svg,
        "rect",
        x=f"{start:.1f}",
        y=0,
        width=f"{_WIDTH - 10 - start:.1f}",
        height=height - 24,
        klass="raised",
    )
    for at in range(0, int(seconds) + 1, 5):
        add(svg, "text", x=f"{100 + at * scale:.1f}", y=height - 6).text = f"{at} s"
    return svg
