"""Whatever an agent answers to a press, the pages word it: every reason in the code has its sentence in both languages."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from kikimori_dashboard.pages.pages import STATIC

AGENT = Path(__file__).parents[2] / "agent" / "kikimori"
ANSWERING = [
    AGENT / "commands.py",
    AGENT / "bus" / "commands.py",
    *(AGENT / "integrations").rglob("*.py"),
    *(AGENT / "control").rglob("*.py"),
    AGENT.with_name("kikimori_lab") / "demo" / "pbx.py",
]
GATES = [AGENT / "bus" / "gate.py", AGENT / "control" / "targets.py", AGENT / "commands.py"]
"""Modules whose functions return the reason of a refusal."""
DASHBOARD = Path(__file__).parents[2] / "dashboard" / "kikimori_dashboard" / "actions" / "commands.py"


def calls_of(path: Path, *names: str) -> list[ast.Call]:
    def name(call: ast.Call) -> str:
        function = call.func
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and name(node) in names]


def reasons() -> set[str]:
    """Literal reasons of answers: the argument after the outcome."""
    found = set()
    for path in ANSWERING:
        for call in calls_of(path, "PbxAnswer", "_result"):
            for argument in call.args[1:3]:
                for node in ast.walk(argument):
                    if (
                        isinstance(node, ast.Constant)
                        and isinstance(node.value, str)
                        and node.value.isidentifier()
                    ):
                        found.add(node.value)
    for path in GATES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Return) and node.value is not None:
                returned = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
                found |= {each for each in returned if isinstance(each, str) and each.isidentifier()}
    for call in calls_of(DASHBOARD, "RefusedError"):
        if len(call.args) == 2 and isinstance(call.args[1], ast.Constant):
            found.add(str(call.args[1].value))
    return found


def test_the_reasons_were_found() -> None:
    assert {
        "unsigned",
        "unknown_key",
        "replayed",
        "no_such_call",
        "no_answer",
        "not_supported",
        "timeout",
        "broker_away",
    } <= reasons()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_reason_is_worded(language: str) -> None:
    known = json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8"))["reason"]
    assert sorted(reasons() - known.keys()) == []
