"""Sentences that a recogniser cut at a pause, read once more as one.

A recogniser ends an utterance after half a second without speech, also at a comma: うちはここの土地を三代貸してるんだ and
貸主に逆らうもんじゃない alarm together only, and お前は馬鹿か, behind which って言われました comes, alarms no longer.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.detector import Spoken, TakenBack
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from kikimori_core.judging.phrases import PhraseFinder, UtteranceFindings
    from kikimori_core.model.evidence import Utterance

LONGEST_PAUSE_S = 1.0
"""Longest time between two finals that may be one sentence."""
MOST_CHARACTERS = 80
"""Length up to which two finals are read as one sentence."""
SURE_TONE = 0.85
"""Probability from which both together have a tone: each two finals of a call on end are one more chance to be wrong."""
_MOST_PIECES = 4
_OVER = re.compile(
    "(です|ます|ました|ません|でした|ましょう|でしょう|ください)(か|ね|よ|よね|わ)?[。！？!?…]*$|[！？!?]$"
)
"""End of a sentence, behind which another begins: a polite predicate without けど, が or から after it, a question mark, an exclamation mark.

A recogniser that writes 。 sets it at a pause within a sentence, too.
"""
_REPORTS = re.compile("[、。\\s]*(って|っていう|と言|という|とか|みたいな)")
"""Beginning of a final that may tell whose words the one before it were."""
_PASSED_ON = re.compile(
    "[、。\\s]*((って|とか?)(\\w{0,4}[わらさか]れ[たてるま]|言って(く[るん]|き[まてた]))|みたいな|っていう)"
)
"""Beginning of one that says that they were another's: って怒鳴られました, とか言ってくるんです; not と言ってるんです, which is the speaker's own."""


@dataclass(slots=True)
class _Piece:
    """One final of the customer's, as it was heard last."""

    utterance: Utterance
    found: set[str] = field(default_factory=set)
    """Categories found in any hearing of it, or in it and the final before."""
    toned: bool = False


class CutSentences:
    """The last finals of a call's customer. A call's judge has one."""

    def __init__(self, phrases: PhraseFinder) -> None:
        self._phrases = phrases
        self._pieces: deque[_Piece] = deque(maxlen=_MOST_PIECES)

    def joined(self, utterance: Utterance, said: UtteranceFindings) -> Spoken | None:
        """Return a final joined to the one before it, with what only both together hold; None where that is nothing certain.

        A final that was heard again replaces its first hearing. A mixed leg is left out: two finals of it may be two people's.

        Args:
            utterance: The final.
            said: Findings in it alone.
        """
        if utterance.role is not Role.CUSTOMER or not utterance.text:
            return None
        piece = self._piece(utterance, said)
        before = self._before(piece)
        if before is None:
            return None
        first = before.utterance
        text = f"{first.text}、{utterance.text}"
        if len(text) > MOST_CHARACTERS or _OVER.search(first.text):
            return None
        whole = replace(
            utterance,
            start_s=first.start_s,
            text=text,
            words=first.words + utterance.words,
            other=None,
            likely=(),
        )
        # What it demands was counted with its pieces.
        found = self._phrases.find(whole, acts=False)
        known = before.found | piece.found
        news = tuple(match for match in found.matches if match.category not in known and not match.unsure)
        told = known or before.toned or piece.toned or _PASSED_ON.match(utterance.text)
        sure = found.tone is not None and found.tone.probability >= SURE_TONE
        tone = found.tone if sure and not told else None
        if not news and tone is None:
            return None
        piece.found |= {match.category for match in news}
        piece.toned |= tone is not None
        return Spoken(whole, news, tone=tone)

    def taken_back(self, utterance: Utterance, said: UtteranceFindings) -> TakenBack | None:
        """Return what the final before a final holds no longer, as this one says that it was another's: って言われました."""
        if utterance.role is not Role.CUSTOMER or not _REPORTS.match(utterance.text):
            return None
        before = self._before(self._piece(utterance, said))
        if before is None or not (before.found or before.toned):
            return None
        first = before.utterance
        text = f"{first.text.rstrip('。')}{utterance.text.lstrip('、。 ')}"
        whole = self._phrases.find(replace(utterance, text=text[-MOST_CHARACTERS:]), acts=False)
        # What is only doubted of both was said all the same: 早くしろ, ってば.
        lost = frozenset(before.found - {match.category for match in (*whole.matches, *whole.doubted)})
        untoned = before.toned and _PASSED_ON.match(utterance.text) is not None
        before.found -= lost
        before.toned &= not untoned
        return TakenBack(first, lost, tone=untoned) if lost or untoned else None

    def _piece(self, utterance: Utterance, said: UtteranceFindings) -> _Piece:
        piece = next((each for each in self._pieces if each.utterance.line_id == utterance.line_id), None)
        if piece is None:
            piece = _Piece(utterance)
            self._pieces.append(piece)
        piece.utterance = utterance
        piece.found |= {match.category for match in said.matches}
        piece.toned |= said.tone is not None
        return piece

    def _before(self, piece: _Piece) -> _Piece | None:
        start_s = piece.utterance.start_s
        earlier = [
            each
            for each in self._pieces
            if each is not piece
            and each.utterance.start_s < start_s
            and start_s - each.utterance.end_s <= LONGEST_PAUSE_S
        ]
        return max(earlier, key=lambda each: each.utterance.start_s, default=None)
