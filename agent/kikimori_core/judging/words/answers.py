"""Meaning of an operator's utterance: refusal, end of the call or offer; and a customer's acceptance of it.

The last clause (`clauses`) that says something decides, so 返品はできませんが、交換は承れます is an offer and 交換はでき
ますが、返金はできません a refusal. A "cannot" that only leads to something else (できませんので、窓口へお越しください)
refuses nothing, unless only politeness follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kikimori_core.judging.words.clauses import ClauseMeaning
from kikimori_core.judging.words.statement import stated
from kikimori_core.judging.words.unmet import unmet

if TYPE_CHECKING:
    from kikimori_core.judging.words.clauses import Clause, ClauseReader
    from kikimori_core.judging.words.lexicon import Marked
    from kikimori_core.judging.words.sound import Pronunciation

Act = Literal["refuse", "close", "offer", "accept", "deny", "state"]


class AnswerReader:
    """Reader of whole utterances; keeps the last reading, as each category asks for it."""

    def __init__(self, reader: ClauseReader) -> None:
        self._reader = reader
        self._last: tuple[Pronunciation, tuple[Act, str] | None] | None = None
        self._marked: tuple[Pronunciation, Marked] | None = None

    def read(self, heard: Pronunciation) -> tuple[Act, str] | None:
        """Return the meaning of an operator's utterance, with the words that carry it."""
        if self._last is None or self._last[0] is not heard:
            self._last = (heard, self._decided(heard))
        return self._last[1]

    def _mark(self, heard: Pronunciation) -> Marked:
        if self._marked is None or self._marked[0] is not heard:
            self._marked = (heard, self._reader.mark(heard))
        return self._marked[1]

    def denied(self, heard: Pronunciation) -> str | None:
        """Return the words by which the last clause denies something of any kind; None when it does not, or an offer is made."""
        read = self.read(heard)
        places = None if read is not None and read[0] == "offer" else unmet(self._mark(heard))
        return None if places is None else _between(heard, *places)

    def stated(self, heard: Pronunciation) -> str | None:
        """Return the words that state something; None when the utterance agrees, promises, asks or comforts."""
        places = stated(self._mark(heard)) if heard.words else None
        return None if places is None else _between(heard, *places)

    def accepted(self, heard: Pronunciation) -> tuple[Act, str] | None:
        """Return the words by which a customer accepts an answer; None when they ask or object besides."""
        said = self._mark(heard)
        taken = next((at for at, lists in enumerate(said.marks) if "accepts" in lists), None)
        if taken is None or said.holds("objections", taken + 1, len(said.marks)):
            return None
        return "accept", heard.text

    def _decided(self, heard: Pronunciation) -> tuple[Act, str] | None:
        refused: Clause | None = None
        closed: Clause | None = None
        offered: Clause | None = None
        friendly = False
        for clause in self._reader.clauses(self._mark(heard)):
            match clause.says:
                case ClauseMeaning.OFFERS:
                    offered, refused, closed = clause, None, None
                case ClauseMeaning.REFUSES:
                    refused, offered = clause, None
                case ClauseMeaning.CLOSES | ClauseMeaning.GOODBYE:
                    closed, offered = clause, None
                case ClauseMeaning.LEADS:
                    refused = refused or clause
                case ClauseMeaning.ASKS:
                    if refused is not None and refused.says is ClauseMeaning.LEADS:
                        refused = None
                    if closed is not None and closed.says is ClauseMeaning.GOODBYE:
                        closed = None
                case ClauseMeaning.FRIENDLY:
                    friendly = True
        if refused is not None:
            return "refuse", _quoted(heard, refused)
        if closed is not None and not friendly:
            return "close", _quoted(heard, closed)
        if offered is not None:
            return "offer", _quoted(heard, offered)
        return None


def _quoted(heard: Pronunciation, clause: Clause) -> str:
    return _between(heard, clause.start, clause.end)


def _between(heard: Pronunciation, begin: int, end: int) -> str:
    inside = heard.words[begin:end]
    return heard.text[inside[0].start : inside[-1].end] if inside else heard.text
