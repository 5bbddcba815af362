"""The synthesised speakers and the telephone line do what they claim. Needs the extra `training`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("pyopenjtalk", reason="pip install 'kikimori[training]'")
pytest.importorskip("scipy", reason="pip install 'kikimori[training]'")

from kikimori_training import telephone
from kikimori_training.calls import load_script, render, trimmed
from kikimori_training.demo_calls import SCRIPTS, write
from kikimori_training.measure import active_level_db, pitch_hz, tilt_db
from kikimori_training.speech import RATE, Style, SynthVoice, say
from kikimori_training.telephone import Colour, Law, TelephonePath

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori_training.measure import Audio

# SudachiPy's, used within pyopenjtalk-plus.
pytestmark = pytest.mark.filterwarnings("ignore:.*Dictionary.create:DeprecationWarning")

CALLS = Path(__file__).parents[2] / "agent" / "kikimori_lab" / "demo" / "calls"
TEXT = "もう三十分も待っているんですよ。いったいどうなっているんですか。"
WOMAN = SynthVoice("woman", half_tones=-8, warp=0.98)
MAN = SynthVoice("man", half_tones=-17, warp=0.88)


def on_the_line(audio: Audio) -> Audio:
    return TelephonePath().carry(audio, RATE, seed=1)


def tone(hz: float, seconds: float = 1.0, rate: int = RATE) -> Audio:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_the_same_words_give_the_same_samples() -> None:
    np.testing.assert_array_equal(say(TEXT, MAN, Style.SHOUT), say(TEXT, MAN, Style.SHOUT))


def test_warp_moves_formants_but_neither_pitch_nor_tempo() -> None:
    plain, warped = (say(TEXT, SynthVoice("v", half_tones=-12, warp=warp)) for warp in (1.0, 0.85))
    assert len(warped) == pytest.approx(len(plain), rel=0.02)
    assert pitch_hz(warped, RATE) == pytest.approx(pitch_hz(plain, RATE), rel=0.04)
    assert envelope_shift(plain, warped) == pytest.approx(0.85, abs=0.03)


def envelope_shift(one: Audio, other: Audio) -> float:
    """Factor on the frequencies by which the long-term envelope of `one` fits that of `other` best."""
    grid = np.geomspace(300, 5000, 400)
    slopes_one, slopes_other = (np.diff(envelope_db(audio, grid)[::4]) for audio in (one, other))
    step = (grid[1] / grid[0]) ** 4
    count = len(slopes_one)
    fits = [
        np.corrcoef(
            slopes_one[max(0, -shift) : count - max(0, shift)],
            slopes_other[max(0, shift) : count - max(0, -shift)],
        )[0, 1]
        for shift in range(-15, 16)
    ]
    return float(step ** (int(np.argmax(fits)) - 15))


def envelope_db(audio: Audio, grid: NDArray[np.float64]) -> NDArray[np.float64]:
    frames = np.lib.stride_tricks.sliding_window_view(audio, 1024)[::256] * np.hanning(1024)
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).mean(axis=0)
    smooth = np.convolve(power, np.hanning(15) / np.hanning(15).sum(), "same")
    return np.asarray(10 * np.log10(np.interp(grid, np.fft.rfftfreq(1024, 1 / RATE), smooth)))


def test_half_tones_move_the_pitch() -> None:
    ratio = pitch_hz(say(TEXT, MAN), RATE) / pitch_hz(say(TEXT, WOMAN), RATE)
    assert ratio == pytest.approx(2 ** (-9 / 12), rel=0.05)


@pytest.mark.parametrize("voice", [WOMAN, MAN])
def test_a_shout_is_pressed_high_slow_and_loud(voice: SynthVoice) -> None:
    calm, shout = say(TEXT, voice), say(TEXT, voice, Style.SHOUT)
    assert len(trimmed(shout)) > 1.1 * len(trimmed(calm))
    assert 4 <= 12 * np.log2(pitch_hz(shout, RATE) / pitch_hz(calm, RATE)) <= 7
    assert 10 <= active_level_db(shout, RATE) - active_level_db(calm, RATE) <= 14
    assert 6 <= tilt_db(on_the_line(shout), telephone.RATE) - tilt_db(on_the_line(calm), telephone.RATE) <= 10


@pytest.mark.parametrize("voice", [WOMAN, MAN])
def test_loud_and_friendly_is_loud_without_being_pressed(voice: SynthVoice) -> None:
    calm, loud = say(TEXT, voice), say(TEXT, voice, Style.LOUD_FRIENDLY)
    assert active_level_db(loud, RATE) - active_level_db(calm, RATE) == pytest.approx(9, abs=1)
    assert abs(tilt_db(on_the_line(loud), telephone.RATE) - tilt_db(on_the_line(calm), telephone.RATE)) < 2


def test_fricatives_are_pressed_less_than_vowels() -> None:
    """The s of a shouted し keeps its place while the vowels' high band rises."""
    calm, shout = say("あああ。", WOMAN), say("あああ。", WOMAN, Style.SHOUT)
    hiss_calm, hiss_shout = say("しししし。", WOMAN), say("しししし。", WOMAN, Style.SHOUT)

    def above(audio: Audio) -> float:
        energy = np.abs(np.fft.rfft(audio)) ** 2
        hz = np.fft.rfftfreq(len(audio), 1 / RATE)
        return float(10 * np.log10(energy[hz > 3500].sum() / energy[hz < 1000].sum()))

    assert above(shout) - above(calm) > above(hiss_shout) - above(hiss_calm)


