"""The scores of effort: round weights set by hand, not fitted.

Nothing that may be redistributed holds anger, and a fit to synthetic shouts learns how these were made: it believes in the
tilt, and in no pitch that a child may have. So the numbers were chosen by looking at acted speech that is only measured on,
each has the sign that the literature gives (Banse & Scherer 1996; Traunmüller & Eriksson 2000; Juslin & Laukka 2003), and only
two numbers of each score, its bias and scale, were calibrated there: 0.75 is what one in a hundred calm clips reaches.
"""

from __future__ import annotations

from kikimori.hearing.effort_model import Regression, TemperModel, TemperScore

HIGHEST_PITCH = 8.0
"""Semitones over 200 Hz, 317 Hz: what is higher tells joy, fear and children from a calm man as well as anger."""
PITCH_RANGE = 7.0
"""Semitones over the speaker's own pitch."""
RAISED_PITCH = 4.0
"""Semitones over the speaker's own pitch that nearly all raised speech has. Announcements that follow each other on a tape differ in
level and colour as if somebody shouted, not in pitch."""
MOST_FLUX = 0.6
"""Raised speech changes its colour no more than this; careful announcers do."""
CALM_TRUSTED_S = 3.0

STRANGER_SCALE, STRANGER_BIAS = 1.5, 2.05
KNOWN_SCALE, KNOWN_BIAS = 2.0, -2.3


def _score(scale: float, bias: float, **weights: float) -> Regression:
    """Return a score as a regression on numbers as they are."""
    count = len(weights)
    return Regression(
        names=tuple(weights),
        mean=(0.0,) * count,
        scale=(1.0,) * count,
        weight=tuple(round(scale * each, 4) for each in weights.values()),
        bias=bias,
    )


STRANGER = _score(
    STRANGER_SCALE,
    STRANGER_BIAS,
    pitch_capped=1 / 3,
    pitch_sd=-0.2,
    vowel_2=0.13,
    flux_capped=2.0,
    voicing=-4.0,
    high=-1.0,
)
"""Per semitone, decibel, and share. A melody, a clear voice and a
pitch above 400 Hz (`high`) speak for joy, for a baby, or for somebody who reads well."""
KNOWN = _score(
    KNOWN_SCALE,
    KNOWN_BIAS,
    pitch_over=1 / 3,
    pitch_missing=-0.4,
    pitch_sd=-0.25,
    tilt_over=0.1,
    vowel_tilt_over=0.1,
    level_over=0.05,
    vowel_0_over=-0.15,
    voicing_over=-4.0,
    high=-1.5,
)
CRY = _score(1.0, 6.0, pitch=0.8, vowel_0=-0.6, flux=-30.0)
"""Per semitone, decibel, and share, over three seconds or so; above 0 somebody cries. A baby's cry is high for seconds, has next to
no energy below 600 Hz, and keeps its colour: no syllables change it, as they do when somebody shouts."""

TEMPER = TemperModel(
    stranger=TemperScore(
        score=_score(1.0, 4.0, tilt_sd=-1.35, shape_step=1.94, voiced_run=-0.35, falling=14.0),
        least=-4.0,
        most=1.25,
    ),
    known=TemperScore(
        score=_score(
            1.0, -0.2, voicing=-49.0, tilt_sd=-2.7, balance_step=6.9, shape_step=1.94, voiced_run=-0.35
        ),
        least=-6.0,
        most=0.0,
    ),
    flow=TemperScore(score=_score(1.0, -1.0, roughness=1.5, shape_step=3.0), least=-4.0, most=0.0),
    prior=(0.376, 9.013, 4.451, 10.425, 3.418, 0.491, -11.3),
    louder_db=8.0,
    least_louder=-1.5,
    broken_run=2.5,
    broken_weight=3.0,
)
"""Each number weighs once or twice the inverse of its spread in calm speech of Japanese voices of HMM synthesis. The
biases and limits were calibrated; of a known voice it only ever subtracts. Of one that is much louder than when calm `known` subtracts little; `flow`, whose two numbers
differ most between anger and loud joy, does so whatever the level. The prior is the mean of the recipe's calm clips, of its clean test
clips for the roughness."""
