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
    if form & Form.AMONG & ~written and told(form):
        return False
    if form & (Form.CAUSE | Form.BUT | Form.NOUNED) and not written & (Form.CAUSE | Form.BUT):
        # 頭が悪いんですけど, 通じないのですが, 一人暮らしなので: people speak so of themselves.
        return False
    asks = form & Form.QUESTION and not form & (Form.EXPLAINS | Form.RHETORICAL)
    if (
        asks
        and not written & (_ASKING | Form.PERMISSION | Form.SUGGESTION)
        and (form & Form.POLITE or written & Form.INSISTS)
    ):
        # 小学生以下ですか and ユーチューバーかよ tell the listener nothing.
        return False
    if form & Form.REGRET & ~written and written & Form.SUGGESTION:
        # 死んでしまったらどうしましょう
        return False
    states = form & Form.POLITE and not form & (_ASKING | Form.EXPLAINS)
    if written & Form.NEGATIVE and form & Form.ASPECT & ~written and states:
        # お金も払ってないです is no refusal.
        return False
    if written & Form.INSISTS and written & Form.POLITE and form & Form.ASPECT & ~written:
        # 毎日かけますよ announces, 毎日かけてますよ tells.
        return False
    if written & Form.INSISTS and not (
        form & (Form.INSISTS | Form.EXPLAINS | Form.PROHIBITION | _ASKING)
        and form & Form.POLITE <= written & Form.POLITE
    ):
        # 覚えたからな threatens, 覚えましたよ does not.
        return False
    if written & (Form.IMPERATIVE | Form.REQUEST) and form & Form.POLITE and not written & Form.POLITE:
        # いい加減にしろ is no いい加減にしてください.
        return False
    if written & form & Form.PERMISSION and written & Form.EXPLAINS and not form & Form.EXPLAINS:
        # 書いてもいいんですか threatens, 書いてもいいですか asks.
        return False
    if written & Form.SCORN and not form & Form.SCORN:
        return False
    if written & form & Form.VOLITION and form & Form.QUESTION and form & Form.INSISTS & ~written:
        # 家に行ってやろうかな wonders.
        return False
    if written & Form.FAVOUR and (
        form & Form.ASPECT & ~written or (form & Form.EXPLAINS and form & Form.POLITE and not form & _ASKING)
    ):
        # 家に行ってやる threatens; 行ってやってる and 行ってやるんです tell.
        return False
    if written & Form.INSISTS and written & Form.POLITE and form & Form.EXPLAINS & ~written:
        # いられなくなりますよ threatens; いられなくなるんです is a victim speaking.
        return False
    if written & Form.GUESS and (not form & Form.GUESS or form & (Form.QUESTION | Form.AGREES) & ~written):
        # 独身でしょうね is said of oneself.
        return False
    explained = form & (Form.EXPLAINS | Form.INSISTS) and form & Form.POLITE <= written & Form.POLITE
    if written & Form.EXPLAINS and not written & _ASKING and not explained:
        return False
    if written & Form.ASPECT and not form & (Form.ASPECT | Form.SCORN | Form.PROHIBITION):
        return False
    if written & _ASKING and not written & Form.PROHIBITION:
        # なめてるのか is なめてるだろ, なめてやがる and なめてんじゃねえ too; 耳が悪いんですよ asks nothing.
        if form & Form.POLITE and not written & Form.POLITE and not _put_politely(form, written):
            # わからないのか is わからないんですか; わかりますか only asks.
            return False
        blunt = form & (Form.EXPLAINS | Form.INSISTS) and not form & Form.POLITE
        if not (form & (_ASKING | Form.PROHIBITION | Form.SCORN) or blunt):
            return False
        return form & CORE & ~Form.PROHIBITION == written & CORE & ~Form.PROHIBITION
    if written & Form.TE and not written & Form.REQUEST:
        if written & Form.INSISTS:
            # 送ってよ: asked for.
            return bool(form & (Form.REQUEST | Form.IMPERATIVE) or (form & Form.TE and said.last))
        if not form & (Form.TE | Form.ASPECT | Form.SCORN):
            return False
    if written & Form.VOLITION and form & Form.QUESTION & ~written:
        # 食事に行こうよ asks somebody out, 食事に行こうかな does not.
        return False
    if written & Form.VOLITION and not said.last and not form & Form.INSISTS:
        # 食事に行こうと思っています
        return False
    return form & CORE == written & CORE


def told(form: int) -> bool:
    """Return whether したりする tells what somebody does now and then: 家に行ってやったりします; not 行ってやったりしてもいいんだぞ."""
    return bool(form & Form.POLITE) or not form & (
        Form.INSISTS | Form.PERMISSION | Form.PROHIBITION | Form.IMPERATIVE
    )


def _put_politely(form: int, written: int) -> bool:
    """Return whether an angry question is only put politely: わからないんですか for わからないのか, not わかりますか."""
    return bool(form & written & Form.EXPLAINS and form & Form.QUESTION and not form & Form.GUESS)
