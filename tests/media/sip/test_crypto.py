"""The `a=crypto` line. Examples: RFC 4568, 6 and 9; what SBCs write besides."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.media.sip.crypto import (
    MAX_KEYS,
    Crypto,
    CryptoError,
    InlineKey,
    parse_crypto,
    write_crypto,
)

KEY = bytes(range(30))
INLINE = base64.b64encode(KEY).decode()


def test_a_line_of_the_standard() -> None:
    """RFC 4568, 4."""
    crypto = parse_crypto(
        "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32"
    )
    assert (crypto.tag, crypto.suite, crypto.parameters) == (1, "AES_CM_128_HMAC_SHA1_80", ())
    (key,) = crypto.keys
    assert key.material == b"=-n@%^x!Bjufr9)?,#5h\\`=&]{qiPQ"
    assert key.mki == bytes(31) + b"\1"


def test_several_keys_with_their_identifiers_and_parameters() -> None:
    """RFC 4568, 9.1: the second line of the offer."""
    crypto = parse_crypto(
        "2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4;"
        "inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4 FEC_ORDER=FEC_SRTP"
    )
    assert [key.mki for key in crypto.keys] == [b"\0\0\0\1", b"\0\0\0\2"]
    assert crypto.keys[0].material == b"123456789ABCDE0123456789ABcdef"
    assert crypto.parameters == ("FEC_ORDER=FEC_SRTP",)


@pytest.mark.parametrize(
    "written",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        f"1  aes_cm_128_hmac_sha1_80\tinline:{INLINE}|2^31",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}|1048576",
        f"1 AES_CM_128_HMAC_SHA1_80 INLINE:{INLINE}|",
    ],
)
def test_what_is_written_in_other_ways_means_the_same(written: str) -> None:
    assert parse_crypto(written) == Crypto(1, "AES_CM_128_HMAC_SHA1_80", (InlineKey(KEY),))


def test_an_identifier_needs_no_lifetime() -> None:
    assert parse_crypto(f"1 X inline:{INLINE}|258:2").keys[0].mki == b"\1\2"


@pytest.mark.parametrize("size", [28, 44, 46])
def test_padding_may_be_left_out(size: int) -> None:
    encoded = base64.b64encode(bytes(size)).decode()
    for text in (encoded, encoded.rstrip("=")):
        assert parse_crypto(f"1 X inline:{text}").keys[0].material == bytes(size)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "1",
        "1 AES_CM_128_HMAC_SHA1_80",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        f"-1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        f"1234567890 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        f"١ AES_CM_128_HMAC_SHA1_80 inline:{INLINE}",
        f"1 AES/CM inline:{INLINE}",
        f"1 X uri:{INLINE}",
        "1 X inline:",
        "1 X inline:A",
        "1 X inline:AAAAA",
        "1 X inline:****",
        f"1 X inline:{INLINE}|2^x",
        f"1 X inline:{INLINE}|2^20|1:4|5",
        f"1 X inline:{INLINE}|1:4|2:4",
        f"1 X inline:{INLINE}|2^20|2^21",
        f"1 X inline:{INLINE}|1:0",
        f"1 X inline:{INLINE}|1:129",
        f"1 X inline:{INLINE}|256:1",
        f"1 X inline:{INLINE}|:1",
        f"1 X inline:{INLINE};inline:{INLINE}",
        f"1 X inline:{INLINE}|1:4;inline:{INLINE}|1:4",
        f"1 X inline:{INLINE}|1:4;inline:{INLINE}|2:2",
        f"1 X inline:{INLINE};",
        "1 X " + ";".join(f"inline:{INLINE}|{n}:4" for n in range(MAX_KEYS + 1)),
        "1 X inline:" + "A" * 2000,
    ],
)
def test_a_broken_line_is_refused_without_a_word_of_it(broken: str) -> None:
    with pytest.raises(CryptoError) as refused:
        parse_crypto(broken)
    assert refused.value.args == ()
    assert refused.value.__cause__ is None


def test_no_key_stands_in_a_repr() -> None:
    crypto = parse_crypto(f"1 X inline:{INLINE}|1:4")
    assert INLINE not in repr(crypto)
    assert repr(KEY)[2:12] not in repr(crypto)
    assert "mki" in repr(crypto)


@given(st.text(max_size=200))
def test_any_text_is_a_line_or_refused(text: str) -> None:
    with contextlib.suppress(CryptoError):
        parse_crypto(text)


_TOKENS = st.sampled_from(
    [*"0123456789;:|^= ", "inline:", INLINE, "2^31", "1:4", "AES_CM_128_HMAC_SHA1_80", "WSH=64", "==", "\t"]
)


@given(st.lists(_TOKENS, max_size=30).map("".join))
def test_pieces_of_lines_in_any_order_are_lines_or_refused(text: str) -> None:
    try:
        crypto = parse_crypto(text)
    except CryptoError:
        return
    assert crypto.keys
    assert len({key.mki for key in crypto.keys}) == len(crypto.keys)


@given(
    tag=st.integers(0, 999_999_999),
    suite=st.from_regex("[A-Z0-9_]{1,64}", fullmatch=True),
    material=st.binary(min_size=2, max_size=300),
    parameters=st.lists(st.from_regex("[A-Z_]{1,20}(=[0-9]{1,3})?", fullmatch=True), max_size=3).map(tuple),
)
def test_what_is_written_is_read_again(
    tag: int, suite: str, material: bytes, parameters: tuple[str, ...]
) -> None:
    assert parse_crypto(write_crypto(tag, suite, material, parameters)) == Crypto(
        tag, suite, (InlineKey(material),), parameters
    )
