"""Every problem of a way in is named in both languages, wherever it is told."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.support.english import english_lines

from kikimori.integrations.siprec.troubles import SHOWN
from kikimori.watch.lines import as_json, as_line
from kikimori.watch.picture import CallRow, Picture, TapRow
from kikimori.watch.screen import draw
from kikimori_core.messages import Language
from kikimori_core.model.call import Party
from kikimori_core.wire.messages import Problem

ROOT = Path(__file__).parents[1]
I18N = ROOT / "dashboard" / "kikimori_dashboard" / "static" / "i18n"
JAPANESE = re.compile("[ぁ-んァ-ン一-龥]")


def codes() -> set[str]:
    """Of every problem that the mirror, SIPREC, AudioSocket and chan_websocket may tell."""
    tap = ROOT / "agent" / "kikimori" / "integrations" / "mirror" / "tap.py"
    mirror = set(re.findall(r'Problem\.of\(\s*"(mirror-[a-z-]+)"', tap.read_text("utf-8")))
    assert len(mirror) == 8
    siprec = {f"siprec_{reason}" for reason in SHOWN}
    return mirror | siprec | {f"{tap}_not_understood" for tap in ("audiosocket", "chan_websocket")}


@pytest.mark.parametrize("code", sorted(codes()))
def test_a_problem_is_named_in_japanese(code: str) -> None:
    detail, step = Problem(code=code).words("ja")
    assert JAPANESE.search(detail)
    assert JAPANESE.search(step)


@pytest.mark.parametrize("code", sorted(codes()))
def test_the_page_names_it_in_both_languages(code: str) -> None:
    texts = {
        each: json.loads((I18N / f"{each}.json").read_text("utf-8"))["banner"][code] for each in ("ja", "en")
    }
    assert JAPANESE.search(texts["ja"])
    assert not JAPANESE.search(texts["en"])


PROBLEM = Problem(code="mirror-codec", detail="Calls use a codec (G729).", remedy="Allow only PCMU.")


def picture(caller: Party, identity: str | None = None) -> Picture:
    call = CallRow(
        "call1", "mirror", caller, Party(number="204"), None, 5.0, held=False, legs=(), identity=identity
    )
    return Picture(1.0, (TapRow("mirror", (), (PROBLEM,), {}),), (call,))


@pytest.mark.parametrize(
    ("language", "expected"), [("ja", "読めないコーデック"), ("en", "use a codec (G729)")]
)
def test_tap_watch_names_it_in_the_language_of_the_terminal(language: Language, expected: str) -> None:
    shown = StringIO()
    drawn = draw(picture(Party()), width=100, height=40, numbers=True, language=language)
    Console(file=shown, width=100).print(drawn)
    for text in (as_line(picture(Party()), language), shown.getvalue()):
        assert expected in text
        assert bool(JAPANESE.search(text)) == (language == "ja")
        assert language == "en" or english_lines(text, names=frozenset({"mirror"})) == []


def test_tap_watch_gives_programs_both_languages() -> None:
    [tap] = json.loads(as_json(picture(Party()), numbers=True))["taps"]
    assert tap["problems"][0]["detail"] == PROBLEM.detail
    assert "読めないコーデック" in tap["problems"][0]["ja"]["detail"]


@pytest.mark.parametrize(
    ("reason", "name"), [("anonymous", "非通知"), ("payphone", "公衆電話"), ("unavailable", "表示圏外")]
)
def test_tap_watch_says_why_a_number_is_not_told(reason: str, name: str) -> None:
    shown = StringIO()
    told = picture(Party(withheld=reason))
    drawn = draw(told, width=100, height=40, numbers=True, language="ja")
    Console(file=shown, width=100).print(drawn)
    assert name in shown.getvalue()
    assert json.loads(as_json(told, numbers=True))["calls"][0]["customer_withheld"] == reason


def test_a_call_that_is_uncertain_is_marked() -> None:
    assert (
        json.loads(as_json(picture(Party(), "uncertain"), numbers=True))["calls"][0]["identity"]
        == "uncertain"
    )


def test_a_problem_without_a_text_stays_as_it_is() -> None:
    assert Problem(code="other", detail="Something.", remedy="Do it.").words("ja") == ("Something.", "Do it.")
