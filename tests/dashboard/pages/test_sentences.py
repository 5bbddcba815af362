"""The sentences that the operator's page proposes: complete, careful, and the office's own where there are some."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import client

from kikimori_core.errors import ConfigError
from kikimori_dashboard import read_book, read_settings
from kikimori_dashboard.pages.sentences import BUILTIN, OWN, STAGES, read_file

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

CONFIG = Path(__file__).parents[3] / "config"
LANGUAGES: tuple[Literal["ja", "en"], ...] = ("ja", "en")
GOOD = 'language = "ja"\n[sources]\nguide = "手引き"\n\n[[sentence]]\nwhen = "insult"\nsay = "はい。"\nsource = "guide"\n'


def rules() -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((CONFIG / "rules" / "default.toml").read_text("utf-8"))[
        "rule"
    ]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_and_every_stage_of_the_help_has_a_sentence(language: Literal["ja", "en"]) -> None:
    known = read_book().situations(language).keys()
    wanted = {each["kind"] for each in rules() if each["kind"] != "escalate"} | set(STAGES)
    wanted |= {each["category"] for each in rules() if "category" in each}
    assert wanted - known == set()


def test_both_languages_have_the_same_steps() -> None:
    def steps(language: Literal["ja", "en"]) -> dict[str, list[tuple[str, int]]]:
        return {
            when: [(each.severity, each.occasion) for each in sentences]
            for when, sentences in read_book().situations(language).items()
        }

    assert steps("ja") == steps("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_source_is_named_and_used(language: str) -> None:
    file = read_file(BUILTIN / f"{language}.toml")
    assert {each.source for each in file.sentence} == {*file.sources, OWN}


def test_a_call_is_ended_only_after_a_warning_and_never_as_the_first_thing_said() -> None:
    for language, end in (("ja", "お電話を終え"), ("en", "call may have to end")):
        file = read_file(BUILTIN / f"{language}.toml")
        ending = [each for each in file.sentence if end in each.say]
        assert ending
        assert [each for each in ending if each.occasion == 1 and each.severity != "critical"] == []
        first = {each.when: each for each in reversed(file.sentence)}
        assert [each.when for each in ending if first[each.when] is each] == []
        # Said as a possibility: whether a call is ended is decided by several people.
        assert [
            each.say for each in ending if "ことがございます" not in each.say and "may" not in each.say
        ] == []


def test_an_apology_is_for_the_trouble_only() -> None:
    assert [
        each.say
        for each in read_file(BUILTIN / "ja.toml").sentence
        if "申し訳" in each.say and "ご不便をおかけして" not in each.say
    ] == []
    assert [
        each.say
        for each in read_file(BUILTIN / "en.toml").sentence
        if "sorry" in each.say and "for the trouble" not in each.say
    ] == []


def test_an_own_file_replaces_the_situations_that_stand_in_it(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(GOOD, encoding="utf-8")
    builtin, book = read_book(), read_book((own,))
    assert [each.say for each in book.situations("ja")["insult"]] == ["はい。"]
    assert book.situations("ja")["threat"] == builtin.situations("ja")["threat"]
    assert book.situations("en") == builtin.situations("en")
    assert book.view("ja")["apart_s"] == builtin.view("ja")["apart_s"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace('source = "guide"', 'source = "giude"'), 8, "sentence[1].source: 'giude' is not in [sources]"),
        (GOOD.replace('source = "guide"\n', ""), 5, "sentence[1].source: is missing"),
        (GOOD.replace("when", "wenn"), 6, "sentence[1].wenn: unknown key; did you mean when?"),
        (GOOD + 'severity = "urgent"\n', 9, "sentence[1].severity: Input should be"),
        (GOOD + "occasion = 0\n", 9, "sentence[1].occasion: Input should be"),
        (GOOD.replace("はい。", ""), 7, "sentence[1].say: String should have at least 1"),
        (GOOD.replace('"ja"', '"jp"'), 1, "language: Input should be one of 'ja', 'en'"),
        (GOOD.replace("[[sentence]]", "[[sentences]]"), None, "sentence: is missing"),
        (GOOD.replace('say = "', "say = "), 7, "not valid TOML: Invalid value"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_answered_with_file_line_and_key(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_book((own,))
    faults = caught.value.message.splitlines()
    place = f"{own}:{line}: " if line else f"{own}: "
    assert [each for each in faults if each.startswith(place) and said in each], faults


def test_the_file_is_found_beside_the_configuration_and_checked_at_start(tmp_path: Path) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text('[dashboard]\nsentences = ["own.toml"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml: no such file"):
        read_settings(config)
    (tmp_path / "own.toml").write_text(GOOD, encoding="utf-8")
    assert read_settings(config).sentences == (tmp_path / "own.toml",)


async def test_the_pages_get_the_sentences_of_their_language(real: Mosquitto) -> None:
    async with (
        dashboard(dashboard_settings(real.settings)) as url,
        client(url) as session,
    ):
        for language in LANGUAGES:
            async with session.get(f"/api/sentences/{language}") as answer:
                assert await answer.json() == read_book().view(language)
        async with session.get("/api/sentences/fr") as answer:
            assert answer.status == 404
