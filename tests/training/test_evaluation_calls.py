"""The evaluation set as data: enough of it, half harmless, nothing of dev in test."""

from __future__ import annotations

import pytest

from kikimori.config import AgentConfig
from kikimori_core.judging.rules import load_rules
from kikimori_training.evaluation_calls import FOLDER, Split, read_split, script_of

SPLITS = {name: read_split(FOLDER / f"{name}.toml") for name in ("dev", "test")}


def test_enough_and_half_of_it_harmless() -> None:
    calls = [call for split in SPLITS.values() for call in split.call]
    assert len(calls) >= 60
    harmless = [call for call in calls if not call.expected]
    assert 0.4 <= len(harmless) / len(calls) <= 0.6
    tags = {tag for call in harmless for tag in call.tags}
    assert {"loud-friendly", "complaint", "quoting", "joke", "offer", "numbers", "kansai", "fast"} <= tags


def test_test_has_other_speakers_and_sentences() -> None:
    dev, test = SPLITS["dev"], SPLITS["test"]
    assert not set(dev.customer) & set(test.customer)
    assert not set(dev.operator) & set(test.operator)
    customer = [
        {
            line.split(": ", 1)[1]
            for lines in (*split.openings, *(call.turns for call in split.call))
            for line in lines
            if line.startswith("C")
        }
        for split in SPLITS.values()
    ]
    assert customer[0] & customer[1] == set()


@pytest.mark.parametrize("name", SPLITS)
def test_every_call_can_be_written_out(name: str) -> None:
    split: Split = SPLITS[name]
    rules = {rule.id for rule in load_rules(AgentConfig().rule_files())}
    assert len({call.name for call in split.call}) == len(split.call)
    for number, call in enumerate(split.call):
        script = script_of(split, number)
        ids = {turn.id for turn in script.turns}
        for alert in script.expected:
            assert alert.rule in rules, call.name
            assert {alert.not_before.turn, alert.not_after.turn} <= ids, call.name
