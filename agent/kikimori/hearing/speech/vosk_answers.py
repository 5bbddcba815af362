"""Vosk's answers, in its own JSON: the library's and the server's are the same.

Partial: `{"partial": "もう 一度"}`. Final: `{"text": "…", "result": [{"word", "start", "end", "conf"}, …]}`, or, asked for
several texts, `{"alternatives": [{"confidence", "text", "result": [{"word", "start", "end"}, …]}, …]}`, the likeliest first:
`confidence` is the logarithm of a likelihood, of which only differences say anything.
"""

from __future__ import annotations

import json
from typing import Any

from kikimori.hearing.speech.engine import Recognised, join_words
from kikimori.hearing.speech.likeliest import nearest_to_all
from kikimori_core.model.evidence import RecognisedWord

_UNKNOWN = "[unk]"
"""Word that a model gives for sounds that are none of its words; it is left out."""
MOST_OTHERS = 7
"""Number of texts that are asked for besides the likeliest."""


def final_from(answer: dict[str, Any]) -> Recognised | None:
    """Read a final; None when no word was recognised. Raises KeyError, TypeError or ValueError when it is none."""
    if "alternatives" in answer:
        texts = answer["alternatives"][: 1 + MOST_OTHERS]
        return nearest_to_all((float(each["confidence"]), _words(each)) for each in texts)
    words = _words(answer)
    return Recognised(join_words([word.text for word in words]), words, final=True) if words else None


def _words(answer: dict[str, Any]) -> tuple[RecognisedWord, ...]:
    return tuple(
        RecognisedWord(
            str(each["word"]), float(each["start"]), float(each["end"]), float(each.get("conf", 1.0))
        )
        for each in answer.get("result", [])
        if each["word"] != _UNKNOWN
    )


def partial_from(answer: dict[str, Any]) -> Recognised | None:
    """Read a partial; None when there is no word yet."""
    said = [word for word in answer.get("partial", "").split() if word != _UNKNOWN]
    return Recognised(join_words(said), (), final=False) if said else None


def parsed(text: str | bytes) -> dict[str, Any]:
    """Parse one answer. Raises ValueError when it is no JSON object."""
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  (it is what was sent that is wrong)
    return answer
