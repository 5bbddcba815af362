"""Categories that are read clause by clause (`[clauses]` in a category file): refusal, closing, offer, acceptance.

The lists of all files make one reader, as an offer decides over a refusal in the same breath. What a file lists under
`[[group]]` is found besides, unless the clauses say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict

from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.answers import Act, AnswerReader
from kikimori_core.judging.words.clauses import ClauseReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.model.alert import Severity
    from kikimori_core.model.evidence import Role

_List = tuple[str, ...]


class ClauseWords(BaseModel):
    """`[clauses]` of a category file: words in their dictionary form, by the part they play."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Act
    deeds: _List = ()
    """Services of an office to a customer; to say that one is not done is a refusal."""
    grounds: _List = ()
    """Things whose lack is a refusal: 義務."""
    plans: _List = ()
    """Nouns and verbs whose denial, with a deed before, is a refusal: お受けする予定はございません."""
    wishes: _List = ()
    """Verbs whose ず refuses: ご希望に沿えず."""
    troubles: _List = ()
    """Things that are said to be impossible without a refusal: 接続."""
    hedges: _List = ()
    reasons: _List = ()
    """Reasons of a refusal: lack of room or stock."""
    hard: _List = ()
    declines: _List = ()
    refrains: _List = ()
    manner: _List = ()
    wrongs: _List = ()
    amounts: _List = ()
    """Verbs that call something one of `wrongs`: 当たる."""
    ends: _List = ()
    ends_of: _List = ()
    friendly: _List = ()
    possible: _List = ()
    grants: _List = ()
    checks: _List = ()
    routes: _List = ()
    not_granted: _List = ()
    courtesies: _List = ()
    accepts: _List = ()
    objections: _List = ()
    harmless: _List = ()
    """Words whose denial refuses nothing: 申し訳."""
    assents: _List = ()
    """Words at the beginning by which an operator agrees."""
    soothing: _List = ()
    """Words of comfort, thanks and excuse: of these nothing is stated."""
    under_way: _List = ()
    """Work that goes on for the customer's sake: 確認しております."""
    arrives: _List = ()
    """Words of what the customer waits for: 届く."""
    happens: _List = ()
    """Verbs of what comes about without anybody's doing, the only ones that state something in the present: かかる."""


class _Phrases(Protocol):
    def find(self, sentence: Sentence) -> str | None: ...


@dataclass(frozen=True, slots=True)
class AnswerCategory:
    """A category whose utterances are read clause by clause."""

    name: str
    said_by: Role
    act: Act
    reader: AnswerReader
    phrases: _Phrases
    at_most: Severity | None = None
    sureness: Sureness = Sureness.USUAL

    def find(self, sentence: Sentence) -> str | None:
        """Return the decisive words; None when the utterance means something else."""
        heard = sentence.heard
        if self.act == "deny":
            return self.reader.denied(heard)
        if self.act == "state":
            return self.reader.stated(heard)
        read = self.reader.accepted(heard) if self.act == "accept" else self.reader.read(heard)
        if read is not None and (read[0] == self.act or read[0] == "offer"):
            return read[1] if read[0] == self.act else None
        return self.phrases.find(sentence)


def reader_of(lists: Iterable[ClauseWords]) -> AnswerReader:
    """Make one reader of the lists of all files."""
    together: dict[str, list[str]] = {}
    for each in lists:
        for name, entries in each.model_dump(exclude={"act"}).items():
            together.setdefault(name, []).extend(entries)
    return AnswerReader(ClauseReader(together))
