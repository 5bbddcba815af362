"""Demands that a speaker passes on, and that are another's: 払えと言われました, 返せと言ってくる."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.reporting import told_to_speaker
from kikimori_core.judging.words.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Pronunciation
    from kikimori_core.judging.words.wanted import FoundDemand

ONE_VERB = 3
"""Words after one that asks within which another asks by the same verb: て and もらえますか of 返してもらえますか."""
_TOLD = frozenset({"れる", "られる", "来る"})
"""Words by which somebody says something to the speaker: 言われる, 言ってくる."""


def without_passed_on(
    heard: Pronunciation, asking: Sequence[int], wants: Sequence[FoundDemand]
) -> tuple[Sequence[int], Sequence[FoundDemand]]:
    """Return the places of words that ask, and the known demands, without what others ask of the speaker."""
    if not (asking or wants) or not any(word.normal in _TOLD for word in heard.words):
        return asking, wants
    sentence = Sentence(heard, {})
    others = [at for at in asking if told_to_speaker(sentence, at + 1)]
    own = [at for at in asking if not any(at <= each <= at + ONE_VERB for each in others)]
    return own, [each for each in wants if not told_to_speaker(sentence, sentence.word_from(each.end))]
