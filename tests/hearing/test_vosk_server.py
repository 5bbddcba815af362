"""Recognition over the LAN: the same words as in this process, and what happens when the server is away or mad."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.vosk_server import VoskServer, vosk_server

from kikimori.config import AgentConfig
from kikimori.errors import ConfigError
from kikimori.hearing.speech import vosk_server as under_test
from kikimori.hearing.speech.engine import SpeechUnavailableError
from kikimori.hearing.speech.pool import SpeechPool
from kikimori.hearing.speech.vosk_answers import final_from, parsed, partial_from
from kikimori.hearing.speech.vosk_engine import VoskEngine
from kikimori.hearing.speech.vosk_server import VoskServerEngine
from kikimori.modelstore import resolve
from kikimori.recognition import load_recognition
from kikimori_core.model.call import Role
from kikimori_core.wire.toml_file import load
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.hearing.speech.engine import SpeechEngine
    from kikimori_core.model.evidence import RecognisedWord, Utterance

MODEL = resolve("ja-synth", Path("unused"))
CHUNK = RATE // 5 * 2
[THREAT] = [call for call in load_calls() if call.name == "threat"]
SPEECH = THREAT.voices[Role.CUSTOMER].tobytes()


@pytest.fixture
async def server() -> AsyncIterator[VoskServer]:
    async with vosk_server(MODEL) as made:
        yield made


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server runs in this process: on a busy machine it is no fault of it when an answer takes seconds."""
    monkeypatch.setattr(under_test, "CONNECT_WITHIN_S", WITHIN_S)
    monkeypatch.setattr(under_test, "ANSWER_WITHIN_S", WITHIN_S)


@pytest.fixture
def tries_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "RETRY_AFTER_S", 0.3)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a server that is silent."""
    monkeypatch.setattr(under_test, "ANSWER_WITHIN_S", 0.5)


async def heard_by(engine: SpeechEngine, *, legs: int = 1, threads: int = 2) -> list[list[Utterance]]:
    """Give the same speech to every leg."""
    pool = SpeechPool(engine, asyncio.get_running_loop(), threads=threads, backlog_s=600)
    heard: list[list[Utterance]] = [[] for _ in range(legs)]
    done = [asyncio.Event() for _ in range(legs)]
    try:
        opened = [
            pool.open(Role.CUSTOMER, RATE, heard[number].append, done[number].set) for number in range(legs)
        ]
        for at in range(0, len(SPEECH) - CHUNK, CHUNK):
            for leg in opened:
                leg.feed(SPEECH[at : at + CHUNK], at / 2 / RATE, closes=at // CHUNK % 60 == 59)
        for leg in opened:
            leg.close()
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(each.wait() for each in done))
    finally:
        await asyncio.to_thread(pool.stop)
    return heard


def rounded(utterance: Utterance) -> Utterance:
    """Return it with certainties to three digits: the network's sums depend on how its input was cut."""
    likely = tuple(
        replace(each, words=digits(each.words), share=round(each.share, 3)) for each in utterance.likely
    )
    return replace(utterance, words=digits(utterance.words), likely=likely)


def digits(words: tuple[RecognisedWord, ...]) -> tuple[RecognisedWord, ...]:
    return tuple(replace(each, confidence=round(each.confidence, 3)) for each in words)


async def test_the_same_words_as_in_this_process(server: VoskServer) -> None:
    here = await heard_by(VoskEngine(MODEL))
    there = await heard_by(VoskServerEngine(server.url), legs=3)
    assert any("住所" in each.text for each in here[0])
    by_itself = [rounded(replace(each, engine="vosk-server")) for each in here[0]]
    assert [[rounded(each) for each in leg] == by_itself for leg in there] == [True] * 3
    # One connection per leg, at the leg's rate, closed when the leg is over.
    assert server.connections == 3
    assert server.configs[0] == {"sample_rate": RATE, "words": 1, "max_alternatives": 8}
    async with asyncio.timeout(WITHIN_S):
        while server.open:  # noqa: ASYNC110  (the server is another's program)
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("tries_again_soon")
async def test_a_server_that_comes_back_is_used_again() -> None:
    port = free_port()
    engine = VoskServerEngine(f"ws://127.0.0.1:{port}")
    with pytest.raises(SpeechUnavailableError, match="refused the connection"):
        await asyncio.to_thread(engine.open, RATE)
    assert engine.fault is not None
    async with vosk_server(MODEL, port), asyncio.timeout(WITHIN_S):
        heard: list[Utterance] = []
        while not any("住所" in each.text for each in heard):
            [heard] = await heard_by(engine)
    assert engine.fault is None


