"""Sound of the journal: bit-exact in every form, and never larger than it must be."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori_core.g711 import ALAW, ULAW
from kikimori_core.journal.framing import MAX_RECORD, JournalError
from kikimori_core.journal.sound import MAX_SAMPLES, PIECE, SoundEncoding, decode_batch
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.windows import WINDOW, decode_windows, encode_windows


def heads(counts: list[int], call: int = 0) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    made = np.zeros(len(counts), PIECE)
    made["call"], made["leg"], made["samples"] = call, np.arange(len(counts)), counts
    made["position"] = 10_000_000_000
    return made


def there_and_back(coder: SoundCoder, pcm: list[bytes]) -> list[tuple[int, bytes]]:
    """Return encoding and s16le of each piece that is not empty."""
    payloads = coder.encode_batch(heads([len(each) // 2 for each in pcm]), pcm)
    found = []
    for batch in map(decode_batch, payloads):
        found += [(int(piece["encoding"]), batch.pcm(at)) for at, piece in enumerate(batch.pieces)]
    return found


def test_all_codes_of_both_laws_are_written_as_codes() -> None:
    """Every value of a law alone, in all neighbours, and all at once: a byte a sample, and the same samples again."""
    for law, table in ((SoundEncoding.ULAW, ULAW), (SoundEncoding.ALAW, ALAW)):
        values = table.astype("<i2")
        together = [values.tobytes(), *(pair.tobytes() for pair in np.stack([values, np.roll(values, 1)], 1))]
        alone = [each.tobytes() for each in values]
        found = there_and_back(SoundCoder(), together + alone)
        assert [pcm for _, pcm in found] == together + alone
        assert {encoding for encoding, _ in found[:257]} == {law} or law is SoundEncoding.ALAW
        assert SoundEncoding.S16LE not in {encoding for encoding, _ in found}
        (payload,) = SoundCoder().encode_batch(heads([256]), values.tobytes())
        assert len(payload) == 2 + PIECE.itemsize + 256


def test_every_other_value_is_written_as_it_is() -> None:
    every = np.arange(-32768, 32768).astype("<i2")
    others = every[~np.isin(every, ULAW) & ~np.isin(every, ALAW)]
    found = there_and_back(SoundCoder(), [each.tobytes() for each in others])
    assert {encoding for encoding, _ in found} == {SoundEncoding.S16LE}
    assert b"".join(pcm for _, pcm in found) == others.tobytes()


PIECES = st.lists(
    st.one_of(
        st.integers(0, 300).map(lambda samples: bytes(2 * samples)),
        st.binary(max_size=300).map(lambda codes: ULAW[np.frombuffer(codes, np.uint8)].tobytes()),
        st.binary(max_size=300).map(lambda codes: ALAW[np.frombuffer(codes, np.uint8)].tobytes()),
        st.binary(max_size=300).map(lambda data: data[: len(data) // 2 * 2]),
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(rounds=st.lists(PIECES, max_size=12))
def test_any_sound_comes_back_bit_for_bit(rounds: list[list[bytes]]) -> None:
    coder = SoundCoder()
    for pcm in rounds:
        assert [each for _, each in there_and_back(coder, pcm)] == [each for each in pcm if each]


def test_a_leg_of_no_law_is_tried_again_later() -> None:
    """Music of the switch first, then the caller's G.711: written as codes within some seconds."""
    coder, noise = SoundCoder(), Random(1)  # noqa: S311 - repeatable
    for _ in range(100):
        assert there_and_back(coder, [noise.randbytes(3200)])[0][0] == SoundEncoding.S16LE
    speech = ALAW[np.frombuffer(noise.randbytes(1600), np.uint8)].tobytes()
    encodings = [there_and_back(coder, [speech])[0][0] for _ in range(100)]
    first = encodings.index(SoundEncoding.ALAW)
    assert first <= 50
    assert set(encodings[first:]) == {SoundEncoding.ALAW}


