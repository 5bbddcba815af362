"""`kikimori evaluate` as its user runs it, on calls of the evaluation set made here, with the real recogniser."""

from __future__ import annotations

import html.parser
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.program import kikimori

from kikimori.config import DEFAULTS
from kikimori_lab.demo.script import FOLDER

pytestmark = pytest.mark.timeout(3000)
"""Clips are made in minutes, on a busy machine in many."""
TRAINING = Path(__file__).parents[2] / "models" / "training"
RULES = DEFAULTS / "demo" / "rules.toml"
CHOSEN = ["sincerity", "report-of-abuse", "figure-of-speech", "superior-not-needed", "violence"]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five calls of the test split: two to alarm at, three not."""
    out = tmp_path_factory.mktemp("calls")
    subprocess.run(
        [sys.executable, "-m", "kikimori_training.evaluation_calls", "--out", out, "--only", *CHOSEN],
        env={**os.environ, "PYTHONPATH": str(TRAINING)},
        check=True,
        timeout=2400,
    )
    return out / "test"


async def test_figures_and_report(calls: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    ended = await kikimori("evaluate", calls, "--model", "ja-synth", "--json", "--report", report)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["calls"] == 5
    assert found["model"] == "ja-synth"
    assert found["harmless_calls"] == {"calls": 3, "with_false_alarm": 0}
    assert found["all"]["recall"] == 1
    assert found["all"]["precision"] == 1
    assert found["faults"] == []
    assert set(found["rules"]) >= {"phrase-unreasonable", "phrase-violence"}
    assert 0 <= found["words"]["customer"]["cer"] < 0.15
    assert found["words"]["customer"]["characters"] > 100
    page = report.read_text(encoding="utf-8")
    # Complete in itself: nothing is fetched.
    assert page.count("<svg") == 5
    assert "http" not in page
    tags = _Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert "誠意" in page or "形で示せ" in page


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)


async def test_the_demo_by_its_own_rules_and_without_words(tmp_path: Path) -> None:
    ended = await kikimori("evaluate", FOLDER, "--model", "ja-synth", "--rules", RULES, "--json")
    found = json.loads(ended.out)
    assert (found["all"]["expected"], found["all"]["right"], found["all"]["false"]) == (6, 6, 0)
    silent = tmp_path / "silent.toml"
    silent.write_text("[speech]\nenabled = false\n", encoding="utf-8")
    found = json.loads((await kikimori("evaluate", FOLDER, "--config", silent, "--json")).out)
    # What needs words is not asked for, and says so by the missing model.
    assert found["model"] is None
    assert found["words"] is None
    assert set(found["rules"]) == {"escalate", "shouting"}


def _truth(**changes: Any) -> dict[str, Any]:
    truth = json.loads((FOLDER / "threat.json").read_text(encoding="utf-8"))
    return {**truth, **changes}


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        (_truth(version=2), "version"),
        (_truth(audio="none.flac"), "none.flac: cannot be read: no such file"),
        (_truth(channels=["customer"]), "has 2 channels where 1 were expected"),
        (_truth(channels=["customer", "boss"]), "channels.1"),
        (
            _truth(expected_alerts=[{"rule": "r", "severity": "warning", "from": 5, "to": 1}]),
            "to must not be before",
        ),
        (
            _truth(expected_alerts=[{"rule": "r", "severity": "wrning", "from": 1, "to": 5}]),
            "expected_alerts.0.severity",
        ),
        (_truth(expected_alerts=[{"rule": "nosuch", "severity": "warning", "from": 1, "to": 5}]), "'nosuch'"),
        (_truth(segmnts=[]), "segmnts"),
        (_truth(segments=[{"role": "customer", "start": -1, "end": 2, "text": "x"}]), "segments.0.start"),
    ],
)
async def test_a_mistake_in_the_truth_is_named(tmp_path: Path, truth: dict[str, Any], reason: str) -> None:
    shutil.copy(FOLDER / "threat.flac", tmp_path)
    (tmp_path / "call.json").write_text(json.dumps(truth), encoding="utf-8")
    silent = tmp_path / "silent.toml"
    silent.write_text("[speech]\nenabled = false\n", encoding="utf-8")
    ended = await kikimori("evaluate", tmp_path, "--config", silent)
    assert ended.code == 1
    assert reason in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


async def test_a_folder_that_is_none(tmp_path: Path) -> None:
    ended = await kikimori("evaluate", tmp_path / "none")
    assert (ended.code, "no such folder" in ended.err) == (1, True)
    (tmp_path / "dev").mkdir()
    ended = await kikimori("evaluate", tmp_path)
    assert ended.code == 1
    assert "one of its folders was meant: dev" in ended.err
