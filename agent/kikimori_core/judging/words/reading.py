"""Reader of the auxiliaries behind a head: negation, voice, volition, the copula, and する behind a particle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.auxiliaries import AUXILIARY, NEGATIVES
from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.potential import brings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme


class WordReader:
    """State of reading word by word behind a head, and the auxiliaries among these words."""

    def __init__(self, words: Sequence[Morpheme], at: int, breaks: frozenset[int], form: int) -> None:
        self.words = words
        self.next = at + 1
        self.breaks = breaks
        self.form = form
        self.after_te = False
        self.inflected(at)

    def at_end(self) -> bool:
        return self.next >= len(self.words) or self.next in self.breaks

    def peek(self, by: int = 1) -> Morpheme | None:
        place = self.next + by
        return self.words[place] if place < len(self.words) and place not in self.breaks else None

    def inflected(self, at: int) -> None:
        word = self.words[at]
        if word.form.startswith("命令形") or brings(self.words, at) & Form.IMPERATIVE:
            self.form |= Form.IMPERATIVE
        elif word.form.startswith("意志推量形"):
            self.form |= Form.VOLITION
        elif word.form.startswith("仮定形"):
            following = self.words[self.next] if not self.at_end() else None
            # 死ねと is cut as 死ね before ば; what no ば follows is an order.
            bare = following is None or (following.part == "助詞" and following.surface != "ば")
            is_order = word.part == "動詞" and bare and not word.form.endswith("融合")
            self.form |= Form.IMPERATIVE if is_order else Form.CONDITION

    def auxiliary(self, word: Morpheme) -> bool:
        self.after_te = False
        normal = word.normal
        if normal in ("だ", "じゃ", "や", "です"):
            return self._copula(word)
        if normal in NEGATIVES:
            self._negative(word)
            return True
        if normal == "た":
            if word.form.startswith("仮定形"):
                self._condition()
            else:
                self.form |= Form.PAST
            return True
        if normal == "つう":
            # 殴りてえ is cut as 殴り and つう.
            self.form |= Form.WISH
            return True
        if normal == "ごとし":
            # 派遣ごときが: a word of its own.
            return False
        flag = AUXILIARY.get(normal) or AUXILIARY.get(word.lemma)
        if flag is None:
            return word.conjugation.startswith(("助動詞", "文語"))
        self.form |= flag
        if normal != "べし":
            self.inflected(self.next)
        return True

    def _copula(self, word: Morpheme) -> bool:
        following = self.peek()
        if word.form.startswith("意志推量形"):
            # 殺したろか: a verb's stem that was taken for a noun, and たろ.
            self.form |= (Form.FAVOUR | Form.VOLITION) if word.surface.startswith("たろ") else Form.GUESS
        elif word.form.startswith("仮定形"):
            self.form |= Form.CONDITION
        elif word.surface == "で" and self._follows_explaining():
            self.form |= Form.CAUSE
        elif word.surface == "な" and self.prohibits():
            self.form |= Form.PROHIBITION
        elif word.surface in ("じゃ", "では", "で") and following is not None and self._denies(following):
            self.next += 1
            self.rhetorical_or_negative()
        elif word.form.startswith("連用形-ニ"):
            return False
        if word.normal == "です":
            self.form |= Form.POLITE
        return True

    def _follows_explaining(self) -> bool:
        before = self.words[self.next - 1]
        return before.part == "助詞" and before.surface in ("の", "ん")

    def _denies(self, word: Morpheme) -> bool:
        """Return whether the word behind で denies: ではございません, not でございます."""
        denial = self.peek(3)
        denied = denial is not None and denial.normal == "ず"
        return word.normal in ("無い", "ない") or (word.normal == "御座る" and denied)

    def rhetorical_or_negative(self) -> None:
        """Read じゃない: a denial, unless it asks (じゃないの) or follows んだ (するんじゃねえ)."""
        word, following = self.words[self.next], self.peek()
        if word.normal == "御座る":
            # ございません: two more words.
            self.next += 2
            following = self.peek()
            self.form |= Form.POLITE
        asks = following is not None and following.surface in ("か", "の", "こと")
        if following is not None and following.surface == "ん":
            # じゃないんですか asks, じゃないんだけど denies.
            asks = any(
                each is not None and each.surface in ("か", "の") for each in (self.peek(2), self.peek(3))
            )
        ends_in_te = word.form.startswith("連用形") and following is not None and following.surface == "て"
        if ends_in_te or (following is not None and following.surface == "ん" and not asks):
            # 文句があるんじゃないんだよ and 気取ってるんじゃなくて deny.
            self.form |= Form.NEGATIVE
        elif self.form & Form.EXPLAINS:
            self.form |= Form.RHETORICAL
            if not asks:
                self.form |= Form.PROHIBITION
        elif asks:
            self.form |= Form.RHETORICAL
        else:
            self.form |= Form.NEGATIVE

    def _negative(self, word: Morpheme) -> None:
        following = self.peek()
        if word.surface == "ん" and following is not None and following.surface == "な":
            # ふざけんな is cut as ふざけ, ん of denial and な.
            self.form |= Form.PROHIBITION
            self.next += 1
            return
        if word.form.startswith("仮定形"):
            self.form |= Form.NECESSITY
            return
        self.form |= Form.NEGATIVE
        if word.surface == "ず" and following is not None:
            # 払わずに食べる: more follows.
            self.form |= Form.BUT

    def _condition(self) -> None:
        following = self.peek()
        if following is not None and following.normal in ("どう", "如何"):
            self.form |= Form.SUGGESTION | Form.QUESTION
        elif following is not None and (
            following.surface in ("いか", "いけ", "あか", "だめ") or following.normal == "駄目"
        ):
            self.form |= Form.PROHIBITION
            self.next += 1
        elif following is not None and following.normal == "良い":
            self.form |= Form.SUGGESTION
            self.next += 1
        else:
            self.form |= Form.CONDITION

    def prohibits(self) -> bool:
        """Return whether this な forbids: a verb in its dictionary form stands before, no adjective or past."""
        before = self.words[self.next - 1]
        verbal = before.part == "動詞" or (before.part == "助動詞" and before.lemma in AUXILIARY)
        following = self.peek()
        softened = following is not None and following.surface in ("ら", "んて")
        # 感じちゃうな wonders.
        regrets = bool(AUXILIARY.get(before.normal, 0) & Form.REGRET)
        return verbal and before.form.startswith("終止形") and not softened and not regrets

    def at_least(self) -> bool:
        """Read 謝るくらいしろ, 謝るくらいできるだろ: the form is that of する, or what can be done."""
        following = self.peek()
        if following is None or following.normal not in ("為る", "出来る"):
            return False
        self.next += 1
        if following.normal == "出来る":
            self.form |= Form.POTENTIAL
        self.inflected(self.next)
        return True

    def among(self) -> bool:
        """Read したりする: the form is that of する."""
        self.after_te = False
        self.form |= Form.AMONG
        following = self.peek()
        if following is not None and following.normal == "為る":
            self.next += 1
            self.inflected(self.next)
        return True

    def even_if(self) -> bool:
        """Read してくれたっていい: permission in form, urging in meaning."""
        following = self.peek()
        if following is None or following.normal != "良い":
            return False
        self.form = (self.form | Form.CONCESSION | Form.PERMISSION) & ~Form.PAST
        self.next += 1
        return True
