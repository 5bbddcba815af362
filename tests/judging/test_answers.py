"""An operator's utterance as a refusal, a closing or an offer, read clause by clause; a customer's acceptance."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.support.told import CUSTOMER, OPERATOR, PHRASES, said

from kikimori.config import DEFAULTS, AgentConfig
from kikimori.errors import ConfigError
from kikimori_core.judging.answers import ClauseWords
from kikimori_core.judging.phrases import PhraseBook, load_phrases
from kikimori_core.wire.messages import Role

DATA = Path(__file__).parent / "data"
DEVELOPED = tomllib.loads((DATA / "operator_dev.toml").read_text(encoding="utf-8"))
HELD_OUT = tomllib.loads((DATA / "operator_held_out.toml").read_text(encoding="utf-8"))
ANSWERS = {"refusal", "closing", "offer", "acceptance"}


def answer(text: str, role: Role = OPERATOR, book: PhraseBook = PHRASES) -> set[str]:
    return ANSWERS & {match.category for match in book.find(said(text, 10, role)).matches}


def starts_clock(text: str) -> bool:
    return bool(answer(text) & {"refusal", "closing"})


@pytest.mark.parametrize("text", DEVELOPED["refuses"])
def test_refused(text: str) -> None:
    assert starts_clock(text)


@pytest.mark.parametrize("text", DEVELOPED["ordinary"])
def test_ordinary_talk_refuses_nothing(text: str) -> None:
    assert not starts_clock(text)


def test_what_is_found_of_sentences_kept_aside(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the recall with `pytest -s`; fails when a change loses what was found."""
    right = sum(map(starts_clock, HELD_OUT["refuses"]))
    false = [text for text in HELD_OUT["ordinary"] if starts_clock(text)]
    with capsys.disabled():
        print(
            f"\nrefusals kept aside: {right} of {len(HELD_OUT['refuses'])}; "
            f"ordinary sentences that start the clock: {len(false)} of {len(HELD_OUT['ordinary'])}"
        )
    assert right >= 31
    assert len(false) <= 1


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        # "Cannot" and "do not" in every form.
        ("それはできません", {"refusal"}),
        ("それはできないんですよ", {"refusal"}),
        ("お出しできないことになっておりまして", {"refusal"}),
        ("お渡しするわけにはいきません", {"refusal"}),
        ("お金は返せません", {"refusal"}),
        ("お支払いはいたしません", {"refusal"}),
        ("変更は承っておりません", {"refusal"}),
        ("訪問は難しいです", {"refusal"}),
        # The last clause decides.
        ("返品はできませんが、修理は承れます", {"offer"}),
        ("修理は承れますが、返品はできません", {"refusal"}),
        ("返品はできません、担当に確認いたします", {"offer"}),
        ("お電話では承れませんので、窓口へお越しください", {"offer"}),
        ("返品はできませんのでご了承ください", {"refusal"}),
        ("返品はできませんので、品番をお願いします", set()),
        # A condition, a question, another's words, part of a noun, a denial of a denial.
        ("返品できない場合はご連絡いたします", {"offer"}),
        ("返品できませんか", set()),
        ("返品できないとのことですね", set()),
        ("返品できないものもございます", set()),
        ("返品できないことはございません", set()),
        # A trouble, a hedge, no room, a house's rule; and the caller's manner.
        ("画面が表示できません", set()),
        ("断言はできませんが、直ると思います", set()),
        ("満席のためご案内できません", set()),
        ("お写真はご遠慮ください", set()),
        ("大声はご遠慮ください", {"refusal"}),
        # The end of the call.
        ("お電話を切らせていただきます", {"closing"}),
        ("ここで終了とさせてください", {"closing"}),
        ("電話を切らずにお待ちください", set()),
        ("配布は終了しました", set()),
        ("失礼いたしますが、お名前をお願いします", set()),
        ("お電話ありがとうございました、失礼いたします", set()),
    ],
)
def test_what_it_comes_to(text: str, comes_to: set[str]) -> None:
    assert answer(text) == comes_to


@pytest.mark.parametrize(
    ("text", "accepts"),
    [
        ("わかりました、それでいいです", True),
        ("それなら仕方ないですね", True),
        ("結構です、ありがとうございました", True),
        ("わかりましたけど、納得はできません", False),
        ("わかりました、で、いつ返すんですか", False),
        ("わかりません", False),
        ("納得できない", False),
    ],
)
def test_a_customer_accepts(text: str, accepts: bool) -> None:
    assert (answer(text, CUSTOMER) == {"acceptance"}) is accepts
    assert answer(text) & {"acceptance"} == set()


def test_the_words_that_decide_are_shown() -> None:
    text = "お待たせしました、ご返金は致しかねます"
    [match] = [each for each in PHRASES.find(said(text, 10, OPERATOR)).matches if each.category == "refusal"]
    assert "致しかね" in match.matched
    assert match.matched in text


def test_a_file_of_phrases_alone_still_counts(tmp_path: Path) -> None:
    """A file that an office wrote for the release before still works."""
    own = tmp_path / "refusal.toml"
    own.write_text(
        'category = "refusal"\ntitle = { ja = "お断り", en = "Refusal" }\nsaid_by = "operator"\nunless = []\n'
        '[[group]]\nphrases = ["当院では扱いません"]\n',
        encoding="utf-8",
    )
    assert answer("当院では扱いませんよ", book=load_phrases([own])) == {"refusal"}
    assert answer("当院では扱いませんよ", book=load_phrases([*AgentConfig().phrase_files(), own])) == {
        "refusal"
    }


def test_an_office_adds_to_the_lists(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(
        'category = "refusal"\ntitle = { ja = "お断り", en = "Refusal" }\nsaid_by = "operator"\n'
        '[clauses]\nact = "refuse"\ndeeds = ["往診"]\n',
        encoding="utf-8",
    )
    text = "往診はしておりません"
    assert answer(text) == set()
    assert answer(text, book=load_phrases([*AgentConfig().phrase_files(), own])) == {"refusal"}


def test_a_category_needs_phrases_or_clauses(tmp_path: Path) -> None:
    own = tmp_path / "empty.toml"
    own.write_text('category = "x"\ntitle = { ja = "x" }\nsaid_by = "operator"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"empty\.toml: group"):
        load_phrases([own])


def test_every_list_is_used() -> None:
    """The shipped files fill each list that `[clauses]` knows."""
    filled = set[str]()
    for path in (DEFAULTS / "phrases" / "ja").glob("*.toml"):
        filled |= tomllib.loads(path.read_text(encoding="utf-8")).get("clauses", {}).keys()
    assert filled == set(ClauseWords.model_fields)


def test_the_recognisers_spaces_change_nothing() -> None:
    spaced = "返金 は いたし かね ます"
    [match] = [
        each for each in PHRASES.find(said(spaced, 10, OPERATOR)).matches if each.category == "refusal"
    ]
    assert match.category == "refusal"
    assert match.matched in spaced
    assert answer("お 引き受け でき ませ ん") == answer("それ は でき ない ん です") == {"refusal"}
