"""The pieces into which the network cuts a stream change nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.support.brokers import AnyBroker
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening
from tests.support.telephone import on_the_line
from tests.system.conftest import agent_config, running

from kikimori.analysis import analyser
from kikimori.config import AgentConfig, SpeechTable
from kikimori.media.pace import Pace
from kikimori.taps import streamed_leg
from kikimori.taps.replay import open_recording
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import Alert, AlertState
from kikimori_lab.demo.script import FOLDER, RATE, load_calls

if TYPE_CHECKING:
    from pathlib import Path

PIECES = (1, 20, 137)


async def test_same_alerts_whatever_the_pieces(
    broker: AnyBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same customer three times at once, cut into 1, 20 and 137 bytes, over real sockets and a real broker."""
    # A busy machine lets one telephone speak late and another in time: here the samples alone are media time.
    monkeypatch.setattr(streamed_leg, "GAP_AFTER_S", WITHIN_S)
    monkeypatch.setattr(Pace, "correction_s", lambda *_: 0.0)
    call = next(each for each in load_calls() if each.name == "shout-from-start")
    expected = call.truth.expected_alerts[0]
    pcm = call.voices[Role.CUSTOMER][: round((expected.end + 1) * RATE)].tobytes()

    async def speak(piece: int) -> None:
        async with on_the_line(addresses, call=f"by-{piece}", role="customer", piece=piece) as telephone:
            await telephone.speak(pcm)

    async with (
        listening(broker.settings, "kikimori/v2/test/agents/agent/alerts/#") as listener,
        running(agent_config(tmp_path / "state", broker.settings)) as agent,
    ):
        addresses = await agent.ready
        await asyncio.gather(*(speak(piece) for piece in PIECES))
        # Every alert ends with its call, and its topic is cleared then.
        await listener.until(lambda: sum(not each.payload for each in listener.heard) == len(PIECES))

    stories = {
        piece: [
            (alert.rule, alert.severity, alert.state, alert.raised_s, alert.evidence)
            for alert in (Alert.model_validate_json(each.payload) for each in listener.heard if each.payload)
            if alert.call_id == f"by-{piece}"
        ]
        for piece in PIECES
    }
    assert [(rule, state) for rule, _, state, *_ in stories[1]][:1] == [("shouting", AlertState.OPEN)]
    assert stories[1] == stories[20] == stories[137]


@pytest.mark.parametrize("name", ["superior-demand", "threat"])
async def test_live_and_recorded_are_judged_alike(name: str, tmp_path: Path) -> None:
    """`analyze` raises what the truth expects, in the time it expects it, words included."""
    call = next(each for each in load_calls() if each.name == name)
    config = AgentConfig(state_dir=tmp_path, speech=SpeechTable(model="ja-synth", threads=1))
    async with analyser(config) as found:
        with open_recording(FOLDER / call.truth.audio) as recording:
            first = await found.analyse(recording)
        with open_recording(FOLDER / call.truth.audio) as recording:
            second = await found.analyse(recording)
    assert [(each.rule, each.severity) for each in first.changes[:1]] == [
        (each.rule, each.severity) for each in call.truth.expected_alerts
    ]
    assert (
        call.truth.expected_alerts[0].start <= first.changes[0].raised_s <= call.truth.expected_alerts[0].end
    )
    assert [each.evidence for each in first.changes] == [each.evidence for each in second.changes]
    assert [each.text for each in first.lines] == [each.text for each in second.lines]
