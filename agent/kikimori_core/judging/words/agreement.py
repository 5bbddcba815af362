"""Agreement of the words said with the form in which a phrase is written, and what is only told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form

if TYPE_CHECKING:
    from kikimori_core.judging.words.form import Predicate

CORE = (
    Form.NEGATIVE | Form.PASSIVE | Form.CAUSATIVE | Form.POTENTIAL | Form.PAST | Form.WISH | Form.IMPERATIVE | Form.PROHIBITION
    | Form.REQUEST | Form.FAVOUR | Form.VOLITION | Form.CONDITION | Form.PERMISSION | Form.NECESSITY | Form.SUGGESTION | Form.CONCESSION
    | Form.PLAN | Form.HEARSAY | Form.TRY | Form.OUTCOME
)  # fmt: skip
"""Forms in which a phrase and the words said must agree."""

_ASKING = Form.QUESTION | Form.RHETORICAL | Form.GUESS


def same_form(said: Predicate, written: int) -> bool:
    """Return whether the words have the form in which a phrase is written, apart from politeness."""
    form = said.form & ~Form.POTENTIAL if said.form & Form.IMPERATIVE else said.form
    written = written & ~Form.POTENTIAL if written & Form.IMPERATIVE else written
    if _only_tells(form, written) or _only_wonders(form, written) or _lacks_stress(form, written):
        return False
    if written & _ASKING and not written & Form.PROHIBITION:
        return _same_question(form, written)
    if written & Form.TE and not written & Form.REQUEST:
        if written & Form.INSISTS:
            # 送ってよ: asked for.
            return bool(form & (Form.REQUEST | Form.IMPERATIVE) or (form & Form.TE and said.last))
        if not form & (Form.TE | Form.ASPECT | Form.SCORN):
            return False
    if written & Form.VOLITION and (
        # 食事に行こうよ asks somebody out; 食事に行こうかな and 食事に行こうと思っています do not.
        form & Form.QUESTION & ~written or not (said.last or form & Form.INSISTS)
    ):
        return False
    return form & CORE == written & CORE


def _only_tells(form: int, written: int) -> bool:
    """Return whether the words tell a fact, of the speaker or another, where the phrase threatens, refuses or reproaches."""
    added = form & ~written
    if added & Form.AMONG and told(form):
        return True
    if form & (Form.CAUSE | Form.BUT | Form.NOUNED) and not written & (Form.CAUSE | Form.BUT):
        # 頭が悪いんですけど, 通じないのですが, 一人暮らしなので: people speak so of themselves.
        return True
    states = form & Form.POLITE and not form & (_ASKING | Form.EXPLAINS)
    if written & Form.NEGATIVE and added & Form.ASPECT and states:
        # お金も払ってないです is no refusal.
        return True
    if written & Form.INSISTS and written & Form.POLITE and added & (Form.ASPECT | Form.EXPLAINS):
        # 毎日かけますよ and いられなくなりますよ threaten; 毎日かけてますよ and いられなくなるんです tell.
        return True
    explains_politely = form & Form.EXPLAINS and form & Form.POLITE and not form & _ASKING
    # 家に行ってやる threatens; 行ってやってる and 行ってやるんです tell.
    return bool(written & Form.FAVOUR and (added & Form.ASPECT or explains_politely))


def _only_wonders(form: int, written: int) -> bool:
    """Return whether the words ask for information, or wonder, where the phrase does not."""
    added = form & ~written
    asks = form & Form.QUESTION and not form & (Form.EXPLAINS | Form.RHETORICAL)
    if (
        asks
        and not written & (_ASKING | Form.PERMISSION | Form.SUGGESTION)
        and (form & Form.POLITE or written & Form.INSISTS)
    ):
        # 小学生以下ですか and ユーチューバーかよ tell the listener nothing.
        return True
    if added & Form.REGRET and written & Form.SUGGESTION:
        # 死んでしまったらどうしましょう
        return True
    if written & form & Form.PERMISSION and written & Form.EXPLAINS and not form & Form.EXPLAINS:
        # 書いてもいいんですか threatens, 書いてもいいですか asks.
        return True
    if written & form & Form.VOLITION and form & Form.QUESTION and added & Form.INSISTS:
        # 家に行ってやろうかな wonders.
        return True
    # 独身でしょうね is said of oneself.
    return bool(written & Form.GUESS and (not form & Form.GUESS or added & (Form.QUESTION | Form.AGREES)))


def _lacks_stress(form: int, written: int) -> bool:
    """Return whether the words are milder than the phrase: without its stress or scorn, or more polite."""
    no_politer = form & Form.POLITE <= written & Form.POLITE
    stressed = form & (Form.INSISTS | Form.EXPLAINS | Form.PROHIBITION | _ASKING) and no_politer
    if written & Form.INSISTS and not stressed:
        # 覚えたからな threatens, 覚えましたよ does not.
        return True
    if written & (Form.IMPERATIVE | Form.REQUEST) and not no_politer:
        # いい加減にしろ is no いい加減にしてください.
        return True
    explained = form & (Form.EXPLAINS | Form.INSISTS) and no_politer
    if written & Form.EXPLAINS and not written & _ASKING and not explained:
        return True
    if written & Form.SCORN and not form & Form.SCORN:
        return True
    return bool(written & Form.ASPECT and not form & (Form.ASPECT | Form.SCORN | Form.PROHIBITION))


def _same_question(form: int, written: int) -> bool:
    """Return whether the words are the angry question that is written: なめてるのか is なめてるだろ, なめてやがる and なめてんじゃねえ too."""
    if form & Form.POLITE and not written & Form.POLITE and not _put_politely(form, written):
        # わからないのか is わからないんですか; わかりますか only asks.
        return False
    blunt = form & (Form.EXPLAINS | Form.INSISTS) and not form & Form.POLITE
    if not (form & (_ASKING | Form.PROHIBITION | Form.SCORN) or blunt):
        # 耳が悪いんですよ asks nothing.
        return False
    return form & CORE & ~Form.PROHIBITION == written & CORE & ~Form.PROHIBITION


def told(form: int) -> bool:
    """Return whether したりする tells what somebody does now and then: 家に行ってやったりします; not 行ってやったりしてもいいんだぞ."""
    return bool(form & Form.POLITE) or not form & (
        Form.INSISTS | Form.PERMISSION | Form.PROHIBITION | Form.IMPERATIVE
    )


def _put_politely(form: int, written: int) -> bool:
    """Return whether an angry question is only put politely: わからないんですか for わからないのか, not わかりますか."""
    return bool(form & written & Form.EXPLAINS and form & Form.QUESTION and not form & Form.GUESS)
