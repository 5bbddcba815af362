"""A program that was written for the former names of packages goes on for one release."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

FORMER = (
    "asyncapi",
    "backlog",
    "broker_problem",
    "connection",
    "delivery",
    "envelope",
    "evidence",
    "files",
    "former_topics",
    "key_store",
    "key_watch",
    "keys",
    "messages",
    "open_files",
    "peers",
    "private_file",
    "settings",
    "toml_file",
    "topics",
    "values",
)
"""Modules of the package before it moved, besides `errors`."""


@pytest.mark.parametrize("name", FORMER)
def test_a_module_is_the_same_under_its_former_name(name: str) -> None:
    assert import_module(f"kikimori_wire.{name}") is import_module(f"kikimori_core.wire.{name}")


def test_errors_are_the_same() -> None:
    assert import_module("kikimori_wire.errors") is import_module("kikimori_core.errors")


def test_it_is_imported_in_any_way() -> None:
    """In a process of its own, where nothing has loaded the modules before."""
    program = (
        "from kikimori_wire.messages import Alert\n"
        "from kikimori_wire import topics\n"
        "import kikimori_wire.connection as connection\n"
        "import kikimori_core.wire.messages\n"
        "assert Alert is kikimori_core.wire.messages.Alert\n"
        "assert topics.ROOT and connection.Client\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_judge_is_found_where_it_was() -> None:
    program = (
        "from kikimori.judging.judge import CallJudge\n"
        "from kikimori.judging.phrases import load_phrases\n"
        "from kikimori.judging.rules import load_rules\n"
        "from kikimori.judging.words import lexicon\n"
        "import kikimori.judging.second_opinion.model\n"
        "from kikimori.model.evidence import Role, Utterance\n"
        "import kikimori_core.judging.judge, kikimori_core.model.evidence, kikimori_core.judging.words.lexicon\n"
        "assert CallJudge is kikimori_core.judging.judge.CallJudge\n"
        "assert Utterance is kikimori_core.model.evidence.Utterance\n"
        "assert lexicon is kikimori_core.judging.words.lexicon\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
