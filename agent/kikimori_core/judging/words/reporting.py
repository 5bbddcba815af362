"""Words that are another's, thought, or taken back: 殺すぞと言われた, 黙れ！って。, 死ねみたいな感じ, 土下座しろとまで言うつもりはない.

What the speaker insists on having said themselves stays theirs: 代われって言ってるだろ, 早くしろって.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.predicate import predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.judging.words.sound import Morpheme

_SAYING = frozenset({"言う", "書く", "怒鳴る", "聞く", "云う", "仰る", "申す", "つう", "叫ぶ", "脅す", "叱る", "怒る", "伝える", "捲し立てる", "呼ぶ", "頼む", "有る", "来る",
                     "断る", "脅かす", "罵る", "言い出す", "書き込む"})  # fmt: skip
_TO_SAY = frozenset({"言う", "つう", "云う"})
_MUTTERING = frozenset({"呟く", "ぼやく"})
"""Said to nobody: 仕事しろよ…って呟いちゃいました."""
_THINKING = frozenset({"思う", "考える", "感じる"})
_REPORTED = frozenset({
    "話", "メール", "電話", "手紙", "連絡", "声", "意味", "言葉", "留守電", "感じ", "時", "場面", "台詞", "曲", "歌", "本", "映画", "ドラマ", "漫画", "番組", "情報", "人", "広告", "宣伝", "記事", "タイトル", "奴", "こと", "の", "所", "部分", "シーン", "役", "文句", "セリフ", "噂", "夢", "ニュース", "設定", "ネタ",
})  # fmt: skip
_OPENING = frozenset({"と", "って", "とか", "なんて", "とは", "っと", "て", "だの"})
_CLOSING_MARKS = frozenset("。.!?…」』")
"""Marks behind which って opens no insistence: 黙れ！って。"""
_OWN_NOUNS = frozenset({
    "気持ち", "気分", "思い", "訳", "積もり", "権利", "資格", "必要", "気", "立場", "前", "後", "後ろ", "以外", "外", "為", "レベル", "物", "もん", "もの", "要求", "要望", "お願い", "命令", "指示", "意思", "覚悟",
    "約束", "程", "位", "だけ", "筋", "道理", "態度", "対応", "言い方",
})  # fmt: skip
"""Nouns behind という with which one's own words may be meant: 馬鹿にするなっていう気持ちだ, 返せと言う権利がある."""
_LIKENED = frozenset({
    "奴", "感じ", "こと", "事", "の", "のり", "勢い", "顔", "雰囲気", "空気", "圧", "目", "声", "キャラ", "人", "方", "子", "動画", "ねた",
})  # fmt: skip
"""Nouns behind a quoting みたいな; not the listener's manner: なめてんのかみたいな態度だな."""
_SENTENCE_ENDS = frozenset({"か", "よ", "ぞ", "ぜ", "な", "ね", "わ", "の", "のう", "さ", "や"})
_WONDERS = frozenset({"な", "なあ", "なぁ", "のう", "のぅ", "かしら"})
"""Last words of what one says to oneself: いい暮らししてるんだろうなって."""
_BEFORE_WONDER = frozenset({"だ", "た", "です", "じゃ", "や", "ない", "無い", "たい", "か"})
_HABIT = frozenset({"口癖", "台詞", "常套句", "合い言葉", "口上"})
LOOK_AHEAD = 9
"""Words after the と of a quotation in which its verb is looked for: と隣の人に怒鳴られました."""
_OWN_WORDS = Form.INSISTS | Form.GUESS | Form.EXPLAINS | Form.QUESTION | Form.RHETORICAL


def reported(sentence: Sentence, end: int) -> bool:
    """Return whether the words before `end` are a report of another's words, or denied."""
    words = sentence.words
    at = _behind_particles(sentence, end)
    if at >= len(words):
        return False
    if words[at].surface not in _OPENING:
        denied = words[at].normal in ("訳", "積もり") and _denied(sentence, at)
        return denied or _habit(sentence, at) or _likened(sentence, at) or _told_later(sentence, at)
    if _among_others(sentence, at):
        return True
    following = next((place for place in range(at + 1, len(words)) if words[place].part != "助詞"), None)
    if following is None:
        return _left_open(sentence, at)
    if words[following].normal in ("訳", "積もり"):
        return _denied(sentence, following)
    if words[at].surface == "って" and words[following].normal in _REPORTED:
        return True
    verb = _verb_from(words, following, at + LOOK_AHEAD)
    if verb is None:
        return _left_open(sentence, at)
    if words[verb].normal in _THINKING:
        thought = predicate(words, verb, frozenset())
        form = thought.form
        wondered = words[at - 1].surface == "か" or (
            # 殺してやろうと思ってる is no mere thought.
            words[at - 1].form.startswith("意志推量形") and words[at - 1].normal not in ("遣る", "た", "たる")
        )
        # 何してるんだろうなって思って
        wondered = wondered or (
            words[at - 1].surface in _WONDERS and at > 1 and words[at - 2].form.startswith("意志推量形")
        )
        # よこせって思います: a feeling told to a friend.
        felt = (
            words[at].surface == "って" and form & Form.POLITE and not form & (Form.QUESTION | Form.EXPLAINS)
        )
        # 学校ってどうなんだと思ってるだけで
        only = thought.end < len(words) and words[thought.end].normal == "だけ"
        return wondered or only or bool(felt or form & (Form.PAST | Form.NEGATIVE | Form.PASSIVE | Form.WISH))
    if words[verb].normal not in _SAYING:
        # 殺すぞって壁を叩くんです: another does it. 返せって電話してるんだ: the speaker does.
        return words[verb].normal not in _OWN_DOING
    return _others_words(sentence, verb) or _about_a_noun(sentence, at)