async def test_a_server_that_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "RETRY_AFTER_S", 10 * WITHIN_S)
    connections = 0

    def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        engine = VoskServerEngine(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for _ in range(100):
            with pytest.raises(SpeechUnavailableError):
                await asyncio.to_thread(engine.open, RATE)
    assert connections == 1


@pytest.mark.usefixtures("tries_again_soon")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no answer"),
        ("garbage", "no answer"),
        ("[]", "no answer"),
        ('{"text": "x", "result": [{"word": 1}]}', "no answer"),
        ('{"text": "x", "result": 5}', "no answer"),
        ('{"partial": 7}', "no answer"),
        ("x" * 3_000_000, "no answer"),
        (None, "did not answer"),
    ],
)
async def test_a_mad_server_costs_words_and_nothing_else(
    server: VoskServer, answer: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leg ends as it should, what was not heard is counted, the fault is told."""
    if answer is None:
        monkeypatch.setattr(under_test, "ANSWER_WITHIN_S", 0.5)
    server.misbehave = lambda _: answer
    engine = VoskServerEngine(server.url)
    pool = SpeechPool(engine, asyncio.get_running_loop(), threads=1, backlog_s=600)
    heard: list[Utterance] = []
    done = asyncio.Event()
    try:
        leg = pool.open(Role.CUSTOMER, RATE, heard.append, done.set)
        for at in range(0, CHUNK * 20, CHUNK):
            leg.feed(SPEECH[at : at + CHUNK], at / 2 / RATE, closes=False)
        leg.close()
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
        assert heard == []
        assert leg.shed_s == pytest.approx(4.0)
        assert pool.shed_s == leg.shed_s
        assert engine.fault is not None
        assert reason in engine.fault
    finally:
        await asyncio.to_thread(pool.stop)


@pytest.mark.usefixtures("impatient", "tries_again_soon")
async def test_stopping_while_the_server_is_silent(server: VoskServer) -> None:
    server.misbehave = lambda _: None
    pool = SpeechPool(VoskServerEngine(server.url), asyncio.get_running_loop(), threads=2, backlog_s=600)
    for _ in range(4):
        pool.open(Role.CUSTOMER, RATE, lambda _: None, lambda: None).feed(SPEECH[:CHUNK], 0.0, closes=False)
    async with asyncio.timeout(WITHIN_S):
        await asyncio.to_thread(pool.stop)
    assert pool.waiting_s >= 0


answers = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["word", "start", "end", "conf", "result", "text", "partial", "alternatives", "confidence"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(answers)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_answer_is_read_or_refused(answer: object) -> None:
    for read in (final_from, partial_from):
        try:
            found = read(parsed(json.dumps(answer)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        assert found is None or found.text is not None


async def test_configured(tmp_path: Path) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text('[speech]\nengine = "vosk-server"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="needs server"):
        load(path, AgentConfig)
    path.write_text('[speech]\nengine = "vosk-server"\nserver = "http://x"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="server"):
        load(path, AgentConfig)
    path.write_text('[speech]\nengine = "vosk-server"\nserver = "ws://127.0.0.1:2700"\n', encoding="utf-8")
    recognition = await load_recognition(load(path, AgentConfig))
    assert recognition.engine is not None
    assert recognition.engine.name == "vosk-server 127.0.0.1:2700"
    before = recognition.problem
    assert before is None
    with pytest.raises(SpeechUnavailableError):
        await asyncio.to_thread(recognition.engine.open, RATE)
    assert recognition.problem is not None
    assert recognition.problem.code == "speech_failing"
