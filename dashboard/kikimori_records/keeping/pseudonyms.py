"""Pseudonyms of callers: an HMAC of the number with a key of this store. The number cannot be got back without the key."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori_core.model.withheld import reason_of_user
from kikimori_core.wire.private_file import write_private
from kikimori_records.errors import StoreError
from kikimori_records.keeping.numbers import MASK, plain

if TYPE_CHECKING:
    from pathlib import Path

FILE = "caller-key"
"""Name of the file with the key, in the folder of the records."""
KEY_BYTES = 32
DIGITS = 24
"""Hexadecimal digits of a pseudonym: 96 bits, so that no two callers share one."""


class Pseudonyms:
    """Pseudonyms of one store. The same number has the same pseudonym as long as the store has its key."""

    def __init__(self, key: bytes) -> None:
        """Use a key of 32 bytes."""
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> Pseudonyms:
        """Read the key of a folder of records, and make one where there is none. It blocks.

        Raises:
            StoreError: the file holds no key.
            OSError: it cannot be read or written.
        """
        path = folder / FILE
        if not path.exists():
            _make(path)
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise StoreError.of("records_key_damaged", file=path)
        return cls(key)

    def of(self, number: str | None) -> str | None:
        """Return the pseudonym of a number in any spelling; None without one, and for a masked or a withheld number."""
        said = plain(number or "")
        if not said or MASK in str(number) or reason_of_user(str(number).strip().removeprefix("sip:")):
            return None
        return hmac.digest(self._key, said.encode(), "sha256").hex()[:DIGITS]


def _make(path: Path) -> None:
    """Write a new key, unless another program does so at the same time."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    write_private(new, secrets.token_hex(KEY_BYTES) + "\n")
    with suppress(FileExistsError):
        os.link(new, path)
    new.unlink()
