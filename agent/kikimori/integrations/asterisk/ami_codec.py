"""Byte format of the Asterisk Manager Interface: blocks of `Key: value` lines, an empty line ends each. Pure.

Source: Asterisk's documentation "AMI v2 Specification", and what a running Asterisk 22 sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GREETING = "Asterisk Call Manager/"
LINE_LIMIT = 64 * 1024
"""Bytes of one line. Asterisk's own limit is far lower except for variables, which are never asked for here."""
BLOCK_LIMIT = 2000
"""Lines of one block."""


class AmiProtocolError(ValueError):
    """Input that is not AMI, or larger than any legitimate message."""


@dataclass(frozen=True, slots=True)
class Block:
    """One response or event: its lines in order, as keys may repeat."""

    lines: tuple[tuple[str, str], ...]

    def get(self, key: str) -> str:
        """Return the first value of `key`, in whatever case Asterisk writes it; empty if there is none."""
        wanted = key.lower()
        return next((value for name, value in self.lines if name.lower() == wanted), "")

    def all(self, key: str) -> list[str]:
        wanted = key.lower()
        return [value for name, value in self.lines if name.lower() == wanted]

    @property
    def event(self) -> str:
        """Name of the event; empty for a response."""
        return self.get("Event")

    @property
    def action_id(self) -> str:
        return self.get("ActionID")

    @property
    def ok(self) -> bool:
        return self.get("Response").lower() in ("success", "goodbye", "follows")

    @property
    def message(self) -> str:
        return self.get("Message")


def encode(action: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Make one action.

    Raises:
        ValueError: a key or value holds a line break: it would be a second action of somebody else's making.
    """
    lines = [("Action", action), *fields]
    for key, value in lines:
        if any(sign in key + value for sign in "\r\n\0") or ":" in key:
            raise ValueError(f"{key.split(':')[0][:32]!r}: a line break, or a colon in a key")
    return "".join(f"{key}: {value}\r\n" for key, value in lines).encode() + b"\r\n"


class BlockReader:
    """Takes bytes in any pieces, gives whole blocks."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lines: list[tuple[str, str]] = []
        self.greeting: str | None = None
        """The first line of the connection, once it has come."""

    def feed(self, data: bytes) -> Iterator[Block]:
        """Take bytes.

        Raises:
            AmiProtocolError: no greeting of an AMI, a line or block beyond the limits. The connection is of no more use.
        """
        self._rest += data
        start = 0
        while (end := self._rest.find(b"\n", start)) >= 0:
            line = bytes(self._rest[start:end]).rstrip(b"\r").decode("utf-8", "replace")
            start = end + 1
            if len(line) > LINE_LIMIT:
                raise AmiProtocolError("a line is too long")
            block = self._line(line)
            if block is not None:
                yield block
        del self._rest[:start]
        if len(self._rest) > LINE_LIMIT:
            raise AmiProtocolError("a line is too long")

    def _line(self, line: str) -> Block | None:
        if self.greeting is None:
            if not line.startswith(GREETING):
                raise AmiProtocolError("this port does not speak AMI")
            self.greeting = line
            return None
        if line:
            key, _, value = line.partition(":")
            self._lines.append((key.strip(), value.strip()))
            if len(self._lines) > BLOCK_LIMIT:
                raise AmiProtocolError("a block is too long")
            return None
        if not self._lines:
            return None
        block = Block(tuple(self._lines))
        self._lines = []
        return block
