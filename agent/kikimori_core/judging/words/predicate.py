"""Form of a verb, an adjective or a noun: its head and the auxiliaries and particles that follow it.

Japanese puts negation, passive, request, volition, question and politeness behind the head, and speech shortens them in
many ways: なめているのですか, なめてんの and なめとんのか are one question. `predicate` reads these words into flags, so that a
phrase is compared by what is said and not by how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.auxiliaries import (
    AFTER_TE,
    DIALECT_ENDS,
    DUTIES,
    FORBIDDEN_SO,
    INSISTING,
    SAYING,
)
from kikimori_core.judging.words.form import Form, Predicate
from kikimori_core.judging.words.potential import brings
from kikimori_core.judging.words.reading import WordReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme


def predicate(words: Sequence[Morpheme], at: int, breaks: frozenset[int], form: int = 0) -> Predicate:
    """Read the form of the head at `at`.

    `breaks`: indices of words that stand after a punctuation mark. `form`: what the head brings along itself.
    """
    reader = _Reader(words, at, breaks, form)
    reader.read()
    return Predicate(at, reader.next, reader.form, reader.at_end())


_BEGINS_ANEW = frozenset({"動詞", "形容詞", "形状詞"})
_REQUESTS = frozenset({"下さる", "呉れる", "頂く", "貰う", "欲しい", "頂戴"})


class _Reader(WordReader):
    """Reads word by word behind a head until something new begins."""

    def read(self) -> None:
        while not self.at_end():
            word = self.words[self.next]
            if word.surface in DIALECT_ENDS:
                self.form |= Form.INSISTS
                went_on = True
            elif word.part == "助動詞":
                went_on = self.auxiliary(word)
            elif word.part == "助詞":
                went_on = self._particle(word)
            else:
                went_on = self._other(word)
            if not went_on:
                return
            self.next += 1

    def _particle(self, word: Morpheme) -> bool:
        if word.detail == "接続助詞" or (word.surface == "と" and self.form & Form.NEGATIVE):
            return self._connects(word)
        if word.detail == "終助詞":
            return self._ends(word)
        if word.detail == "準体助詞":
            return self._explains()
        if word.surface == "が" and self.words[self.next - 1].part == "助動詞":
            self.form |= Form.BUT
            return True
        if word.surface == "も" and self.words[self.next - 1].normal == "たい":
            # 殴りたくもなる
            following = self.peek()
            return following is not None and following.normal == "成る"
        if word.surface in ("は", "も") and self.after_te:
            self._concedes()
            return True
        if word.surface == "か" and word.detail == "副助詞":
            following = self.peek()
            maybe = following is not None and following.surface == "も"
            self.form |= Form.HEARSAY if maybe else Form.QUESTION
            return True
        if word.surface == "や" and self.peek() is None:
            self.form |= Form.INSISTS
            return True
        if word.surface in ("たり", "だり"):
            return self.among()
        if word.surface in ("くらい", "ぐらい") and self.words[self.next - 1].form.startswith("連体形"):
            return self.at_least()
        if word.surface == "って" and self.form & Form.PAST and self.form & Form.REQUEST:
            return self.even_if()
        return False

    def _concedes(self) -> None:
        """Read は or も after て: してもいい, してはいけない."""
        self.form |= Form.CONCESSION
        following = self.peek()
        if following is None:
            return
        if following.normal == "良い":
            self.form |= Form.PERMISSION
            self.next += 1
        elif following.normal == "構う":
            self.form |= Form.PERMISSION
            self.next += 2
        elif following.normal in FORBIDDEN_SO:
            self.form |= Form.PROHIBITION
            self.next += 1

    def _connects(self, word: Morpheme) -> bool:
        surface, following = word.surface, self.peek()
        is_good = following is not None and following.normal == "良い"
        if surface in ("て", "で"):
            self._te(surface, following)
            return True
        self.after_te = False
        if surface == "ば":
            self.form |= Form.NECESSITY if self.form & Form.NEGATIVE else Form.CONDITION
            if is_good:
                self.form = (self.form | Form.SUGGESTION) & ~Form.CONDITION
                self.next += 1
            return True
        if surface == "と":
            return self._condition_or_quotation(following)
        if surface == "から":
            insists = self.next + 1 == len(self.words) or (
                following is not None and following.surface in ("な", "ね", "よ")
            )
            self.form |= Form.INSISTS if insists else Form.CAUSE
            return insists
        if surface in ("けど", "けれど", "けれども", "が", "のに"):
            if is_good:
                # 書きますけどいいんですね
                self.form |= Form.PERMISSION | Form.EXPLAINS
                self.next += 1
            else:
                self.form |= Form.BUT
            return True
        if surface == "し":
            ends = self.next + 1 == len(self.words)
            if not ends:
                self.form |= Form.BUT
            return ends
        if surface == "ど":
            self.form |= Form.INSISTS
            return True
        return False

    def _te(self, surface: str, following: Morpheme | None) -> None:
        self.after_te = True
        self.form |= Form.TE
        if surface == "で" and self.form & Form.NEGATIVE:
            # ないで: a prohibition once a request or the end follows.
            asked = following is None or following.detail == "終助詞" or following.normal in _REQUESTS
            if asked:
                self.form = (self.form | Form.PROHIBITION) & ~Form.NEGATIVE

    def _condition_or_quotation(self, following: Morpheme | None) -> bool:
        """Read と: しないと, すると; not と言う."""
        if following is None or following.normal in SAYING or following.surface in ("は", "も", "か"):
            return False
        if self.form & Form.NEGATIVE:
            self.form = (self.form | Form.NECESSITY) & ~Form.NEGATIVE
            return True
        self.form |= Form.CONDITION
        return False

    def _ends(self, word: Morpheme) -> bool:
        self.after_te = False
        surface = word.surface
        if surface == "か":
            following = self.peek()
            maybe = following is not None and following.surface == "も"
            self.form |= Form.HEARSAY if maybe else Form.QUESTION
        elif surface == "な" and self.prohibits():
            self.form |= Form.PROHIBITION
        elif surface == "の":
            following = self.peek()
            if (
                following is not None
                and following.part == "助詞"
                and following.surface not in ("か", "よ", "ね", "さ")
            ):
                self.form |= Form.NOUNED
                return False
            if following is not None and following.part in _BEGINS_ANEW:
                self.form |= Form.NOUNED
                return False
            self.form |= Form.EXPLAINS | Form.QUESTION
        elif surface == "ね" and self.words[self.next - 1].surface != "から":
            self.form |= Form.AGREES
        elif surface in INSISTING:
            self.form |= Form.INSISTS
        return True

    def _explains(self) -> bool:
        """Read の or ん: んだ explains, の before a case particle makes a noun of what was said."""
        self.after_te = False
        following = self.peek()
        if (
            following is not None
            and following.part == "助詞"
            and following.surface in ("が", "を", "に", "は", "も")
        ):
            duty = self.peek(2)
            is_duty = duty is not None and duty.normal in DUTIES
            self.form |= Form.NECESSITY | Form.OUGHT if is_duty else Form.NOUNED
            return False
        if following is not None and following.part in _BEGINS_ANEW:
            # 逃げ回ってるのおいかける: を was left out.
            self.form |= Form.NOUNED
            return False
        self.form |= Form.EXPLAINS
        if following is None:
            self.form |= Form.QUESTION
        return True

    def _other(self, word: Morpheme) -> bool:
        if self.after_te and (flag := AFTER_TE.get(word.normal)) is not None:
            self._helper(word, flag)
            return True
        before = self.words[self.next - 1]
        if word.normal == "いらっしゃる" and before.surface == "で":
            # 小学生でいらっしゃいますか
            self.form |= Form.POLITE
            return True
        if before.form.startswith("連用形") and self._after_stem(word):
            return True
        if word.surface == "みたい":
            following = self.peek()
            if following is not None and following.surface == "に":
                # 血が通ってないみたいになる
                self.form |= Form.HEARSAY
            return False
        if word.normal == "成る" and self.form & Form.WISH and self._wished_before():
            self.form |= Form.OUTCOME
            return True
        if word.part == "形状詞" and word.surface in ("よう", "様"):
            return self._like()
        return word.part == "名詞" and self._noun(word, before)

    def _helper(self, word: Morpheme, flag: int) -> None:
        """Read a helping verb after て: 返してください."""
        self.after_te = False
        # What stands behind the て decides: 返してください is an order, not a て.
        self.form &= ~Form.TE
        self.form |= flag
        if word.normal in ("下さる", "頂く"):
            self.form |= Form.POLITE
        if self.form & Form.CAUSATIVE and word.lemma in ("いただく", "頂く", "もらう", "貰う"):
            # 訴えさせていただきます: what the speaker will do.
            self.form = (self.form | Form.FAVOUR) & ~(Form.CAUSATIVE | Form.REQUEST)
        if word.surface == "み" or word.normal == "御覧":
            self.form |= Form.IMPERATIVE
        self.inflected(self.next)
        if word.surface == "みよ":
            # 探してみよ is a plan that lost its う.
            self.form = (self.form | Form.VOLITION) & ~Form.IMPERATIVE

    def _after_stem(self, word: Morpheme) -> bool:
        """Read a word after a verb's stem: お待ちなさい, お待ちください, 寒くない."""
        if word.normal in ("為さる", "給う", "んさる") and word.form.startswith("命令形"):
            self.form |= Form.IMPERATIVE
        elif word.normal in ("下さる", "頂く", "願う"):
            self.form |= Form.REQUEST
            self.inflected(self.next)
        elif word.normal == "無い":
            self.rhetorical_or_negative()
        else:
            return False
        return True

    def _noun(self, word: Morpheme, before: Morpheme) -> bool:
        """Read a noun that says how the clause is meant: つもり, そうだ, ことになる."""
        if word.normal in ("積もり", "予定", "気") and before.form.startswith("連体形"):
            if word.normal != "気" or not self._asks_for_will():
                self.form |= Form.PLAN
            return True
        if word.surface == "そう":
            self.form |= Form.HEARSAY
            return True
        if word.surface != "こと":
            return False
        particle, verb = self.peek(), self.peek(2)
        if particle is None or particle.surface != "に" or verb is None or verb.normal != "成る":
            self.form |= Form.NOUNED
            return False
        self.next += 2
        self.form |= Form.OUTCOME
        self.inflected(self.next)
        return True

    def _like(self) -> bool:
        """Read ように言え, ようにしろ: an order to say or do what stands before よう."""
        particle = self.peek()
        by = 2 if particle is not None and particle.surface == "に" else 1
        verb, place = self.peek(by), self.next + by
        if (
            verb is not None
            and verb.normal in ("言う", "為る", "伝える")
            and (verb.form.startswith("命令形") or brings(self.words, place) & Form.IMPERATIVE)
        ):
            self.form |= Form.IMPERATIVE
            self.next += by
            return True
        return False

    def _asks_for_will(self) -> bool:
        """Read 払う気はないのか, 謝る気あんの: a question that urges."""
        by = 1
        following = self.peek()
        if following is not None and following.surface in ("は", "が", "も"):
            by = 2
        verb = self.peek(by)
        if verb is None or verb.normal not in ("有る", "無い"):
            return False
        asks = [self.peek(by + each) for each in (1, 2)]
        if not any(each is not None and each.surface in ("の", "か") for each in asks):
            return False
        self.form |= Form.SUGGESTION | Form.PLAN
        self.next += by
        return True

    def _wished_before(self) -> bool:
        """Return whether なる follows たく or たくも."""
        at = self.next - 1
        if self.words[at].surface == "も":
            at -= 1
        return self.words[at].normal == "たい"
