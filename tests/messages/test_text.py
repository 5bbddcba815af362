"""Texts as they are filled in, sent and shown, and the language of the terminal."""

from __future__ import annotations

import copy
import pickle

import pytest

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import Language, both, in_language, language_of, remedy, text
from kikimori_core.wire.messages import Problem


def test_a_text_is_english_wherever_text_is_expected() -> None:
    made = text("broker_silent", where="10.0.0.1:1883")
    assert made == "10.0.0.1:1883 does not answer"
    assert in_language(made, "ja") == "10.0.0.1:1883 が応答しません。"
    assert in_language(made, "en") == str(made)


def test_a_text_in_a_text_is_shown_in_the_same_language() -> None:
    where = text("port_place", host="127.0.0.1", protocol="TCP", port=80)
    made = text("port_failed", where=where, reason="Permission denied")
    assert in_language(made, "ja") == "127.0.0.1 の TCP ポート 80：権限がありません"


def test_lines_are_each_shown_in_the_language() -> None:
    made = text("config_faults", faults=(text("key_missing"), text("key_unknown")))
    assert made == "is missing\nunknown key; is it misspelt?"
    assert in_language(made, "ja").splitlines() == ["ありません", "知らないキーです。綴りを確かめてください"]


def test_a_copy_knows_its_code() -> None:
    made = text("broker_silent", where="x")
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301
        assert in_language(again, "ja") == "x が応答しません。"


def test_an_unknown_code_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        text("no_such_code")


def test_braces_in_a_parameter_stay() -> None:
    assert text("broker_silent", where="{where}") == "{where} does not answer"


def test_an_error_is_made_of_a_code() -> None:
    error = KikimoriError.of("file_missing", path="x.toml")
    assert (error.message, error.next_step) == both("file_missing", path="x.toml")
    assert in_language(error.message, "ja") == "x.toml：ファイルがありません。"


def test_a_problem_is_worded_where_it_arrives() -> None:
    """Older pages find the English, newer ones code and parameters."""
    sent = Problem.of("broker_unreachable", cause="silent", where="broker a:1").model_dump_json()
    arrived = Problem.model_validate_json(sent)
    assert arrived.detail == "broker a:1 does not answer"
    assert arrived.remedy == "is a firewall between?"
    assert arrived.words("ja") == (
        "broker a:1 が応答しません。",
        "間にファイアウォールがないか確認してください。",
    )
    assert [in_language(each, "ja") for each in arrived.texts()] == list(arrived.words("ja"))


def test_the_two_texts_of_a_problem_may_have_codes_of_their_own() -> None:
    made = Problem(
        code="pbx_unreachable",
        detail=text("pbx_away", where="a:1", because="no answer"),
        remedy=remedy("pbx_unreachable"),
    )
    detail, step = Problem.model_validate_json(made.model_dump_json()).words("ja")
    assert detail == "a:1：応答がありません"
    assert step.startswith("Asterisk は動いていますか。")


def test_a_problem_of_another_release_is_shown_as_far_as_it_is_known() -> None:
    older = Problem(code="mirror-codec", detail="Calls use a codec (G729).", remedy="Allow only PCMU.")
    assert older.words("ja")[0].startswith("読めないコーデックの通話があります")
    newer = Problem(code="of_the_future", detail="Something new.", remedy="Do it.", text="of_the_future")
    assert newer.words("ja") == ("Something new.", "Do it.")


@pytest.mark.parametrize(
    ("configured", "environment", "expected"),
    [
        (None, {}, "ja"),
        ("en", {}, "en"),
        ("ja", {"LANG": "en_US.UTF-8"}, "ja"),
        ("ja", {"LANG": "C"}, "en"),
        ("ja", {"LC_ALL": "POSIX", "LANG": "ja_JP.UTF-8"}, "en"),
        ("ja", {"LANG": "C.UTF-8"}, "ja"),
        (None, {"LANG": "C.UTF-8"}, "ja"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "en_US.UTF-8"}, "ja"),
        ("en", {"LANG": "ja_JP.UTF-8"}, "en"),
    ],
)
def test_the_language_of_the_terminal(
    configured: Language | None, environment: dict[str, str], expected: Language
) -> None:
    assert language_of(configured, environment) == expected


def test_what_somebody_has_written_is_no_label() -> None:
    """A user may be called as a check is; the command of the next step must hold the name."""
    said = remedy("broker_login.refused", user="dashboard", file="f", where="broker")
    assert "kikimori.passwd dashboard " in in_language(said, "ja")


@pytest.mark.parametrize(("code", "name"), [("key_resembles", "close"), ("key_known_are", "known")])
def test_a_key_that_is_proposed_is_to_be_typed_as_it_is(code: str, name: str) -> None:
    """`recording` is a label, too: 録音."""
    assert "recording" in in_language(text(code, **{name: "recording"}), "ja")
