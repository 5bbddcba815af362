"""Blocks of the manager interface, from whole bytes and from broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.integrations.asterisk.ami_codec import (
    BLOCK_LIMIT,
    LINE_LIMIT,
    AmiProtocolError,
    BlockReader,
    encode,
)

GREETING = b"Asterisk Call Manager/13.0.0\r\n"
CAPTURED = sorted((Path(__file__).parent / "control" / "data").glob("*.ami"))


def sent_by_asterisk(path: Path) -> bytes:
    """The bytes from Asterisk in a transcript."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return b"".join(
        "".join(f"{line[2:]}\r\n" for line in block.strip().split("\n")).encode() + b"\r\n"
        for block in blocks
        if block.strip().startswith("<")
    )


def test_an_action_is_lines_and_an_empty_one() -> None:
    assert encode("Setvar", [("Variable", "A"), ("Value", "x: y")]) == (
        b"Action: Setvar\r\nVariable: A\r\nValue: x: y\r\n\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\n", "a\r", "a\0"])
def test_no_value_becomes_an_action_of_its_own(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode("Setvar", [("Value", value)])


def test_what_a_real_asterisk_sent() -> None:
    assert CAPTURED
    for path in CAPTURED:
        data = sent_by_asterisk(path)
        whole = list(BlockReader().feed(data))
        reader = BlockReader()
        in_pieces = [block for at in range(0, len(data), 7) for block in reader.feed(data[at : at + 7])]
        assert in_pieces == whole
        # Recorded from two releases of Asterisk.
        assert reader.greeting in {"Asterisk Call Manager/11.0.0", "Asterisk Call Manager/13.0.0"}
        assert all(block.event or block.get("Response") for block in whole)


def test_keys_are_read_in_any_case_and_may_repeat() -> None:
    (block,) = BlockReader().feed(
        GREETING + b"Event: Newexten\r\nuniqueid: 1\r\nOutput: a\r\nOutput: b:c\r\n\r\n"
    )
    assert (block.event, block.get("Uniqueid"), block.all("output"), block.get("None")) == (
        "Newexten", "1", ["a", "b:c"], "",
    )  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        GREETING + b"x" * (LINE_LIMIT + 1),
        GREETING + b"x" * (LINE_LIMIT + 1) + b"\r\n",
        GREETING + b"a: b\r\n" * (BLOCK_LIMIT + 1),
    ],
)
def test_what_is_no_ami_ends_the_connection(data: bytes) -> None:
    with pytest.raises(AmiProtocolError):
        list(BlockReader().feed(data))


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_garbage_gives_blocks_or_the_one_error(pieces: list[bytes]) -> None:
    reader = BlockReader()
    try:
        for block in (each for piece in [GREETING, *pieces] for each in reader.feed(piece)):
            assert block.lines
    except AmiProtocolError:
        pass
