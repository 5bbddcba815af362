"""The evaluation of words as one HTML page that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from kikimori_lab.evaluation.page import add, page, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TITLE = "言葉の評価 / Evaluation of words"
_WIDTH, _LEFT, _ROW = 1120, 190, 24
_MEASURES = {
    "precision": "適合率 precision",
    "recall": "再現率 recall",
    "accuracy": "正解率 accuracy",
}
_MOST_SOURCES, _MOST_SENTENCES = 30, 300
_OF_SENTENCES = ("n", "alarming", "per_10000", "per_10000_at_most", "critical", "critical_per_10000_at_most")
_OF_CALLS = ("n", "hours", "alarms", "per_hour", "per_hour_at_most", "critical")
_FAULTS = {
    "digits": "数字と漢数字",
    "widths": "全角と半角",
    "fillers": "言いよどみ",
    "spaces": "単語の間の空白",
    "kanji": "違う漢字",
    "particles": "助詞の半分が抜ける",
    "near_sound": "似た音を 1 つ聞き違える",
    "word_lost": "1 語が抜ける",
    "kana": "漢字がかなになる",
    "stops": "文中の句点",
    "long_vowels": "長音が抜ける",
}
_SHARES = (
    "適合率 = 要確認が出たもののうち正しかった割合、再現率 = 出るべきもののうち正しく出た割合、正解率 = 全体のうち正しく判断した割合。"
    "かっこ内は 95 % 信頼区間（Wilson）。"
    " Precision = of what alarmed, recall = of what should, accuracy = of all; in brackets the 95 % interval (Wilson)."
)
_BARS = (
    "種類ごとの正しい判断の割合。線は 95 % 信頼区間、橙 = ハラスメント、青 = 問題のない発言。"
    " Share judged rightly per type with its 95 % interval; orange = harassing, blue = harmless."
)


def write_words_report(found: dict[str, Any], path: Path) -> None:
    """Write the page for what `as_json` gave. Raises OSError."""
    html, body = page(f"Kikimori {_TITLE}")
    SubElement(body, "h1").text = _TITLE
    if found["types"]:
        _cases(SubElement(body, "section"), found)
    if "noise" in found:
        _noise(SubElement(body, "section"), found["noise"])
    if "calm" in found:
        _calm(SubElement(body, "section"), found["calm"])
    write_page(html, path)


def _cases(body: Element, found: dict[str, Any]) -> None:
    SubElement(body, "h2").text = "全体 / In all"
    _table(
        body,
        (
            "",
            "件数 n",
            "ハラスメント harassing",
            "正しい right",
            "問題なし harmless",
            "誤報 false",
            *_MEASURES.values(),
        ),
        (
            (
                title,
                *(str(found[name][each]) for each in ("n", "harassing", "right", "harmless", "false")),
                *(_percent(found[name], each) for each in _MEASURES),
            )
            for name, title in (("utterances", "発話 utterances"), ("calls", "通話 calls"))
            if found[name]["n"]
        ),
    )
    SubElement(body, "p", {"class": "dim"}).text = _SHARES
    SubElement(body, "h2").text = "種類ごと / Per type"
    body.append(_picture(found["types"]))
    SubElement(body, "p", {"class": "dim"}).text = _BARS
    _table(
        body,
        ("種類 type", "件数 n", "正しい right", "要確認あり any", *_MEASURES.values()),
        (
            (
                name,
                *(str(score[each]) for each in ("n", "right", "any")),
                *(_percent(score, each) for each in _MEASURES),
            )
            for name, score in found["types"].items()
        ),
    )
    SubElement(body, "h2").text = "出典 / Origin"
    _table(body, ("ファイル file", "件数 n"), ((name, str(n)) for name, n in found["files"].items()))
    sources = list(found["sources"].items())
    rest = sources[_MOST_SOURCES:]
    shown = [(name, str(n)) for name, n in sources[:_MOST_SOURCES]]
    if rest:
        shown.append((f"ほか {len(rest)} 件 / {len(rest)} more", str(sum(n for _, n in rest))))
    _table(body, ("出典 source", "件数 n"), shown)
    _wrong(body, found["wrong"])


def _wrong(body: Element, wrong: list[list[Any]]) -> None:
    SubElement(body, "h2").text = f"誤った判断 / Judged wrongly: {len(wrong)}"
    by_type: dict[str, list[list[Any]]] = {}
    for each in wrong:
        by_type.setdefault(each[0], []).append(each)
    for name, ones in sorted(by_type.items()):
        details = SubElement(body, "details")
        SubElement(details, "summary").text = f"{name}: {len(ones)}"
        listed = SubElement(details, "ul")
        for _, text, raised, expected in ones:
            item = SubElement(listed, "li")
            item.text = f"{text} "
            SubElement(
                item, "span", {"class": "dim"}
            ).text = f"→ {', '.join(raised) or '–'} (期待 expected: {' / '.join(expected) or '–'})"


def _noise(body: Element, noise: dict[str, Any]) -> None:
    SubElement(body, "h2").text = "認識の誤りを加えた場合 / With a recogniser's faults"
    _table(
        body,
        (
            "誤り faults",
            "見つけた found",
            "保った kept",
            "割合 share",
            "問題なし harmless",
            "誤報 false",
            "元の誤報 clean",
        ),
        (
            (
                f"{_FAULTS.get(kind, '')} {kind}",
                str(units["utterances"]["found"]),
                str(units["utterances"]["kept"]),
                "–" if units["utterances"]["share"] is None else f"{units['utterances']['share']:.1%}",
                *(str(units["utterances"][each]) for each in ("harmless", "false", "false_clean")),
            )
            for kind, units in noise["kinds"].items()
        ),
    )
    SubElement(body, "p", {"class": "dim"}).text = (
        f"元の文で正しく見つけた発話のうち、誤りを加えても見つけた割合（各文 {noise['draws']} 通り、seed {noise['seed']}）。"
        f" Of utterances found rightly in the clean text, the share still found; {noise['draws']} draws each."
    )
    for kind, units in noise["kinds"].items():
        lost = units["utterances"]["lost"]
        if lost:
            _listed(body, f"{kind}: {len(lost)}", (f"{clean} → {faulty}" for clean, faulty in lost))


def _calm(body: Element, calm: dict[str, Any]) -> None:
    SubElement(body, "h2").text = "穏やかな会話 / Calm speech"
    files = [
        *((name.rpartition("/")[2], each) for name, each in calm["files"].items()),
        ("全体 all", calm["all"]),
    ]
    _table(
        body,
        (
            "",
            "文 sentences",
            "要確認 alarming",
            "1 万文あたり per 10,000",
            "上限 at most",
            "重大 critical",
            "上限 at most",
        ),
        ((name, *(str(figures["sentences"][each]) for each in _OF_SENTENCES)) for name, figures in files),
    )
    _table(
        body,
        (
            "",
            "通話 calls",
            "時間 hours",
            "要確認 alarms",
            "1 時間あたり per hour",
            "上限 at most",
            "重大 critical",
        ),
        ((name, *(str(figures["calls"][each]) for each in _OF_CALLS)) for name, figures in files),
    )
    SubElement(
        body, "p", {"class": "dim"}
    ).text = "上限は 95 % 信頼区間の上端。 At most: upper end of the 95 % interval."
    by_name: dict[str, list[str]] = {}
    for each in calm["alarming"]:
        for name, severity, matched in each["found"]:
            by_name.setdefault(f"{name} ({severity})", []).append(f"{each['n']} × {each['text']} [{matched}]")
    for name, texts in sorted(by_name.items(), key=lambda each: -len(each[1])):
        _listed(body, f"{name}: {len(texts)}", texts[:_MOST_SENTENCES])


def _listed(body: Element, summary: str, texts: Iterable[str]) -> None:
    details = SubElement(body, "details")
    SubElement(details, "summary").text = summary
    listed = SubElement(details, "ul")
    for text in texts:
        SubElement(listed, "li").text = text


def _picture(types: dict[str, Any]) -> Element:
    height = _ROW * len(types) + 24
    svg = Element("svg", viewBox=f"0 0 {_WIDTH} {height}", role="img")
    scale = _WIDTH - _LEFT - 60

    def x(share: float) -> str:
        return f"{_LEFT + share * scale:.1f}"

    for number, (name, score) in enumerate(types.items()):
        top = _ROW * number
        low, high = score["accuracy_95"]
        klass = "operator" if score["recall"] is None else "customer"
        add(svg, "text", x=4, y=top + 16).text = name if len(name) < 28 else name[:27] + "…"
        add(svg, "rect", x=x(0), y=top + 4, width=scale, height=_ROW - 8, klass="lane")
        add(
            svg,
            "rect",
            x=x(0),
            y=top + 4,
            width=f"{score['accuracy'] * scale:.1f}",
            height=_ROW - 8,
            klass=klass,
        )
        middle = top + _ROW / 2
        line = add(svg, "line", x1=x(low), x2=x(high), y1=middle, y2=middle, klass="mark again")
        SubElement(line, "title").text = f"{low:.1%} – {high:.1%}"
        add(svg, "text", x=_WIDTH - 52, y=top + 16).text = f"{score['accuracy']:.0%}"
    for tenth in range(0, 11, 2):
        add(svg, "text", x=x(tenth / 10), y=height - 6).text = f"{tenth * 10} %"
    return svg


def _table(body: Element, names: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = SubElement(body, "table")
    row = SubElement(table, "tr")
    for name in names:
        SubElement(row, "th").text = name
    for cells in rows:
        row = SubElement(table, "tr")
        for cell in cells:
            SubElement(row, "td").text = cell


def _percent(figures: dict[str, Any], name: str) -> str:
    value, interval = figures[name], figures[f"{name}_95"]
    return "–" if value is None else f"{value:.1%} ({interval[0]:.1%}–{interval[1]:.1%})"