def _behind_particles(sentence: Sentence, end: int) -> int:
    """Return the place behind auxiliaries and particles that quote nothing, four at most."""
    words = sentence.words
    at = end
    while (
        at < len(words)
        and words[at].part in ("助動詞", "助詞")
        and words[at].surface not in _OPENING
        and at - end < 4
    ):
        at += 1
    return at


def _verb_from(words: Sequence[Morpheme], first: int, end: int) -> int | None:
    """Return the place of the first verb from `first` to before `end`."""
    return next((at for at in range(first, min(end, len(words))) if words[at].part == "動詞"), None)


def told_to_speaker(sentence: Sentence, end: int) -> bool:
    """Return whether the words before `end` are what somebody says to the speaker: 払えと言われました, 返せと言ってきます.

    What the speaker has said themselves is not: 返してくださいと言いました.
    """
    words = sentence.words
    at = _behind_particles(sentence, end)
    if at >= len(words) or words[at].surface not in _OPENING:
        return False
    verb = _verb_from(words, at + 1, at + LOOK_AHEAD)
    if verb is None or words[verb].normal not in _SAYING:
        return False
    form = predicate(words, verb, sentence.breaks).form
    return bool(form & Form.PASSIVE) or (_comes_to_say(words, verb) and not form & Form.PAST)


def quoted(sentence: Sentence, at: int) -> bool:
    """Return whether the word at `at` takes up what stands before it as something said: the みたい of 誰なんだみたいなやつ."""
    surface = sentence.words[at].surface
    if surface == "みたい":
        return _likened(sentence, at)
    return surface == "って" and (_left_open(sentence, at) or _about_a_noun(sentence, at))


def _left_open(sentence: Sentence, at: int) -> bool:
    """Return whether って closes what was said before a mark, or to oneself: 黙れ！って。, いい暮らしなんだろうなって; not 早くしろって！."""
    words = sentence.words
    if words[at].surface not in ("って", "っと", "て") or not _stops(sentence, at + 1):
        return False
    if _marked(sentence, at):
        return True
    before = words[at - 2].normal if at > 1 else ""
    adjective = at > 1 and words[at - 2].part == "形容詞"
    return words[at - 1].surface in _WONDERS and (before in _BEFORE_WONDER or adjective)


def _likened(sentence: Sentence, at: int) -> bool:
    """Return whether みたいな takes up a whole sentence: お前誰だよみたいな感じ; not ゴミみたいな店, 馬鹿にしてるみたいな人."""
    words = sentence.words
    if words[at].surface != "みたい" or not (_marked(sentence, at) or _ends_sentence(sentence, at)):
        return False
    after = at + 1
    if after < len(words) and words[after].surface == "な":
        after += 1
    return _stops(sentence, after) or words[after].part == "助詞" or words[after].normal in _LIKENED


def _about_a_noun(sentence: Sentence, at: int) -> bool:
    """Return whether という makes a noun's description of a whole sentence: 金よこせっていう顔で; not お前という男は."""
    words = sentence.words
    verb, after = at + 1, at + 2
    if _stops(sentence, verb) or _stops(sentence, after) or words[after].part != "名詞":
        return False
    if words[verb].normal not in _TO_SAY or not words[verb].form.startswith("連体形"):
        return False
    said = _marked(sentence, at) or _ends_sentence(sentence, at)
    return said and words[after].normal not in _OWN_NOUNS


