"""Training of the network over sentences' vectors: it sees the texts that judging gives to the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.told import PHRASES, said

from kikimori.config import BUILTIN_OPINION, BUILTIN_SENTENCES
from kikimori_core.judging.second_opinion.checked import CheckedPhrases
from kikimori_core.judging.second_opinion.model import load_model
from kikimori_core.judging.sentence_encoder import SentenceEncoder
from kikimori_training.sentence_network import judged_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class _Asked(SentenceEncoder):
    """The shipped encoder, with the sentences that it was asked for."""

    texts: tuple[str, ...] = ()

    def of(self, text: str) -> NDArray[np.float32]:
        self.texts += (text,)
        return super().of(text)


ENCODER = _Asked.read(BUILTIN_SENTENCES)
BOOK = CheckedPhrases(PHRASES, load_model(BUILTIN_OPINION), ["insult", "threat", "violence"], ENCODER)


@pytest.mark.parametrize(
    "text", ["この馬鹿野郎がー！", "ふざけんなー、ぶっ殺すぞ〜〜", "殺す。ﾊﾞｶﾔﾛｰ", "コーヒーも出せない馬鹿が"]
)
def test_training_sees_what_judging_sees(text: str) -> None:
    BOOK.find(said(text, 10))
    assert set(ENCODER.texts[-1:]) == {judged_text(text)}
