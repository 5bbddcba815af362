"""The committed demo calls: what the truth says is what the audio holds. Needs no synthesiser."""

from __future__ import annotations

import io
import json
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from kikimori_training.measure import (
    FRAME_S,
    active_level_db,
    frame_levels_db,
    pitch_hz,
    tilt_db,
)

if TYPE_CHECKING:
    from kikimori_training.measure import Audio

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "agent" / "kikimori_lab" / "demo" / "calls"
SCRIPTS = ROOT / "models" / "training" / "scripts"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.toml"))
LONG_CALLS = CALLS.parent / "long"
LONG_SCRIPTS = SCRIPTS / "long"
LONG = "five-minutes"
RATE = 8000
SIZE_LIMIT = 3_100_000

SPEECH_DB = -45.0
"""A segment's active level is above this."""
SILENCE_DB = -62.0
"""Every frame between segments is below this; the noisiest line lies near -78."""
EDGE_S = 0.15
"""Speech is heard this near to a segment's edges; a fricative there lies mostly above the telephone's band."""
RINGING_S = 0.05
"""The band-pass rings this long around a segment."""


@dataclass(frozen=True)
class Call:
    truth: dict[str, Any]
    audio: Audio

    def of(self, role: str, *styles: str) -> Audio:
        """All that `role` says in these styles (any, if none is given), end to end."""
        channel = self.audio[:, self.truth["channels"].index(role)]
        return np.concatenate(
            [
                channel[round(each["start"] * RATE) : round(each["end"] * RATE)]
                for each in self.truth["segments"]
                if each["role"] == role and (not styles or each["style"] in styles)
            ]
        )


def load(name: str) -> Call:
    folder = LONG_CALLS if name == LONG else CALLS
    truth = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    audio, rate = soundfile.read(folder / truth["audio"], dtype="float32", always_2d=True)
    assert rate == RATE
    return Call(truth, audio)


@pytest.fixture(params=[*NAMES, LONG])
def call(request: pytest.FixtureRequest) -> Call:
    return load(request.param)


def test_each_script_has_its_call_and_the_set_is_small() -> None:
    assert len(NAMES) == 9
    assert {path.name for path in CALLS.iterdir()} == {
        f"{name}.{end}" for name in NAMES for end in ("flac", "json")
    }
    assert sum(path.stat().st_size for path in CALLS.iterdir()) <= SIZE_LIMIT


def test_the_long_call_is_as_long_as_a_real_one() -> None:
    """And its first alert comes after more lines than a screen shows."""
    call = load(LONG)
    assert {path.name for path in LONG_CALLS.iterdir()} == {f"{LONG}.flac", f"{LONG}.json"}
    assert len(call.audio) / RATE >= 300
    first = min(each["from"] for each in call.truth["expected_alerts"])
    assert first > 180
    assert sum(each["start"] < first for each in call.truth["segments"]) > 30
    assert (LONG_CALLS / f"{LONG}.flac").stat().st_size <= SIZE_LIMIT


@pytest.mark.parametrize("name", [*NAMES, LONG])
def test_truth_is_what_the_script_says(name: str) -> None:
    folder = LONG_SCRIPTS if name == LONG else SCRIPTS
    script = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    truth = load(name).truth
    assert [(each["role"], each["text"], each["style"]) for each in truth["segments"]] == [
        (turn["role"], turn["text"], turn.get("style", "calm")) for turn in script["turns"]
    ]
    assert truth["title"] == script["title"]
    assert truth["caller"] == script["caller"]
    assert [each["rule"] for each in truth["expected_alerts"]] == [
        each["rule"] for each in script.get("expected", [])
    ]


def test_truth_has_its_fields(call: Call) -> None:
    truth, seconds = call.truth, len(call.audio) / RATE
    assert set(truth) - {"tolerated"} == {
        *("version", "audio", "channels", "language", "title", "caller", "caller_name"),
        *("operator", "segments", "dtmf", "expected_alerts"),
    }
    # Only where something is alarming anyway: a calm call raises nothing at all.
    tolerated = {*truth.get("tolerated", [])}
    assert "tone" in tolerated if truth["expected_alerts"] else not tolerated
    assert tolerated <= {"phrase-unreasonable", "repeated-demand", "tone"}
    assert truth["version"] == 1
    assert truth["language"] == "ja"
    assert truth["channels"] == ["customer", "operator"]
    assert set(truth["title"]) == {"ja", "en"}
    assert truth["caller"].startswith("0300000"), "no real subscriber has such a number"
    assert set(truth["operator"]) == {"extension", "name"}
    for segment in truth["segments"]:
        assert set(segment) == {"role", "start", "end", "text", "style"}
        assert 0 <= segment["start"] < segment["end"] <= seconds
    for press in truth["dtmf"]:
        assert set(press) == {"role", "at", "digit"}
        assert 0 < press["at"] < seconds
    for alert in truth["expected_alerts"]:
        assert set(alert) == {"rule", "severity", "from", "to", "needs_words"}
        assert 0 < alert["from"] < alert["to"] <= seconds


