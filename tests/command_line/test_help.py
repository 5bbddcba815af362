"""Every command explains itself and its mistakes in the language of the person at the terminal."""

from __future__ import annotations

import argparse
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from tests.support.english import JAPANESE, english_lines

from kikimori.cli.main import main, parser
from kikimori_core.command_line import CommandParser
from kikimori_core.command_line.help_texts import FRAME, MISTAKES, SHARED, help_texts
from kikimori_core.command_line.layout import columns, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kikimori_core.messages import Language

DASHBOARD = "kikimori_dashboard"
"""Table of `python -m kikimori_dashboard`."""


def filled_in(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|\{\w+\}", text))


def below(made: argparse.ArgumentParser) -> Iterator[CommandParser]:
    """Give a parser and those of its commands."""
    assert isinstance(made, CommandParser)
    yield made
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from below(each)


@cache
def commands(language: Language) -> list[tuple[CommandParser, str]]:
    """Return all parsers with their help in a language."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANG", {"ja": "ja_JP.UTF-8", "en": "C"}[language])
        patch.setenv("COLUMNS", "100")
        return [(each, each.format_help()) for each in below(parser())]


def test_both_languages_have_the_same_texts() -> None:
    english, japanese = help_texts("en"), help_texts("ja")
    assert english.keys() == japanese.keys()
    different = {
        f"{command} {name}"
        for command, texts in english.items()
        for name in texts.keys() | japanese[command].keys()
        if name not in texts
        or name not in japanese[command]
        or filled_in(texts[name]) != filled_in(japanese[command][name])
    } - {"evaluate epilog", "evaluate-words epilog"}  # their JSON has braces, and differs
    assert different == set()


def test_every_option_and_argument_is_explained() -> None:
    bare = [
        f"{made.command} {action.option_strings or action.dest}"
        for made, _ in commands("en")
        for action in made._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    assert bare == []
    assert [made.command for made, _ in commands("en") if not made.description] == []


def test_every_text_is_shown_somewhere() -> None:
    known = {made.command: made for made, _ in commands("en")}
    assert help_texts("en").keys() - known.keys() == {SHARED, FRAME, MISTAKES, DASHBOARD}
    unused = []
    for command, texts in help_texts("en").items():
        if command not in known:
            continue
        family = [made for name, made in known.items() if f"{name} ".startswith(f"{command} ")]
        names = {
            name
            for made in family
            for action in made._actions
            for name in (*action.option_strings, action.dest)
        } | {"summary", "description", "epilog"}
        unused += [f"{command} {name}" for name in texts if name not in names]
    assert unused == []


def test_help_is_in_the_language_of_the_terminal() -> None:
    names = frozenset(made.prog.rpartition(" ")[2] for made, _ in commands("ja"))
    assert len(names) > 40
    for made, said in commands("ja"):
        assert said.startswith(f"使い方：{made.prog}")
        assert english_lines(said, names=names) == [], made.prog
    for made, said in commands("en"):
        assert said.startswith(f"usage: {made.prog}")
        # Examples of sentences, names and columns are Japanese.
        if not made.command.startswith(("user", "customers", "superior", "evaluate")):
            assert not JAPANESE.search(said.replace("…", "")), made.prog


def test_no_line_is_wider_than_the_terminal() -> None:
    for made, said in commands("ja"):
        text = said.partition("\n\n")[2]
        raw = made.epilog if made.epilog and "\n" in made.epilog else ""
        wide = [line for line in text.splitlines() if columns(line) > 100 and line not in raw]
        assert wide == [], made.prog


def test_a_line_neither_begins_nor_ends_where_japanese_does_not() -> None:
    text = "設定（[mqtt] の host）を読み、「状態」を表示します。" * 4
    for width in range(20, 60):
        lines = list(wrapped(text, width))
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not [each for each in lines if each[0] in "、。）」" or each[-1] in "（「"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "次の引数が必要です：COMMAND"),
        (["user", "change"], "次の引数が必要です：WHO"),
        (["demo", "--onec"], "知らない引数です：--onec"),
        (["demo", "--port", "x"], "引数 --port：'x' は整数ではありません"),
        (["bench", "calls", "--seconds", "x"], "引数 --seconds：'x' は数ではありません"),
        (["bench", "calls", "--calls", "0"], "引数 --calls：1 以上にしてください"),
        (["bench", "chaos", "--kills", "-1"], "引数 --kills：0 以上にしてください"),
        (["bench", "calls", "--calls", "x"], "引数 --calls：'x' は1 以上の整数ではありません"),
        (["demo", "--port"], "引数 --port：値を一つ指定してください"),
        (["evaluate-words", "--calm"], "引数 --calm：値を一つ以上指定してください"),
        (
            ["up", "--log-format", "x"],
            "引数 --log-format：'x' は選べません（'auto', 'console', 'json' のどれか）",
        ),
        (["superior", "change", "1", "--on", "--off"], "引数 --off：--on と同時には指定できません"),
        (["demo", "--lo"], "--lo だけでは決まりません（--long, --log-level）"),
        (["doctor", "--json=1"], "引数 --json：値 '1' は指定できません"),
        (["audit"], "verify か list"),
    ],
)
def test_a_mistake_is_explained(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    usage, _, mistake = capsys.readouterr().err.rpartition("kikimori")
    assert usage.startswith("使い方：kikimori")
    assert "：" in mistake.partition("エラー：")[1]
    assert said in mistake


def test_help_follows_the_language_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    for language, begins in (("en", "usage: "), ("ja", "使い方：")):
        config = tmp_path / "kikimori.toml"
        config.write_text(f'language = "{language}"\n', encoding="utf-8")
        with pytest.raises(SystemExit):
            main(["doctor", "--config", str(config), "--help"])
        assert capsys.readouterr().out.startswith(begins)
