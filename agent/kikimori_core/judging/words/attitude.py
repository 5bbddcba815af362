"""Mood in which a predicate is said, judged by its form.

A phrase names its verb once and the mood that makes it harassment. Each mood lists the forms that count; what is not
listed does not: a denial (代わらなくていい), an offer (代わりましょうか), a report (代わってもらった) or an idiom is no alarm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.agreement import told
from kikimori_core.judging.words.form import Form

if TYPE_CHECKING:
    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.moods import Mood

_ASKING = Form.QUESTION | Form.RHETORICAL | Form.GUESS
_UNREAL = Form.CONDITION | Form.HEARSAY | Form.PLAN | Form.NOUNED | Form.OUTCOME
_ASKS = Form.QUESTION | Form.EXPLAINS | Form.RHETORICAL | Form.GUESS | Form.INSISTS


def said_as(said: Predicate, mood: Mood, *, bare: bool, final: bool) -> bool:
    """Return whether the predicate is said in this mood.

    `bare`: the dictionary form alone announces something, as the phrase has more words than its verb and ends the
    utterance. 刺す alone announces nothing. `final`: nothing follows in the utterance, so that 返して asks.
    """
    if mood == "demand":
        return _demanded(said, final=final)
    if mood == "order":
        return _demanded(said, final=final) and not _politely(said) and not said.has(Form.NECESSITY)
    if mood == "intention":
        return _intended(said, bare=bare)
    if mood == "menace":
        return _intended(said, bare=bare) or _menaced(said)
    if mood == "reproach":
        return _reproached(said)
    return mood == "statement" and _stated(said)


def _demanded(said: Predicate, *, final: bool) -> bool:
    form = said.form
    if form & Form.REQUEST and form & Form.PERMISSION and not form & (_UNREAL | Form.PAST):
        # してくれてもいいでしょう, してくれたっていいじゃない
        return bool(form & (_ASKING | Form.NEGATIVE | Form.INSISTS))
    if form & Form.POTENTIAL and form & (Form.GUESS | Form.RHETORICAL) and not form & (_UNREAL | Form.PAST):
        # 謝るくらいできるだろ
        return not form & (Form.NEGATIVE | Form.POLITE | Form.IMPERATIVE | Form.PASSIVE) and said.last
    if (
        form & (_UNREAL | Form.PAST | Form.PROHIBITION | Form.WISH & ~Form.REQUEST)
        and not form & Form.SUGGESTION
    ):
        return bool(
            form & Form.REQUEST and form & Form.WISH and not form & (_UNREAL | Form.PAST | Form.NEGATIVE)
        )
    if form & Form.IMPERATIVE:
        return not form & Form.NEGATIVE
    if form & Form.SUGGESTION:
        # 辞めたらどうだ, 辞めればいい; 優先したらいいと思いますか asks for advice.
        urged = form & (Form.QUESTION | Form.INSISTS) or final
        return bool(urged) and not form & (Form.PAST | Form.NEGATIVE)
    if form & Form.REQUEST:
        return _requested(said)
    if form & Form.NECESSITY:
        # 掃除しなきゃ is one's own duty.
        urged = form & (Form.OUGHT | Form.GUESS | Form.RHETORICAL)
        urged |= form & Form.INSISTS and not form & Form.AGREES
        asked = form & Form.QUESTION and not form & Form.RHETORICAL
        return bool(urged) and not form & Form.PASSIVE and not asked
    if form & Form.NEGATIVE:
        # 出さないか, せんかい; 代わりませんか is an offer.
        return bool(form & Form.QUESTION and not form & (Form.POLITE | Form.EXPLAINS | Form.ASPECT))
    if form & Form.TE:
        asks = final or form & Form.INSISTS
        return bool(asks) and not form & (Form.PASSIVE | Form.ASPECT | Form.CONCESSION | Form.REGRET)
    # 出すんだよ
    return bool(form & Form.EXPLAINS and said.last and not form & (Form.QUESTION | Form.POLITE | Form.ASPECT | Form.CAUSE | Form.BUT | Form.PASSIVE)
                and form & Form.INSISTS)  # fmt: skip


def _politely(said: Predicate) -> bool:
    """Return whether a demand is wrapped in politeness: してください, してもらえますか, してほしいです."""
    form = said.form
    if form & Form.POLITE:
        return True
    if form & Form.REQUEST and not form & Form.IMPERATIVE:
        # してもらおう and してもらうぞ are orders; してもらえる, してほしい are wishes.
        return not form & (Form.VOLITION | Form.NECESSITY) and not (
            form & Form.INSISTS and not form & (Form.QUESTION | Form.WISH)
        )
    return bool(form & Form.WISH)


def _requested(said: Predicate) -> bool:
    form = said.form
    if form & (Form.CAUSE | Form.PASSIVE) or (form & Form.TE and not said.last):
        return False
    if form & Form.NEGATIVE:
        # 見せてくれないんです complains of another.
        return bool(form & Form.QUESTION) or (said.last and not form & Form.EXPLAINS)
    if form & Form.NECESSITY:
        return True
    # くれる人 is no request; くれる, くれますか, もらうぞ are.
    return said.last or bool(form & (_ASKS | Form.VOLITION | Form.WISH))


_NOT_ANNOUNCED = (
    Form.PAST | Form.NEGATIVE | Form.PASSIVE | Form.WISH | Form.QUESTION | Form.HEARSAY | Form.NOUNED | Form.CONDITION | Form.CAUSE
)  # fmt: skip


def _intended(said: Predicate, *, bare: bool) -> bool:
    form = said.form
    if form & Form.AMONG and told(form):
        return False
    if form & (Form.PLAN | Form.OUTCOME) and form & Form.INSISTS and not form & _NOT_ANNOUNCED:
        # 書くつもりだからな, 書くことになりますよ
        return not (form & Form.PLAN and form & Form.POLITE)
    if form & (
        _UNREAL
        | Form.PAST
        | Form.NEGATIVE
        | Form.PASSIVE
        | Form.WISH
        | Form.PROHIBITION
        | Form.IMPERATIVE
        | Form.NECESSITY
    ):
        return False
    if form & Form.AGREES and not form & (Form.FAVOUR | Form.PERMISSION):
        # 流しますね tells what one does.
        return False
    if form & Form.PERMISSION:
        return bool(form & (Form.EXPLAINS | Form.BUT | Form.INSISTS))
    if form & Form.VOLITION and not form & Form.FAVOUR:
        # しましょうか is an offer, してみよう a plan.
        return not form & (Form.POLITE | Form.TRY) and (said.last or bool(form & Form.INSISTS))
    if form & Form.FAVOUR:
        return not form & Form.TE or said.last
    if form & (Form.TE | Form.REQUEST | Form.QUESTION | Form.ASPECT | Form.POTENTIAL | Form.GUESS):
        return False
    if form & Form.EXPLAINS:
        return bool(form & Form.INSISTS and not form & Form.POLITE)
    if form & Form.INSISTS:
        return True
    # 大暴れしちゃう tells of a dog.
    return bare and not form & (Form.BUT | Form.REGRET)


def _menaced(said: Predicate) -> bool:
    form = said.form
    if form & Form.PASSIVE and form & Form.WISH and form & (Form.CONDITION | Form.NECESSITY):
        # 殴られたくなかったら, 書かれたくなければ
        return bool(form & (Form.NEGATIVE | Form.NECESSITY)) and not form & Form.POLITE
    if form & (Form.HEARSAY | Form.NEGATIVE | Form.NOUNED | Form.CAUSE | Form.AMONG):
        return False
    if form & Form.PASSIVE:
        if form & Form.WISH:
            return bool(form & (Form.QUESTION | Form.EXPLAINS))
        return bool(form & Form.CONCESSION) and not form & Form.POLITE and not said.last
    if form & Form.WISH and form & Form.OUTCOME:
        # 殴りたくなってきた, 殴りたくもなるわ
        unsaid = Form.POLITE | Form.QUESTION | Form.CONDITION | Form.BUT | Form.GUESS | Form.AGREES
        return said.last and not form & unsaid
    if form & Form.WISH:
        ends = said.last or form & (Form.INSISTS | Form.EXPLAINS)
        return bool(ends) and not form & (Form.PAST | Form.QUESTION | Form.BUT | Form.CONDITION | Form.POLITE)
    if form & Form.FAVOUR and form & Form.PAST:
        # 殴ってやったぞ boasts; 蚊を殺してやりました tells.
        return bool(form & Form.INSISTS) and not form & Form.POLITE
    return bool(
        form & Form.COMPLETE
        and form & (Form.INSISTS | Form.VOLITION)
        and not form & (Form.PAST | Form.CONDITION | Form.ASPECT | Form.POLITE)
    )


def _reproached(said: Predicate) -> bool:
    form = said.form
    if (
        form
        & (Form.HEARSAY | Form.PASSIVE | Form.WISH | Form.CAUSE | Form.NOUNED | Form.CONDITION | Form.REQUEST)
        and not form & Form.PROHIBITION
    ):
        return False
    if form & (Form.PROHIBITION | Form.SCORN):
        # しないでください is said by people who complain fairly.
        return not form & Form.POLITE
    if form & (Form.NEGATIVE | Form.BUT | Form.VOLITION | Form.POTENTIAL):
        return False
    if form & Form.TE and not form & Form.ASPECT:
        # ふざけてかな
        return False
    if form & (Form.QUESTION | Form.RHETORICAL | Form.GUESS):
        # 馬鹿にしてるんですか reproaches, していますか asks.
        return not form & (Form.POLITE | Form.SUGGESTION) or bool(form & Form.EXPLAINS and form & Form.ASPECT)
    return bool(form & Form.ASPECT and form & (Form.INSISTS | Form.EXPLAINS)) and not form & (
        Form.PAST | Form.POLITE
    )


def _stated(said: Predicate) -> bool:
    return not said.form & (
        Form.NEGATIVE
        | Form.PASSIVE
        | Form.WISH
        | Form.CONDITION
        | Form.HEARSAY
        | Form.PLAN
        | Form.CONCESSION
        | Form.QUESTION
        | Form.GUESS
        | Form.NOUNED
    )
