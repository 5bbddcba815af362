"""Ways of speaking, and speakers. Everything that is no shout is named `calm` to the detector, however lively."""

from __future__ import annotations

from kikimori_training.effort.vocoder import Delivery
from kikimori_training.speech import SynthVoice

CALM = {
    "calm": Delivery(),
    "loud-friendly": Delivery(half_tones=1.0, tilt_db=1.5, level_db=9.0, tempo=0.92, vowels=1.05),
    "fast": Delivery(half_tones=0.7, tempo=1.3, tilt_db=0.5, level_db=1.0),
    "firm": Delivery(half_tones=1.0, tilt_db=2.0, level_db=4.0, breath=0.9),
    "joyful": Delivery(half_tones=3.0, pitch_range=1.6, tilt_db=2.0, level_db=4.0, tempo=1.08),
    "laughing": Delivery(half_tones=2.5, pitch_range=1.3, tilt_db=1.0, level_db=3.0, laugh=0.7, breath=1.5),
    "low": Delivery(half_tones=-1.5, tempo=0.92, level_db=-2.0, pitch_range=0.8),
}
SHOUT = {
    "shout-weak": Delivery(
        half_tones=4.0, tilt_db=7.0, first_formant=1.05, breath=0.7, vowels=1.1, level_db=7.0
    ),
    "shout": Delivery(
        half_tones=6.5, tilt_db=10.0, first_formant=1.1, breath=0.5, vowels=1.2, level_db=11.0, drive_db=3.0
    ),
    "shout-strong": Delivery(
        half_tones=9.0, tilt_db=13.0, first_formant=1.15, breath=0.35, vowels=1.25, level_db=15.0,
        pitch_range=0.8, drive_db=5.0,
    ),
}  # fmt: skip

TRAIN = {
    # High, bright voices are the ones that are taken for raised before they are known: there are five of them.
    "a-man": SynthVoice("a", -18.0, 1.0, 0.87),
    "b-man": SynthVoice("b", -15.5, 1.05, 0.9),
    "c-elder": SynthVoice("c", -17.0, 0.86, 0.89),
    "d-woman": SynthVoice("d", -9.0, 1.0, 0.99),
    "e-woman": SynthVoice("e", -7.0, 1.08, 1.02),
    "f-girl": SynthVoice("f", -4.5, 1.0, 1.08),
    "g-man": SynthVoice("g", -13.0, 1.1, 0.93),
    "h-elder": SynthVoice("h", -11.5, 0.9, 0.95),
    "i-child": SynthVoice("i", -2.0, 1.05, 1.13),
    "j-man": SynthVoice("j", -20.0, 0.95, 0.84),
    "q-child": SynthVoice("q", -3.5, 0.95, 1.12),
    "r-woman": SynthVoice("r", -5.0, 1.1, 1.05),
    "s-child": SynthVoice("s", -0.5, 1.1, 1.15),
}
TEST = {
    "k-man": SynthVoice("k", -16.5, 0.97, 0.88),
    "l-woman": SynthVoice("l", -8.0, 1.04, 1.0),
    "m-elder": SynthVoice("m", -18.5, 0.88, 0.86),
    "n-woman": SynthVoice("n", -10.5, 1.1, 0.96),
    "o-child": SynthVoice("o", -3.0, 1.0, 1.1),
    "p-man": SynthVoice("p", -14.0, 1.0, 0.92),
}
"""Held out: none of them is trained with."""
