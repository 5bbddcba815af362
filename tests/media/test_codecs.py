"""Codecs, held against other implementations.

`data/tones.sln16` is half a second of tones and noise; `asterisk.g722` and `asterisk.sln16` are what Asterisk 22's
`file convert` made of it, there and back.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.media.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from kikimori.media.g722 import G722Decoder, G722Encoder
from kikimori_core.g711 import ALAW, ULAW

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"
EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768, dtype="<i2")


def test_mu_law_has_the_values_of_the_standard() -> None:
    # ITU-T G.711, table 2: the ends, the border of each segment and both zeros.
    assert [int(ULAW[code]) for code in (0x00, 0x80, 0x0F, 0x10, 0x7F, 0xFF, 0x7E, 0xFE)] == [
        *(-32124, 32124, -16764, -15996),
        *(0, 0, -8, 8),
    ]


def test_a_law_has_the_values_of_the_standard() -> None:
    # ITU-T G.711, table 1, with every other bit turned over.
    assert [int(ALAW[code]) for code in (0xD5, 0x55, 0xAA, 0x2A)] == [8, -8, 32256, -32256]


@pytest.mark.parametrize(
    ("encode", "decode"), [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)], ids=["ulaw", "alaw"]
)
def test_g711_codes_every_sample_as_the_nearest_value_there_is(
    encode: Callable[[bytes], bytes], decode: Callable[[bytes], bytes]
) -> None:
    table = np.unique(np.frombuffer(decode(EVERY_CODE), "<i2").astype(int))
    there_and_back = np.frombuffer(decode(encode(EVERY_SAMPLE.tobytes())), "<i2").astype(int)
    least = np.abs(EVERY_SAMPLE.astype(int)[:, None] - table[None, :]).min(axis=1)
    assert np.array_equal(np.abs(there_and_back - EVERY_SAMPLE), least)


def test_g722_decodes_bit_for_bit_as_asterisk() -> None:
    assert (
        G722Decoder().decode((DATA / "asterisk.g722").read_bytes()) == (DATA / "asterisk.sln16").read_bytes()
    )


def test_g722_encodes_bit_for_bit_as_asterisk() -> None:
    assert G722Encoder().encode((DATA / "tones.sln16").read_bytes()) == (DATA / "asterisk.g722").read_bytes()


@given(cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_g722_in_pieces_is_the_same_as_at_once(cuts: list[int]) -> None:
    coded = (DATA / "asterisk.g722").read_bytes()
    decoder = G722Decoder()
    edges = [0, *sorted(cuts), len(coded)]
    pieces = [decoder.decode(coded[a:b]) for a, b in pairwise(edges)]
    assert b"".join(pieces) == (DATA / "asterisk.sln16").read_bytes()


def test_g722_refuses_half_a_pair_of_samples() -> None:
    with pytest.raises(ValueError, match="two samples"):
        G722Encoder().encode(b"\0\0")
