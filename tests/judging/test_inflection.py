"""Phrases in the forms in which people say them, and what stands near them and is harmless."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.told import OPERATOR, PHRASES, RULES, judged, opened, said

from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.wire.messages import Role, Severity

DATA = Path(__file__).parent / "data"
ALARMS = {rule.category for rule in RULES if isinstance(rule, PhraseRule | RepeatedRule) and rule.category}
HEAD = 'category = "c"\nsaid_by = "customer"\ntitle = { ja = "題", en = "t" }\n'


def found(text: str, role: Role = Role.CUSTOMER) -> set[str]:
    return {match.category for match in PHRASES.find(said(text, 10, role)).matches} & ALARMS


@pytest.mark.parametrize(
    ("text", "category"),
    [
        # The lists hold 馬鹿にする, なめる, ふざける, 頭がおかしい, 通じない, 死ね, 土下座する, … once.
        ("馬鹿にしているのですか", "insult"), ("馬鹿にしてんじゃねえよ", "insult"), ("馬鹿にしないで", "insult"), ("馬鹿にしやがって", "insult"), ("客を馬鹿にしとったらあかんぞ", "insult"),
        ("なめてんじゃねえぞ", "insult"), ("なめているんですか", "insult"), ("なめとるんか", "insult"), ("ふざけてんじゃねえよ", "insult"), ("ふざけたこと言うな", "insult"), ("頭おかしいんじゃねえの", "insult"),
        ("頭ほんまにおかしいんじゃないのか", "insult"), ("日本語通じねえのか", "insult"), ("日本語が通じてないんですか", "insult"), ("死んじまえ", "insult"), ("いいから死ねって", "insult"), ("嘘ばっかり言いやがって", "insult"),
        ("馬鹿かよお前は", "insult"), ("お前ら全員無能だな", "insult"), ("返せボケ", "insult"), ("この役立たずが", "insult"), ("なあお前、ちゃんとやれよ", "insult"),
        ("出せよ、上司を", "call_for_superior"), ("責任者いないんですか", "call_for_superior"), ("責任者の方をお出しになってください", "call_for_superior"), ("店長さんお願いします", "call_for_superior"),
        ("払えよ、慰謝料", "unreasonable_demand"), ("十万円払え", "unreasonable_demand"), ("50万よこせ", "unreasonable_demand"), ("誠意ってもんを見せろや", "unreasonable_demand"), ("土下座してもらおうか", "unreasonable_demand"),
        ("殺されたいのかおい", "violence"), ("ぶっ刺しちゃうよ", "violence"), ("お前を殴りたい", "violence"), ("殴られても文句言えないぞ", "violence"), ("ほんまにしばいたろか", "violence"), ("火つけたろか", "threat"), ("店を燃やされたいのか", "threat"),
        ("ネットに書かせていただきますからね", "exposure"), ("あんた恥ずかしくねえのかよ", "insult"), ("動画を晒してあげましょうか", "exposure"), ("納得するまで電話を切らないからな", "detention"), ("外国人じゃ話にならない", "discrimination"),
        # Orders that the dictionary cuts as a potential's volition or stem, and readings that change by context.
        ("慰謝料を払えよ", "unreasonable_demand"), ("お前が上司を呼べよ", "call_for_superior"), ("早く土下座しろ", "unreasonable_demand"), ("土下座しに来い", "unreasonable_demand"), ("土下座するように伝えろ", "unreasonable_demand"),
        ("土下座してくれてもいいだろう", "unreasonable_demand"), ("土下座するくらいできるだろ", "unreasonable_demand"), ("土下座する気はないのか", "unreasonable_demand"), ("慰謝料を払うべきじゃないの", "unreasonable_demand"),
        ("店を燃やしに行くぞ", "threat"), ("ネットに書くことになりますよ", "exposure"), ("殴りたくなってきた", "violence"), ("今度会ったら殴る", "violence"), ("ネットに書くつもりだからな", "exposure"), ("殺してやろうと思ってる", "violence"), ("殴られたくなかったら黙れ", "violence"),
        ("人間のクズだね", "insult"), ("派遣ごときが偉そうに", "discrimination"), ("泣いてんじゃねえよ", "insult"), ("あんた、日本語わかってんの", "insult"),
        # The twins of what is told, asked or wondered about below.
        ("家に行ってやろうか", "threat"), ("今からお前の店まで行ってやる", "threat"), ("そっちに行ってやろうか", "threat"), ("殴ったりするぞ", "violence"), ("店に火をつけてやったぞ", "threat"), ("お前の車ぶっ壊してやったからな", "violence"),
        ("店が爆発するぞ", "threat"), ("明日ビルが爆発しますよ", "threat"), ("ビルを爆破する", "threat"), ("お前のビルを爆発させるぞ", "threat"),
        ("弁当に毒を入れてやる", "threat"), ("爆弾を仕掛けたからな", "threat"), ("毒を入れたのは俺だ", "threat"), ("お前の住所を知ってるんですよ", "threat"), ("お前を殺してやる", "violence"), ("店に火をつけるぞ", "threat"),
        ("嘘ついたりするな", "insult"), ("ふざけてるんじゃないわよ", "insult"), ("謝りたくなるようにしてやる", "threat"), ("待ってろよ", "threat"), ("もう死ぬ", "self_harm"), ("お前を呪ってやる", "threat"),
        # 来い in kana, of which the other forms of 来る share no sound.
        ("ここに来い", "unreasonable_demand"), ("ここにこい", "unreasonable_demand"), ("早くこっちへ来いや", "unreasonable_demand"), ("あやまりにこい", "unreasonable_demand"), ("家までこいや", "unreasonable_demand"), ("菓子折り持ってこい", "unreasonable_demand"),
        ("責任者がこい", "call_for_superior"), ("いますぐこいよ", "unreasonable_demand"),
    ],
)  # fmt: skip
def test_a_phrase_is_found_in_other_forms(text: str, category: str) -> None:
    assert category in found(text)


@pytest.mark.parametrize(
    "text",
    [
        # Of oneself, of the family, told of others, planned, excused, or another word that sounds alike.
        "頭が悪いのでゆっくり教えてください", "うちの子が馬鹿な質問をしてすみません", "私が馬鹿でした", "隣の人に死ねと怒鳴られました", "殺すぞというメールが届きました", "ふざけてるわけではないんです", "馬鹿にされた気がして悲しかったです",
        "どんな症状なのか教えてください", "設定画面を見せてください", "避難経路を確認しました", "味覚が変わって困っています", "独身なので受取人は母です", "来週旅行に行こうと思っています", "頭を空っぽにして見られます", "死ぬほど忙しかったです", "母に代わってもらえますか",
        "クズ餅を二つください", "ゴミの日はいつですか", "低迷していると聞きました", "お子さんは小さいですか", "日本語が話せる人はいますか", "今後悔しています", "写真を公開するつもりはありません", "こちらをお調べしましょうか", "いい加減にしてくださいと言われました",
        # Attributes, adverbs, agreement, feelings told, regrets, another's things, another goal.
        "タダじゃ済まない地域です", "ちょっと恥ずかしいかな", "ちょっと調べてみよ、早く", "頭が軽く感じるかもしれないですね", "動画はユーチューブで流しますね", "いい加減にしてくれって思います", "死んでしまったらどうしましょう", "あなたの犬はどんな犬ですか", "犬しか飼ってないんです", "お子様は小学生以下ですか",
        "お金を払わずに食べさせてもらってます", "ついお金を払ってしまって", "血が通ってないみたいになります", "逃げ回ってるの追いかけるのが楽しいです", "蹴られても起きない息子なんです", "保険会社が誠意を見せてくれないんです", "一度切ってかけ直します", "爆弾おにぎりはありますか",
        "掃除機は毎日かけてますよ", "口コミに書くといいですね", "派遣ですが申し込めますか", "デザートも一緒に出してください", "気をつかってやってることはありますか", "踏んだり蹴ったりでした",
        # One of several things done, a favour told or wondered about, a question about what others did, a thing that nobody minds.
        "よく姪の家に行ってやったりします", "姪の家に行ってやってるんです", "祖父の病院まで行ってやろうかなと思って", "甥の学校に行ってやるんです", "枯れ枝に火をつけてやりました", "ゲームの敵を全員殺してやりました",
        "この漬物、毒を入れたんですか", "誰が時限爆弾を仕掛けたんですか", "毒を盛ったんでしょうか", "爆弾を仕掛けた犯人が捕まりました", "どうして私の住所を知ってるんですか", "蚊を殺してやる", "ゴキブリは絶対殺す",
        "最後にビルが爆発しますし", "倉庫の建物が爆発するので見応えがあります", "会社が爆発するし船も沈むんです",
        "線香に火をつけるぞ", "すねてるんじゃなくて眠いだけです", "威張ってるんじゃなくて緊張してるんです", "お前ちゃんと働けよいくらしたんだってぼやいてました", "覚えてろよって言いながら逃げる悪役", "早く謝るよう息子に言いました",
        "待ってろよ、北海道", "もう死ぬんじゃないの、この金魚",
        "ここに来なくていいです", "謝りにこなくていいですよ", "こちらに来いと言われました", "キャンプにもってこいです", "味はこっちが濃いです", "家にこないでください",
    ],
)  # fmt: skip
def test_what_is_harmless_stays_silent(text: str) -> None:
    assert found(text) == set()


def test_a_hint_raises_no_more_than_a_notice() -> None:
    changes = judged([said("あんたの家族がいるんだろ、気をつけなよ", 10)], until_s=12)
    assert {severity for _, severity, _ in opened(changes)} <= {"notice"}
    match = next(
        each for each in PHRASES.find(said("家族いるんだろ", 10)).matches if each.category == "threat"
    )
    assert match.at_most is Severity.NOTICE


def test_the_operator_is_not_blamed() -> None:
    assert found("馬鹿にしているのですか", OPERATOR) == set()


def test_exact_keeps_a_phrase_as_it_is_written(tmp_path: Path) -> None:
    group = '[[group]]\nphrases = ["馬鹿にしてるのか"]\n'
    (tmp_path / "wide.toml").write_text(HEAD + group, encoding="utf-8")
    (tmp_path / "narrow.toml").write_text(HEAD + "exact = true\n" + group, encoding="utf-8")
    wide, narrow = (load_phrases([tmp_path / f"{name}.toml"]) for name in ("wide", "narrow"))
    for text, in_both in (("馬鹿にしてるのか", True), ("馬鹿にしてんじゃねえぞ", False)):
        assert bool(wide.find(said(text, 1)).matches)
        assert bool(narrow.find(said(text, 1)).matches) is in_both


def test_a_phrase_of_which_nothing_is_heard_is_left_out_and_told(tmp_path: Path) -> None:
    """え is a filler: 何 alone would match nearly everything. Files of earlier releases hold such a phrase."""
    path = tmp_path / "own.toml"
    path.write_text(HEAD + '[[group]]\nphrases = ["え、何", "今なんて"]\n', encoding="utf-8")
    book = load_phrases([path])
    assert book.find(said("何が必要ですか", 1)).matches == ()
    assert book.find(said("今なんて言った", 1)).matches
    [told] = book.skipped
    assert str(path) in told
    assert "group[1].phrases[1]" in told


def test_what_is_found_of_sentences_written_by_another(capsys: pytest.CaptureFixture[str]) -> None:
    """Sentences written without sight of the lists, never used to change one. Prints the figures with `pytest -s`."""
    rows = [json.loads(line) for line in (DATA / "unseen.jsonl").read_text(encoding="utf-8").splitlines()]
    harassing = [row for row in rows if row["expected"]]
    harmless = [row for row in rows if not row["expected"]]
    right = sum(bool(found(row["text"]) & set(row["expected"])) for row in harassing)
    false = [row["text"] for row in harmless if found(row["text"])]
    with capsys.disabled():
        print(f"\nunseen: {right} of {len(harassing)} right, {len(false)} of {len(harmless)} false")
    assert right >= 70
    assert len(false) <= 6


def test_what_is_found_of_sentences_kept_aside(capsys: pytest.CaptureFixture[str]) -> None:
    """A third of 465 sentences that were written before the lists were read. Prints the figures with `pytest -s`."""
    rows = [json.loads(line) for line in (DATA / "kept_aside.jsonl").read_text(encoding="utf-8").splitlines()]
    harassing = [row for row in rows if row["expected"]]
    harmless = [row for row in rows if not row["expected"]]
    right = sum(bool(found(row["text"]) & set(row["expected"])) for row in harassing)
    false = sum(bool(found(row["text"])) for row in harmless)
    with capsys.disabled():
        print(f"\nkept aside: {right} of {len(harassing)} right, {false} of {len(harmless)} false")
    assert right >= 54
    assert false <= 5
