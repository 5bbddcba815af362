"""Rules and phrases as people write them: a mistake is answered with file, key and reason."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.config import DEFAULTS
from kikimori.errors import ConfigError
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import categories_of, load_rules

SHIPPED = DEFAULTS / "rules" / "default.toml"
TITLE = 'title = { ja = "題", en = "t" }\n'
RULE = f'[[rule]]\nid = "r"\nkind = "shouting"\n{TITLE}'
PHRASES = f'category = "c"\nsaid_by = "customer"\n{TITLE}'


GROUP = '[[group]]\nphrases = ["代われ"]'


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_files_hold_together() -> None:
    rules = load_rules([SHIPPED])
    phrases = load_phrases(sorted((DEFAULTS / "phrases" / "ja").glob("*.toml")))
    assert set(categories_of(rules)) <= phrases.names
    assert {rule.kind for rule in rules} == {
        "shouting",
        "phrase",
        "repeat_caller",
        "repeated",
        "detention",
        "overlap",
        "silence",
        "tone",
        "escalate",
    }
    assert [rule.id for rule in rules if not rule.needs_words()] == [
        "shouting",
        "overlap",
        "silent-call",
        "long-silence",
        "repeat-caller",
        "detention-length",
        "escalate",
    ]


def test_a_later_file_replaces_and_removes(tmp_path: Path) -> None:
    mine = write(
        tmp_path,
        RULE.replace('"r"', '"shouting"')
        + f'raised_s = 3\n[[rule]]\nid = "escalate"\nkind = "escalate"\n{TITLE}enabled = false',
    )
    before, after = load_rules([SHIPPED]), load_rules([SHIPPED, mine])
    assert len(after) == len(before) - 1
    assert [getattr(rule, "raised_s", None) for rule in after if rule.id == "shouting"] == [3]


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (RULE + "probabilty = 0.5", "rule[1].probabilty", "unknown key"),
        (RULE + "probability = 1.5", "rule[1].probability", "less than 1"),
        (RULE + "window_s = 'long'", "rule[1].window_s", "number"),
        (RULE + "window_s = nan", "rule[1].window_s", "finite"),
        (RULE.replace("shouting", "shout"), "rule[1]", "'shouting'"),
        (RULE.replace(', en = "t"', ""), "rule[1]", "en is missing"),
        (RULE.replace('"r"', '"a/b"'), "rule[1].id", "beginning with a letter"),
        (RULE + 'severity = "wrning"', "rule[1].severity", "'warning'"),
        (RULE + 'suggest = "dance"', "rule[1].suggest", "'hold_transfer'"),
        (RULE + RULE, "rule[2].id", "twice"),
        (f'[[rule]]\nid = "r"\nkind = "phrase"\n{TITLE}', "rule[1].category", "is missing"),
        (
            (
                f'[[rule]]\nid = "r"\nkind = "detention"\nsince = "refusal"\n{TITLE}'
                'steps = [{after_s = 9, severity = "notice"}, {after_s = 9, severity = "notice"}]'
            ),
            "rule[1]",
            "in order",
        ),
        ("[[rule]]\nid = ", "", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_rule_is_named(tmp_path: Path, text: str, key: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_rules([path])
    assert str(path) in caught.value.message
    assert key in caught.value.message
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (PHRASES + "[[group]]\nphrases = []", "group[1].phrases", "at least 1"),
        (PHRASES + '[[group]]\nphrases = ["x"]', "group[1].phrases[1]", "at least 2"),
        (PHRASES + 'unles = []\n[[group]]\nphrases = ["代われ"]', "unles", "unknown key"),
        (PHRASES + '[[group]]\nmood = "angry"\nphrases = ["代われ"]', "group[1].mood", "'demand'"),
        (
            PHRASES + '[[group]]\nmood = "demand"\nphrases = ["上司"]',
            "group[1].phrases[1]",
            "dictionary form",
        ),
        (PHRASES + '[[group]]\nphrases = ["{boss}を出す"]', "group[1].phrases[1]", "not in [words]"),
        (PHRASES + 'unless = ["。。"]\n[[group]]\nphrases = ["代われ"]', "unless[1]", "no sound"),
        (
            PHRASES + 'compare = "letters"\n[[group]]\nmood = "demand"\nphrases = ["go on"]',
            "group[1].mood",
            "must be fixed",
        ),
        (PHRASES.replace("customer", "boss") + GROUP, "said_by", "'customer'"),
        (PHRASES.replace("customer", "mixed") + GROUP, "said_by", "customer or operator"),
    ],
)
def test_a_mistake_in_phrases_is_named(tmp_path: Path, text: str, key: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_phrases([path])
    assert str(path) in caught.value.message
    assert key in caught.value.message
    assert reason in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_rules([tmp_path / "none.toml"])
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8 text") as caught:
        load_rules([binary])
    assert caught.value.next_step == "save it again in the editor with the encoding UTF-8"


values: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({})
)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return "'''" + "".join(c for c in value if c.isalnum()) + "'''"
        case None:
            return "''"
        case dict():
            return "{}"
        case _:
            return str(value)


@given(line=st.integers(0, 200), value=values)
@settings(max_examples=150, deadline=None)
def test_any_value_anywhere_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, line: int, value: object
) -> None:
    """The shipped rules with one value changed: valid, or a ConfigError; nothing else."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    places = [
        number for number, text in enumerate(lines) if " = " in text and not text.startswith(("#", " "))
    ]
    at = places[line % len(places)]
    lines[at] = lines[at].split(" = ")[0] + " = " + _toml(value)
    path = write(tmp_path_factory.mktemp("rules"), "\n".join(lines))
    try:
        load_rules([path])
    except ConfigError as error:
        assert str(path) in error.message  # noqa: PT017 (either outcome is right)


def test_the_demo_changes_only_its_clocks() -> None:
    demo = tomllib.loads((DEFAULTS / "demo" / "rules.toml").read_text(encoding="utf-8"))
    shipped = {rule["id"]: rule for rule in tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["rule"]}
    for rule in demo["rule"]:
        same = {key: value for key, value in rule.items() if key not in {"steps", "still_talking_s"}}
        assert same.items() <= shipped[rule["id"]].items()
