"""Likely texts of an utterance besides the likeliest: alarming words in one count, unless the likeliest says otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.calls.test_desk import News
from tests.support.told import OPERATOR, PHRASES, RULES, said

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.call import CallInfo, LegInfo, Role
from kikimori_core.model.evidence import LikelyText, OtherTranscription, RecognisedWord, Utterance


def with_likely(text: str, *likely: str, role: Role = Role.CUSTOMER, share: float = 0.2) -> Utterance:
    others = tuple(LikelyText(each, (RecognisedWord(each, 4.0, 6.0, 1.0),), share) for each in likely)
    return replace(said(text, 4, role), engine="vosk", likely=others)


def chosen(utterance: Utterance) -> Utterance:
    return CallJudge(RULES, PHRASES, words_heard=True).chosen(utterance)


def test_alarming_words_close_behind_the_likeliest_count() -> None:
    found = chosen(with_likely("税込で画質", "税込の画質", "土下座しろ"))
    assert found.text == "土下座しろ"
    assert found.words[0].text == "土下座しろ"
    assert found.other == OtherTranscription("税込で画質", "vosk")


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        # Nothing alarms.
        ("税込で画質", "税込の画質"),
        # The likeliest alarms by itself.
        ("殺すぞ", "殺すぞ、土下座しろ"),
        # The likeliest holds the same words and more, which make them harmless.
        ("上司に代われとは言ってません", "上司に代われとは言って"),
        # Only the operator's refusal: no customer's words.
        ("回線です", "かしこまりました"),
    ],
)
def test_the_likeliest_stands(text: str, likely: str) -> None:
    utterance = with_likely(text, likely)
    assert chosen(utterance).text == text


def test_words_of_several_unlikely_texts_count_together() -> None:
    alone = with_likely("税込で画質", "土下座しろ", "遠出しろ", share=0.12)
    assert chosen(alone).text == "税込で画質"
    together = with_likely("税込で画質", "土下座しろ", "土下座しろよ", share=0.12)
    assert chosen(together).text == "土下座しろ"


def test_an_operators_words_are_taken_as_heard() -> None:
    utterance = with_likely("税込で画質", "土下座しろ", role=OPERATOR)
    assert chosen(utterance) is utterance


async def test_line_and_alert_hold_what_counted() -> None:
    news = News()
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, news, None)
    leg = desk.open_leg(LegInfo(CallInfo("c", "test"), Role.CUSTOMER, 8000))
    leg.call.observe(with_likely("ころころも", "殺すぞ"))
    [line] = news.lines
    assert line.text == "殺すぞ"
    assert line.other is not None
    assert (line.other.text, line.other.engine) == ("ころころも", "vosk")
    assert [each.rule for each in news.alerts] == ["phrase-violence"]
    await desk.close()


def heard_again(first: Utterance, second: Utterance) -> tuple[Utterance, Utterance]:
    """Return both finals of a line as they count."""
    judge = CallJudge(RULES, PHRASES, words_heard=True)
    counted = judge.chosen(replace(first, line_id="c-1"))
    judge.observe(counted)
    other = OtherTranscription(first.text, "vosk")
    return counted, judge.chosen(replace(second, line_id="c-1", engine="whisper", other=other, again=True))


def test_a_second_hearing_bears_what_counted_of_the_first() -> None:
    counted, again = heard_again(with_likely("上の本さんかい", "上のもん出さんかい"), said("上の問題3回", 4))
    assert counted.text == "上のもん出さんかい"
    assert again.text == "上の問題3回"
    assert again.other == OtherTranscription("上のもん出さんかい", "vosk")


def test_likely_words_of_a_second_hearing_count_where_they_are_news() -> None:
    _, again = heard_again(said("税込で画質", 4), with_likely("土を座しろ", "土下座しろ"))
    assert (again.text, again.other) == ("土下座しろ", OtherTranscription("税込で画質", "vosk"))
    # The first hearing holds them.
    _, again = heard_again(said("土下座しろ", 4), with_likely("土を座しろ", "土下座しろ"))
    assert (again.text, again.other) == ("土を座しろ", OtherTranscription("土下座しろ", "vosk"))
