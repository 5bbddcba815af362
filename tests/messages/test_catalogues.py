"""Every text for people is there in both languages, with the same parameters, and is used."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from kikimori_core.messages.text import LABELS, _read, catalogue, critical_codes
from kikimori_core.wire.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("agent", "dashboard") for path in sorted((ROOT / folder).rglob("*.py"))]
CONTENT = "\n".join(path.read_text("utf-8") for path in SOURCES)
ENGLISH, JAPANESE = catalogue("en"), catalogue("ja")
IN_JAPANESE = re.compile("[ぁ-んァ-ン一-龥]")
SENTENCE = re.compile(r"(?:\b[A-Za-z]{2,}\b[ ,]+){3}[a-z]{2,}")
"""Four words of English in a row."""

COMMANDS = re.compile(
    r"`[^`]*`|'[^']*'|\bsudo .*|\b(?:asterisk|openssl|fs_cli|pip|ip link|journalctl|kikimori|ss|systemctl|timedatectl|aplay|arecord) .*"
)
"""Things to type, which are the same in every language."""

MADE = re.compile(
    r"(value|siprec)_.*|field\..*|words_(utterances|calls)|state\..*|capture\..*|watch_(not_heard|withheld)\..*|refused_password_.*|(line_in_device|alert_unseen|mirror_not_listening|broker_login|broker_unreachable|broker_certificate|store_schema|journal_refused|journal_foreign|journal_no_sound|records_value)\..*"
    r"|(record_(stretch|fault)|journal_fault)\..*"
    r"|asterisk_(certificate_.*|not_tls|tls_failed)|pbx_no_(dialplan|telephones)\.answer|no_dashboard_key_stranger"
    r"|(audiosocket|chan_websocket)_not_understood"
)
"""Codes that the program puts together."""


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    return [(path, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path, node in nodes():
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield path, node, name


def test_both_languages_have_the_same_codes() -> None:
    assert ENGLISH.keys() == JAPANESE.keys()
    assert len(ENGLISH) > 250


def test_both_texts_of_a_code_say_the_same() -> None:
    different = {
        code
        for code, english in ENGLISH.items()
        if english.keys() != JAPANESE[code].keys()
        or parameters("".join(english.values())) != parameters("".join(JAPANESE[code].values()))
        or IN_JAPANESE.search("".join(english.values()))
    }
    assert different == set()


def test_the_japanese_has_no_english_sentence() -> None:
    english = [
        text
        for entry in JAPANESE.values()
        for text in entry.values()
        if SENTENCE.search(COMMANDS.sub("", text))
    ]
    assert english == []


def _names_a_code(node: ast.Call, name: str) -> bool:
    """Return whether a call is one of ours that takes a code: others are called `text` too."""
    if name == "of":
        owner = getattr(node.func.value if isinstance(node.func, ast.Attribute) else None, "id", "")
        return owner == "Problem" or owner.endswith("Error")
    return name in ("both", "text", "remedy") and isinstance(node.func, ast.Name)


def test_every_code_that_the_program_names_is_known() -> None:
    ours = {path for path in SOURCES if "kikimori_core.messages" in path.read_text("utf-8")}
    named = {
        node.args[0].value
        for path, node, name in calls()
        if path in ours or name == "of"
        if node.args and _names_a_code(node, name)
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
        if " " not in node.args[0].value  # SQLAlchemy's `text` takes SQL
    }
    # A code with a cause is two entries in one.
    known = ENGLISH.keys() | {code.partition(".")[0] for code in ENGLISH}
    assert len(named) > 150
    assert named - known == set()


def test_every_critical_code_is_that_of_a_problem() -> None:
    problems = ENGLISH.keys() | {code.partition(".")[0] for code in ENGLISH}
    assert critical_codes() - problems == set()


def test_every_code_is_used() -> None:
    unused = {
        code
        for code in ENGLISH
        if f'"{code}"' not in CONTENT and f"'{code}'" not in CONTENT and not MADE.fullmatch(code)
    }
    assert unused == set()


def test_words_without_a_code_come_from_somewhere() -> None:
    """From the program's own source, the operating system, OpenSSL or Python's reader of TOML."""
    by_system = {os.strerror(number) for number in errno.errorcode}
    texts = {
        node.value.replace(" ", "")
        for _, node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    ours = "\n".join(texts) + CONTENT.replace(" ", "").replace("_", "")
    others = (
        "certificate",
        "name resolution",
        "service not known",
        "value",
        "statement",
        "array",
        "character",
        "Expected",
        "string",
        "Unclosed",
        "pbx ",
        "it is a name",
        "recall @",
    )
    stray = {
        label
        for label in _read("ja")[LABELS]
        if label not in by_system
        and label.replace(" ", "") not in ours
        and label not in CONTENT
        and not any(each in label for each in others)
    }
    assert stray == set()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("action", [Action.LISTEN, Action.WHISPER, Action.BARGE])
def test_supervision_is_named_as_on_its_buttons(action: Action, language: str) -> None:
    """A press stands in the record under the name that was on the button."""
    pages = ROOT / f"dashboard/kikimori_dashboard/static/i18n/{language}.json"
    button = json.loads(pages.read_text("utf-8"))["action"][action.value]
    assert catalogue(language)[f"records_value.{action.value}"]["detail"] == (
        button if language == "ja" else button.lower()
    )


def test_a_finding_has_a_code() -> None:
    """The doctor and `config check` word every finding by its code."""
    plain = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node, name in calls()
        if name in ("Diagnosis", "Finding")
        and any(
            isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and each.value)
            for each in node.args[2:]
        )
    ]
    assert plain == []


def test_a_problem_has_a_code() -> None:
    plain = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node, name in calls()
        if name == "Problem"
        for each in node.keywords
        if each.arg in ("detail", "remedy")
        and (
            isinstance(each.value, ast.JoinedStr)
            or (isinstance(each.value, ast.Constant) and " " in str(each.value.value))
        )
    ]
    assert plain == []
