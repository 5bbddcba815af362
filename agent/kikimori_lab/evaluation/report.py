"""The evaluation as one HTML page that needs nothing else: figures, and every call as a picture in time.

Built as a tree, so that nothing said in a call can become markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

import numpy as np
import soundfile

from kikimori_core.model.call import Role
from kikimori_lab.evaluation.page import add, page, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_lab.evaluation.run import Evaluation, JudgedCall
    from kikimori_lab.evaluation.score import Judged

WIDTH = 1120
LEFT = 76
LANE = 46
_LEVEL_STEP_S = 0.2
_FLOOR_DB = -60.0

_TEXT = {
    "title": "評価 / Evaluation",
    "rule": "ルール rule",
    "said": "話された言葉と認識結果 / said and recognised",
    "harmless": "問題のない通話 / harmless calls",
    "legend": "棒 = 話された区間(色: お客様・オペレーター)、線 = 音量、破線 = 期待した警告、太線 = 出た警告。"
    " Bars = speech (customer, operator), line = level, dashes = expected alert, thick mark = raised alert.",
}
_VERDICT = {
    "right": "正しい right",
    "missed": "見逃し missed",
    "false": "誤報 false",
    "again": "再度 again",
    "tolerated": "許容 tolerated",
}


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write the page. Raises OSError."""
    found = evaluation.as_json()
    html, body = page(f"Kikimori {_TEXT['title']}")
    SubElement(body, "h1").text = _TEXT["title"]
    summary = SubElement(body, "p")
    summary.text = (
        f"{found['folder']}: {found['calls']} calls, {found['hours'] * 60:.1f} min, "
        f"{found['model'] or 'no speech recognition'}; {_TEXT['harmless']} "
        f"{found['harmless_calls']['calls']}, {found['harmless_calls']['with_false_alarm']} × {_VERDICT['false']}"
    )
    _table(body, found)
    SubElement(body, "p", {"class": "dim"}).text = _TEXT["legend"]
    for call in evaluation.calls:
        _call(body, call)
    write_page(html, path)


def _table(body: Element, found: dict[str, Any]) -> None:
    columns = (
        "expected",
        "right",
        "missed",
        "false",
        "precision",
        "recall",
        "false_per_hour",
        "delay_s_p50",
        "delay_s_max",
    )
    table = SubElement(body, "table")
    row = SubElement(table, "tr")
    for name in (_TEXT["rule"], *columns):
        SubElement(row, "th").text = name
    for rule, figures in [*found["rules"].items(), ("all", found["all"])]:
        row = SubElement(table, "tr")
        SubElement(row, "td").text = rule
        for name in columns:
            SubElement(row, "td").text = "–" if figures[name] is None else str(figures[name])
    for role, errors in (found["words"] or {}).items():
        if errors["cer"] is not None:
            SubElement(
                body, "p"
            ).text = f"{role}: character error rate {errors['cer']:.1%}, by sound {errors['cer_sound']:.1%}"


def _call(body: Element, call: JudgedCall) -> None:
    section = SubElement(body, "section", id=call.name)
    heading = SubElement(section, "h2")
    heading.text = f"{call.name} — {call.truth.title.get('ja', '')} "
    SubElement(heading, "span", {"class": "dim"}).text = " ".join(call.truth.tags)
    section.append(_picture(call))
    for one in call.judged:
        kind = "fault" if one.verdict in ("missed", "false") else "dim"
        SubElement(section, "div", {"class": kind}).text = _sentence(one)
    details = SubElement(section, "details")
    SubElement(details, "summary").text = _TEXT["said"]
    listed = SubElement(details, "ul")
    lines = [(each.start, f"{each.role} {each.start:.1f} s: {each.text}") for each in call.truth.segments]
    lines += [
        (line.start_s, f"→ {line.role} {line.start_s:.1f} s: {line.text}") for line in call.findings.lines
    ]
    for _, text in sorted(lines):
        SubElement(listed, "li").text = text


def _sentence(one: Judged) -> str:
    text = f"{_VERDICT[one.verdict]}: {one.rule}"
    if one.expected is not None:
        text += f", {one.expected.start:.1f} … {one.expected.end:.1f} s"
    if one.raised is not None:
        text += f", {one.raised.severity} {one.raised.raised_s:.1f} s (+{one.raised.known_s - one.raised.raised_s:.1f} s)"
    return text


def _picture(call: JudgedCall) -> Element:
    roles = call.truth.channels
    alerts_top = 8 + LANE * len(roles)
    height = alerts_top + 22 * max(1, len(call.judged)) + 22
    svg = Element("svg", viewBox=f"0 0 {WIDTH} {height}", role="img")
    scale = (WIDTH - LEFT - 8) / max(call.duration_s, 1e-9)

    def x(seconds: float) -> str:
        return f"{LEFT + seconds * scale:.1f}"

    levels = _levels(call.path)
    for number, role in enumerate(roles):
        top = 4 + LANE * number
        add(svg, "rect", x=LEFT, y=top, width=WIDTH - LEFT - 8, height=LANE - 6, klass="lane")
        add(svg, "text", x=4, y=top + 24).text = {Role.CUSTOMER: "お客様", Role.OPERATOR: "オペレーター"}.get(
            role, "混合"
        )
        for segment in call.truth.segments:
            if segment.role is role:
                bar = add(
                    svg,
                    "rect",
                    x=x(segment.start),
                    y=top + LANE - 16,
                    width=f"{max((segment.end - segment.start) * scale, 1):.1f}",
                    height=8,
                    klass=str(role),
                )
                SubElement(bar, "title").text = f"{segment.style}: {segment.text}"
        points = " ".join(
            f"{x(at * _LEVEL_STEP_S)},{top + (LANE - 18) * (level / _FLOOR_DB):.1f}"
            for at, level in enumerate(levels[:, number])
        )
        add(svg, "polyline", points=points, klass="level")
    for number, one in enumerate(call.judged):
        top = alerts_top + 22 * number
        if one.expected is not None:
            width = f"{(one.expected.end - one.expected.start) * scale:.1f}"
            add(
                svg,
                "rect",
                x=x(one.expected.start),
                y=top + 2,
                width=width,
                height=16,
                klass=f"window {one.verdict}",
            )
        at = one.raised.known_s if one.raised else (one.expected.start if one.expected else 0.0)
        if one.raised is not None:
            add(svg, "line", x1=x(at), x2=x(at), y1=top, y2=top + 20, klass=f"mark {one.verdict}")
        add(svg, "text", x=4, y=top + 15).text = one.rule if len(one.rule) < 12 else one.rule[:11] + "…"
    for seconds in range(0, int(call.duration_s) + 1, 10):
        add(svg, "text", x=x(seconds), y=height - 6).text = f"{seconds} s"
    return svg


def _levels(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Levels in dBFS, [steps, channels], from `_FLOOR_DB` to 0."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    step = max(round(_LEVEL_STEP_S * rate), 1)
    whole = samples[: len(samples) // step * step].reshape(-1, step, samples.shape[1])
    power = np.mean(np.square(whole, dtype=np.float64), axis=1)
    levels: np.ndarray[Any, np.dtype[np.float64]] = np.clip(10 * np.log10(power + 1e-12), _FLOOR_DB, 0.0)
    return levels
