"""Figures of every bench are explained in Japanese."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kikimori.cli.options import print_figures
from kikimori_core.messages import label
from kikimori_lab.bench import (
    calls,
    chaos,
    commands,
    effort,
    listen,
    overload,
    page,
    phrases,
    record_chaos_report,
    requests,
    rtp,
    snapshot,
    soak,
    words,
)

FIGURES = (
    calls.CallsFigures,
    chaos.ChaosReport,
    commands.CommandCost,
    effort.EffortFigures,
    listen.ListenFigures,
    overload.OverloadFigures,
    page.PageFigures,
    phrases.PhrasesFigures,
    record_chaos_report.RecordChaosReport,
    requests.RequestFigures,
    rtp.RtpFigures,
    snapshot.SnapshotFigures,
    soak.SoakFigures,
    words.WordsFigures,
)


def test_every_figure_has_a_meaning_in_japanese() -> None:
    bare = [
        f"{kind.__name__}.{each.name}"
        for kind in FIGURES
        for each in fields(kind)
        if label(each.name, "ja") == each.name
    ]
    assert bare == []


def test_figures_are_printed_with_their_meaning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = effort.EffortFigures(1, 2, 0.5, 1.0, 2.0, effort.REFERENCE, 1.0, 3.0)
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    print_figures(found, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["legs", "1", "（声）"]
    assert "webrtcvad の is_speech だけ" in lines[5]
    monkeypatch.setenv("LANG", "C")
    print_figures(found, as_json=False)
    assert capsys.readouterr().out.splitlines()[0].split() == ["legs", "1"]
