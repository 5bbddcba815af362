"""Plain statement, which refuses as the answer to a demand: 保証期間は一年でございます after 無料で直して.

Directly after a demand, any statement of the operator that neither agrees, promises, asks, comforts nor tells of work under way is
the answer that it is not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.denials import DENIALS
from kikimori_core.judging.words.unmet import unmet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.lexicon import Marked
    from kikimori_core.judging.words.sound import Morpheme

LEAST_WORDS = 4
"""Words of the shortest statement that answers a demand: 百円です answers a question."""

YES = ("はい", "ええ")
_REQUESTS = frozenset({"下さる", "願う"})
_STATES = frozenset({"おる", "居る", "てる", "御座る", "有る"})
_DOES = frozenset({"為る", "致す"})
_ENDS = frozenset({
    "が", "けど", "けれど", "けれども", "ので", "から", "し", "て", "で", "の", "ん", "よ", "ね", "もの", "もん", "わ", "と",
    "な", "ため", "為",
})  # fmt: skip
"""Words behind a predicate that only lead off: ございますので, ありまして."""
_POLITE = frozenset(
    {"です", "ます", "だ", "た", "御座る", "おる", "居る", "てる", "ない", "れる", "られる", "参る"}
)
_CASES = frozenset({"は", "が", "も", "を", "に", "で", "まで", "から", "のみ", "と", "の"})
_PASSIVE = frozenset({"れる", "られる"})


def stated(said: Marked) -> tuple[int, int] | None:
    """Return the places, from and to, of the clause that states something; None when nothing is stated.

    The lists `assents`, `soothing`, `under_way`, `arrives`, `happens` and `courtesies` say what the words mean.
    """
    words = said.words
    end = _predicate_end(words)
    if (
        end < LEAST_WORDS
        or not _has_subject(words[:end])
        or _questions(words)
        or said.text.startswith(YES)
        or said.holds("assents", 0)
    ):
        return None
    begin = _clause_begin(words, end)
    if any(each.normal in _REQUESTS for each in words[max(begin, end - 4) : end]):
        return _asked_for(said, begin, end)
    if (
        said.holds("soothing", begin, end)
        or said.holds("under_way", begin, end)
        or said.holds("possible", begin, end)
    ):
        return None
    return (begin, len(words)) if _is_fact(said, begin, end) else None


def _has_subject(words: Sequence[Morpheme]) -> bool:
    return any(each.part == "助詞" and each.surface in _CASES for each in words)


def _asked_for(said: Marked, begin: int, end: int) -> tuple[int, int] | None:
    """Return the clause before a request, if it denies: 発行しておりませんので、本庁舎へお越しください; or a plea for patience."""
    if said.holds("courtesies", begin, end):
        return begin, end
    places = unmet(said)
    return None if places is None or places[1] > begin else places


def _questions(words: Sequence[Morpheme]) -> bool:
    """Return whether it ends by asking, or by making sure: 赤でございますね."""
    last, before = words[-1], words[-2] if len(words) > 1 else None
    if last.surface == "か" and last.part == "助詞":
        return True
    volition = any(each.form.startswith("意志推量形") for each in words[-3:])
    return volition or (
        last.surface == "ね" and before is not None and before.normal in ("ます", "です", "御座る")
    )


def _predicate_end(words: Sequence[Morpheme]) -> int:
    """Return the place after the last predicate, without the words that lead off; 0 = the utterance ends in none."""
    end = len(words)
    while end and words[end - 1].surface in _ENDS and words[end - 1].part in ("助詞", "助動詞", "名詞"):
        and_so = words[end - 1].surface == "で" and end > 1 and words[end - 2].detail == "準体助詞"
        if words[end - 1].normal in _POLITE and not and_so:
            break
        end -= 1
    if not end:
        return 0
    last = words[end - 1]
    return end if last.normal in _POLITE or last.part in ("動詞", "形容詞") else 0


def _clause_begin(words: Sequence[Morpheme], end: int) -> int:
    for at in range(end - 2, -1, -1):
        if words[at].detail == "接続助詞" and words[at].surface not in ("て", "で", "ながら", "と", "ば"):
            return at + 1
        if words[at].surface == "で" and at and words[at - 1].detail == "準体助詞":
            return at + 1
    return 0


def _is_fact(said: Marked, begin: int, end: int) -> bool:
    """Return whether a predicate tells a fact, and no deed of ours that meets a demand."""
    words = said.words
    at = end - 1
    seen = set[str]()
    while at > begin and (
        words[at].normal in _POLITE or words[at].surface in ("て", "で", "は", "の", "ん", "も")
    ):
        seen.add(words[at].normal)
        at -= 1
    if seen & DENIALS:
        return True
    verb = words[at]
    core = at - 1 if verb.normal in _DOES and at > begin else at
    if end == len(words) and verb.surface in ("が", "も", "は") and seen & {"有る", "御座る", "居る", "おる"}:
        # 郵送での請求がございます shows another way; 都合がございますので is a reason.
        return False
    done = "た" in seen
    if seen & (_STATES | _PASSIVE) or "です" in seen or "だ" in seen:
        return not (done and said.holds("grants", core))
    if verb.part != "動詞" and verb.normal not in _DOES:
        return True
    if done:
        return not (said.holds("grants", core) or said.holds("checks", core))
    return said.holds("happens", at) and not said.holds("arrives", begin, end)