def test_expected_rules_are_configured(call: Call) -> None:
    rules: dict[str, dict[str, Any]] = {}
    for path in (ROOT / "config/rules/default.toml", ROOT / "config/demo/rules.toml"):
        rules |= {rule["id"]: rule for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]}
    for alert in call.truth["expected_alerts"]:
        rule = rules[alert["rule"]]
        severities = (
            {rule["severity"]} if "severity" in rule else {step["severity"] for step in rule["steps"]}
        )
        assert alert["severity"] in severities


def test_audio_is_telephone_audio(call: Call) -> None:
    assert call.audio.shape[1] == 2
    assert 25 <= len(call.audio) / RATE <= (310 if call.truth["audio"] == f"{LONG}.flac" else 75)
    file = io.BytesIO()
    soundfile.write(file, call.audio, RATE, format="WAV", subtype="ULAW")
    file.seek(0)
    np.testing.assert_array_equal(soundfile.read(file, dtype="float32")[0], call.audio)
    for leg in call.audio.T:
        energy = np.abs(np.fft.rfft(leg)) ** 2
        hz = np.fft.rfftfreq(len(leg), 1 / RATE)
        outside = energy[(hz < 200) | (hz > 3700)].sum() / energy.sum()
        assert outside < 0.005


def test_speech_is_where_the_truth_says(call: Call) -> None:
    """On its own channel; its edges too; and silence everywhere else."""
    for column, role in enumerate(call.truth["channels"]):
        leg = call.audio[:, column]
        rest = np.ones(len(leg), dtype=bool)
        for segment in (each for each in call.truth["segments"] if each["role"] == role):
            start, end = round(segment["start"] * RATE), round(segment["end"] * RATE)
            clip, edge = leg[start:end], round(EDGE_S * RATE)
            assert active_level_db(clip, RATE) > SPEECH_DB
            for near_edge in (clip[:edge], clip[-edge:]):
                assert frame_levels_db(near_edge, RATE).max() > SILENCE_DB, segment["text"]
            rest[max(start - round(RINGING_S * RATE), 0) : end + round(RINGING_S * RATE)] = False
        frames = rest[: len(rest) // 160 * 160].reshape(-1, round(FRAME_S * RATE)).all(axis=1)
        assert frame_levels_db(leg, RATE)[frames].max() < SILENCE_DB


def test_shouting_is_effort_against_the_same_speakers_calm_voice() -> None:
    call = load("shouting")
    calm, shout = call.of("customer", "calm"), call.of("customer", "shout")
    assert len(shout) / RATE >= 8
    assert active_level_db(shout, RATE) - active_level_db(calm, RATE) > 9
    assert tilt_db(shout, RATE) - tilt_db(calm, RATE) > 5
    assert pitch_hz(shout, RATE) / pitch_hz(calm, RATE) > 2 ** (4 / 12)


def test_gain_control_hides_the_shout_in_level_but_not_in_tilt() -> None:
    call = load("shout-from-start")
    assert {each["style"] for each in call.truth["segments"] if each["role"] == "customer"} == {"shout"}
    shout, operator = call.of("customer"), call.of("operator")
    assert abs(active_level_db(shout, RATE) - active_level_db(operator, RATE)) < 6
    assert tilt_db(shout, RATE) > -2


def test_the_elder_is_loud_without_effort() -> None:
    elder = load("loud-elder").of("customer")
    others = [load(name).of("customer", "calm") for name in ("calm-enquiry", "superior-demand", "threat")]
    assert active_level_db(elder, RATE) > max(active_level_db(each, RATE) for each in others) + 10
    assert tilt_db(elder, RATE) < max(tilt_db(each, RATE) for each in others)


def test_the_customer_holds_the_operator_after_the_refusal() -> None:
    segments = load("detention-after-refusal").truth["segments"]
    refused = next(each["end"] for each in segments if "お応えできかねます" in each["text"])
    said = [
        (each["start"], each["end"])
        for each in segments
        if each["role"] == "customer" and each["start"] > refused
    ]
    assert said[-1][1] - refused >= 45
    pauses = [later[0] - earlier[1] for earlier, later in pairwise(said)]
    assert max(pauses) < 10, "a long silence would end the detention"


def test_escalation_is_keyed_and_not_heard() -> None:
    presses = load("escalate").truth["dtmf"]
    assert [(press["role"], press["digit"]) for press in presses] == [("operator", "*"), ("operator", "9")]