def _ends_sentence(sentence: Sentence, at: int) -> bool:
    """Return whether the word before `at` ends a sentence and describes nothing behind it: だろう, ぞ, 黙れ, んだ."""
    word = sentence.words[at - 1]
    if word.part == "助詞":
        return word.surface in _SENTENCE_ENDS
    if word.part not in ("動詞", "形容詞", "助動詞"):
        return False
    if word.surface == "だ":
        # お前が詐欺師だという証拠 says what is so.
        return at > 1 and sentence.words[at - 2].detail == "準体助詞"
    # 死ね is cut as 死ね before ば.
    return word.form.startswith(("命令形", "意志推量形", "仮定形")) or word.normal in ("です", "ます")


def _marked(sentence: Sentence, at: int) -> bool:
    """Return whether a sentence's mark stands before the word at `at`."""
    return not _CLOSING_MARKS.isdisjoint(sentence.heard.marks_before(at))


def _stops(sentence: Sentence, at: int) -> bool:
    """Return whether what is said is over before the word at `at`: at its end, or at a sentence's mark."""
    return at >= len(sentence.words) or (at in sentence.breaks and _marked(sentence, at))


def _habit(sentence: Sentence, at: int) -> bool:
    """Return whether the words before are called somebody's habit or line: 馬鹿野郎が口癖の父でした."""
    words = sentence.words
    return (
        words[at].normal in _HABIT
        and words[at - 1].surface in ("が", "は", "も")
        and at + 1 < len(words)
        and words[at + 1].normal in ("だ", "です", "の", "で")
    )


def _among_others(sentence: Sentence, at: int) -> bool:
    """Return whether a とか stands there, which the dictionary cuts in two behind ぞ: ぶっ飛ばすぞとか騒いでいて."""
    words = sentence.words
    if words[at].surface in ("とか", "だの", "なんて"):
        return True
    return (
        words[at].surface == "と"
        and at + 1 < len(words)
        and words[at + 1].surface == "か"
        and words[at + 1].part == "助詞"
    )


_OWN_DOING = frozenset(
    {"為る", "居る", "分かる", "知る", "伝える", "頼む", "成る", "出来る", "有る", "待つ", "聞く"}
)


def _told_later(sentence: Sentence, at: int) -> bool:
    """Return whether a longer sentence with this beginning was said to the speaker: 夜道に気をつけて帰ってくださいと言われました."""
    words = sentence.words
    for place in range(at, min(at + LOOK_AHEAD, len(words) - 1)):
        if words[place].surface not in ("と", "って") or place in sentence.breaks:
            continue
        verb = _verb_from(words, place + 1, place + LOOK_AHEAD)
        if verb is not None and words[verb].normal in _SAYING | _MUTTERING:
            form = predicate(words, verb, sentence.breaks).form
            if form & Form.PASSIVE or (words[verb].normal in _MUTTERING and form & Form.PAST):
                return True
            return (
                words[verb].surface == "いう"
                and verb + 1 < len(words)
                and words[verb + 1].normal in _REPORTED
            )
    return False


def _others_words(sentence: Sentence, verb: int) -> bool:
    words = sentence.words
    said = predicate(words, verb, sentence.breaks)
    form = said.form
    if form & (Form.PASSIVE | Form.NEGATIVE | Form.PLAN | Form.HEARSAY | Form.NOUNED | Form.CONDITION):
        return not form & Form.RHETORICAL
    if words[verb].normal not in _TO_SAY:
        return True
    if _comes_to_say(words, verb) and not form & Form.PAST:
        # 返せと言ってきた may be what the speaker kept saying.
        return True
    if form & Form.POLITE and form & Form.AGREES and not form & (Form.PAST | _OWN_WORDS):
        # 撫でろと言いますね tells of another.
        return True
    if form & Form.PAST:
        # 出せって言ったよな is insisted on; 死ねと言っていた is told.
        return (
            bool(form & Form.ASPECT)
            or not form & _OWN_WORDS
            or bool(form & Form.POLITE and form & Form.EXPLAINS)
        )
    following = None if said.last or said.end >= len(words) else words[said.end]
    if following is not None and following.surface == "ながら":
        # 覚えてろよって言いながら帰る
        return True
    if following is not None and following.part == "名詞" and not form & Form.ASPECT:
        return following.normal in _REPORTED or following.surface == "の"
    return bool(form & Form.TE and not form & Form.ASPECT and following is not None)


def _comes_to_say(words: Sequence[Morpheme], verb: int) -> bool:
    """Return whether something is said towards the speaker: 死ねと言ってくる."""
    return (
        verb + 2 < len(words)
        and words[verb + 1].surface in ("て", "で")
        and words[verb + 2].normal in ("来る", "くる")
    )


def _denied(sentence: Sentence, at: int) -> bool:
    said = predicate(sentence.words, at, sentence.breaks)
    following = sentence.words[said.end : said.end + 2]
    return bool(said.form & Form.NEGATIVE) or any(word.normal in ("無い", "ない") for word in following)