def test_more_than_a_record_holds_is_several() -> None:
    pcm = Random(1).randbytes(2 * 16_000 * 100)  # noqa: S311 - repeatable
    payloads = SoundCoder().encode_batch(heads([16_000] * 100), pcm)
    payloads += SoundCoder().encode_batch(heads([10_000] * 160, call=9), pcm)
    assert max(map(len, payloads)) <= MAX_RECORD
    batches = [decode_batch(each) for each in payloads]
    assert b"".join(each.pcm(at) for each in batches for at in range(len(each.pieces))) == pcm * 2
    one = SoundCoder().encode_batch(heads([1] * 70_000), bytes(range(256)) * 546 + bytes(224))
    assert [len(decode_batch(each).pieces) for each in one] == [65_535, 4_465]
    largest = Random(2).randbytes(2 * MAX_SAMPLES)  # noqa: S311 - repeatable
    two = SoundCoder().encode_batch(heads([MAX_SAMPLES] * 2), [largest, largest])
    assert [decode_batch(each).pcm(0) == largest for each in two] == [True, True]
    with pytest.raises(ValueError, match="samples"):
        SoundCoder().encode_batch(heads([MAX_SAMPLES + 1]), bytes(2 * MAX_SAMPLES + 2))


def test_sound_of_a_rate_without_a_law_is_not_copied() -> None:
    """The parts of the payload are the bytes that came, also where they are values of a law; silence takes none."""
    speech = ULAW[np.frombuffer(Random(1).randbytes(3200), np.uint8)].tobytes()  # noqa: S311 - repeatable
    (parts,) = SoundCoder().encode_parts(heads([3200, 100, 3200]), speech + bytes(200) + speech, laws=False)
    batch = decode_batch(b"".join(parts))
    assert batch.pieces["encoding"].tolist() == [
        SoundEncoding.S16LE,
        SoundEncoding.SILENCE,
        SoundEncoding.S16LE,
    ]
    assert [batch.pcm(at) for at in range(3)] == [speech, bytes(200), speech]
    (parts,) = SoundCoder().encode_parts(heads([3200]), [speech], laws=False)
    assert np.shares_memory(np.frombuffer(parts[-1], np.uint8), np.frombuffer(speech, np.uint8))


def test_samples_that_do_not_fit_their_heads_are_refused() -> None:
    for counts in ([99], [101], [50, 51], []):
        with pytest.raises(ValueError, match="samples"):
            SoundCoder().encode_batch(heads(counts), bytes(200))
    assert SoundCoder().encode_batch(heads([]), b"") == []
    assert SoundCoder().encode_batch(heads([0, 0]), b"") == []


@given(data=st.binary(max_size=200))
def test_other_bytes_are_no_sound(data: bytes) -> None:
    try:
        batch = decode_batch(data)
    except JournalError:
        return
    begins = [*batch.offsets.tolist(), len(data)]
    assert [len(batch.raw(at)) for at in range(len(batch.pieces))] == [b - a for a, b in pairwise(begins)]


@given(at=st.integers(0, 41), bit=st.integers(0, 7))
def test_heads_that_promise_other_bytes_are_refused(at: int, bit: int) -> None:
    """Every flipped bit in count, encoding, width or samples; call, leg and position can be any."""
    (payload,) = SoundCoder().encode_batch(heads([100, 100]), Random(1).randbytes(400))  # noqa: S311 - repeatable
    flipped = bytearray(payload)
    flipped[at] ^= 1 << bit
    field = (at - 2) % PIECE.itemsize
    if at < 2 or field in (6, 7) or field >= 16:
        with pytest.raises(JournalError):
            decode_batch(bytes(flipped))
    else:
        assert decode_batch(bytes(flipped)).raw(1) == payload[-200:]


def test_windows_come_back_with_what_is_unknown() -> None:
    rows = np.zeros(3, WINDOW)
    rows["call"], rows["start_s"], rows["level_db"] = [1, 2, 3], [0.2, 7200.4, 1e6], -41.5
    rows["probability"] = np.nan
    found = decode_windows(encode_windows(rows))
    assert found.tobytes() == rows.tobytes()
    assert len(encode_windows(rows)) == 2 + 3 * 44
    for bad in (b"", b"\1", encode_windows(rows)[:-1], encode_windows(rows) + b"x"):
        with pytest.raises(JournalError):
            decode_windows(bad)
    with pytest.raises(ValueError, match="rows"):
        encode_windows(np.zeros(65_536, WINDOW))