def test_the_line_keeps_time_and_band() -> None:
    click = np.zeros(RATE, dtype=np.float32)
    click[RATE // 2] = 0.5
    assert (
        abs(
            int(np.abs(TelephonePath(noise_db=-90).carry(click, RATE, seed=1)).argmax()) - telephone.RATE // 2
        )
        <= 1
    )
    for outside, at_most in ((60.0, -60), (3900.0, -35), (4500.0, -50)):
        assert active_level_db(telephone.band_pass(tone(outside), RATE)[2000:-2000], RATE) < at_most
    assert active_level_db(telephone.band_pass(tone(1000), RATE)[2000:-2000], RATE) == pytest.approx(
        -23, abs=0.5
    )


@pytest.mark.parametrize("law", list(Law))
def test_g711_is_close_and_changes_nothing_twice(law: Law) -> None:
    audio = tone(440, rate=telephone.RATE)
    once = telephone.g711(audio, law)
    assert not np.array_equal(once, audio)
    np.testing.assert_allclose(once, audio, atol=0.004)
    np.testing.assert_array_equal(telephone.g711(once, law), once)


def test_gain_control_flattens_level_and_leaves_tilt() -> None:
    line = TelephonePath(agc=True)
    calm, shout = (line.carry(say(TEXT, MAN, style), RATE, seed=1) for style in (Style.CALM, Style.SHOUT))
    assert abs(active_level_db(shout, telephone.RATE) - active_level_db(calm, telephone.RATE)) < 4
    assert tilt_db(shout, telephone.RATE) - tilt_db(calm, telephone.RATE) > 5


def test_noises_have_their_level() -> None:
    for sound in (
        telephone.noise(8000, -50, Colour.WHITE, seed=1),
        telephone.noise(8000, -50, Colour.PINK, seed=1),
        telephone.hum(8000, -50),
        telephone.babble([tone(300), say(TEXT, WOMAN)], 8000, -50, seed=1),
    ):
        assert len(sound) == 8000
        assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(-50, abs=0.1)


def test_a_committed_call_can_be_made_again(tmp_path: Path) -> None:
    """The same bytes where the synthesiser and its dictionary are the same; other versions may read a word otherwise."""
    call = render(load_script(SCRIPTS / "escalate.toml"), "escalate")
    write(call, tmp_path, "escalate")
    new, committed = (
        json.loads((folder / "escalate.json").read_text("utf-8")) for folder in (tmp_path, CALLS)
    )
    for one, other in zip(new["segments"], committed["segments"], strict=True):
        assert (one["role"], one["text"]) == (other["role"], other["text"])
        assert one["start"] == pytest.approx(other["start"], abs=0.5)
    again = tmp_path / "again"
    again.mkdir()
    write(render(load_script(SCRIPTS / "escalate.toml"), "escalate"), again, "escalate")
    assert (again / "escalate.flac").read_bytes() == (tmp_path / "escalate.flac").read_bytes()
