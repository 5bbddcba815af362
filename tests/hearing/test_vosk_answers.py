"""Vosk's answers with several likely texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kikimori.hearing.speech.vosk_answers import final_from


def likely(*texts: tuple[float, str]) -> dict[str, Any]:
    return {
        "alternatives": [
            {
                "confidence": confidence,
                "text": text,
                "result": [
                    {"word": word, "start": 0.3 * at, "end": 0.3 * at + 0.3}
                    for at, word in enumerate(text.split())
                ],
            }
            for confidence, text in texts
        ]
    }


def test_the_likeliest_is_the_result_and_those_close_behind_are_kept() -> None:
    found = final_from(
        likely((200.0, "税込 で 画質"), (199.5, "[unk] 土下座 室"), (199.0, "税込 で 画質"), (196.9, "遠い"))
    )
    assert found is not None
    assert found.text == "税込で画質"
    assert [[word.text for word in each.words] for each in found.others] == [["土下座", "室"]]
    assert found.others[0].share == pytest.approx(1 - found.words[0].confidence)


def test_the_result_is_nearest_to_all_likely_texts() -> None:
    found = final_from(likely((0.0, "若造 が 違う"), (-0.2, "馬鹿 の 立場 で"), (-0.3, "馬鹿 の 立場 が")))
    assert found is not None
    assert found.text == "馬鹿の立場で"


def test_a_word_is_as_sure_as_the_texts_that_hold_it_are_likely() -> None:
    found = final_from(likely((0.0, "はい 元気"), (0.0, "はい 電気"), (-5.0, "いや")))
    assert found is not None
    assert [round(word.confidence, 3) for word in found.words] == [1.0, 0.5]


def test_no_word_at_all() -> None:
    assert final_from(likely((10.0, ""), (9.0, "え"))) is None
    assert final_from({"alternatives": []}) is None


@pytest.mark.parametrize("confidence", ["x", None, float("nan")])
def test_what_is_no_likelihood_is_refused(confidence: object) -> None:
    answer = json.loads(json.dumps(likely((0.0, "はい"))))
    answer["alternatives"][0]["confidence"] = confidence
    with pytest.raises((TypeError, ValueError)):
        final_from(answer)
