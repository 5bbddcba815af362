"""Auxiliaries and particles behind a predicate, by meaning. Named by SudachiPy's normal forms or spelling."""

from __future__ import annotations

from kikimori_core.judging.words.form import Form

AUXILIARY: dict[str, int] = {
    "れる": Form.PASSIVE, "られる": Form.PASSIVE, "せる": Form.CAUSATIVE, "させる": Form.CAUSATIVE, "てる": Form.ASPECT, "とる": Form.ASPECT,
    "ておる": Form.ASPECT, "やがる": Form.SCORN, "たい": Form.WISH, "ちゃう": Form.COMPLETE | Form.REGRET, "ちまう": Form.COMPLETE | Form.REGRET, "てまう": Form.COMPLETE | Form.REGRET,
    "じまう": Form.COMPLETE | Form.REGRET, "とく": Form.COMPLETE, "ちゃる": Form.FAVOUR, "たる": Form.FAVOUR, "てく": Form.COMPLETE,
    "らしい": Form.HEARSAY, "ます": Form.POLITE, "です": Form.POLITE, "べし": Form.NECESSITY | Form.OUGHT,
}  # fmt: skip
NEGATIVES = frozenset({"ない", "ず", "ぬ", "へん", "まい"})
AFTER_TE: dict[str, int] = {
    "居る": Form.ASPECT, "おる": Form.ASPECT, "いらっしゃる": Form.ASPECT, "遣る": Form.FAVOUR, "上げる": Form.FAVOUR, "呉れる": Form.REQUEST,
    "下さる": Form.REQUEST, "貰う": Form.REQUEST, "頂く": Form.REQUEST, "欲しい": Form.REQUEST, "頂戴": Form.REQUEST, "仕舞う": Form.COMPLETE | Form.REGRET,
    "行く": Form.COMPLETE, "来る": Form.COMPLETE, "見る": Form.TRY, "置く": Form.COMPLETE, "御覧": Form.REQUEST, "まう": Form.COMPLETE,
    "見せる": Form.FAVOUR, "もらえる": Form.REQUEST,
}  # fmt: skip
INSISTING = frozenset(
    {"ぞ", "ぜ", "よ", "わ", "な", "や", "い", "さ", "ど", "で", "の", "え", "もん", "ねん"}
)
FORBIDDEN_SO = frozenset({"いけ", "いか", "なら", "駄目", "だめ", "行く", "成る", "行ける"})


DIALECT_ENDS = frozenset({
    "けん", "けえ", "けんね", "さかい", "がな", "がね", "がや", "ばい", "っちゃ", "べ", "べさ", "ずら", "のう", "じゃけん", "やけん", "やで", "やさかい",
})  # fmt: skip
DUTIES = frozenset({"筋", "当然", "普通", "本当", "当たり前", "常識", "礼儀", "義務"})
"""Nouns with which の or のが makes a duty of what was said: 払うのが筋だ."""

SAYING = frozenset(
    {"言う", "思う", "考える", "書く", "怒鳴る", "聞く", "云う", "仰る", "申す", "つう", "叫ぶ", "脅す"}
)
