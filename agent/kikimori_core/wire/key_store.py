"""Key files of a state folder: a program's own keys, and the public keys that it trusts. All for its user alone.

`keys-own-NAME.json` is made at the first start. `keys-trusted-NAME.json` is written by `kikimori keys` and read again
while the program runs, so that a key that is revoked counts for nothing a second later.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import text
from kikimori_core.wire.envelope import sealed
from kikimori_core.wire.keys import KEY_PATTERN, SigningKey, fingerprint, is_public_key
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.private_file import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST_VALID = 2
"""Keys of one name that are trusted at a time: the one in use and the one that follows."""
MOST_BYTES = 1024 * 1024
RECORDS = "records"
"""Name of the records service's file of trusted keys: of dashboards on other machines that may hear recorded calls."""


class KeyTrust(Enum):
    """Standing of a key with the receiver of a signed message."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"
    TRUSTED = "trusted"


class TrustedKey(BaseModel):
    """Public key that a person has compared with its owner's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(min_length=1, max_length=128)
    """Owner: an agent's `agent_id`, or the name given to a dashboard."""
    key: str = Field(pattern=KEY_PATTERN)
    trusted_at: AwareDatetime
    revoked_at: AwareDatetime | None = None


class _TrustFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    v: int = 1
    keys: list[TrustedKey] = []


class TrustStore:
    """Keys that are trusted, from a file and given in memory. One that was revoked is never trusted again."""

    def __init__(self, path: Path | None = None, given: Iterable[TrustedKey] = ()) -> None:
        """`given`: keys of programs that run in this process, which are in no file."""
        self.fault: str = ""
        """Reason for which the file cannot be read; its former content stays valid."""
        self._path = path
        self._given = tuple(given)
        self._filed: tuple[TrustedKey, ...] = ()
        self._stamp: tuple[int, int, int] | None = None
        self.reread()

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        return (*self._given, *self._filed)

    def standing(self, key: str, name: str | None = None) -> KeyTrust:
        """Return how far a key is trusted; `name`: only as the key of this owner."""
        found = [each for each in self.keys if each.key == key and name in (None, each.name)]
        if any(each.revoked_at is not None for each in found):
            return KeyTrust.REVOKED
        return KeyTrust.TRUSTED if found else KeyTrust.UNKNOWN

    def valid(self, name: str | None = None) -> list[TrustedKey]:
        """Return the keys that are trusted now, of one owner or of all."""
        return [
            each
            for each in self.keys
            if name in (None, each.name) and self.standing(each.key) is KeyTrust.TRUSTED
        ]

    def named(self, key: str) -> str:
        """Return the owner of a known key, "" for any other."""
        return next((each.name for each in self.keys if each.key == key), "")

    def reread(self) -> bool:
        """Read the file if it changed; True when other keys are trusted now."""
        if self._path is None:
            return False
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp == self._stamp:
                return False
            filed = tuple(_read(self._path))
        except FileNotFoundError:
            stamp, filed = None, ()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is damaged"
            self.fault = text("file_reason", file=self._path, reason=reason)
            return False
        self.fault = ""
        self._stamp = stamp
        before, self._filed = self._filed, filed
        return before != filed

    # --- changes, by `kikimori keys`

    def trust(self, name: str, key: str) -> TrustedKey:
        """Add a key to the file; raises KikimoriError when it may not be trusted."""
        if not is_public_key(key):
            raise KikimoriError.of("no_public_key", key=repr(key))
        match self.standing(key):
            case KeyTrust.REVOKED:
                raise KikimoriError.of("key_revoked")
            case KeyTrust.TRUSTED if self.standing(key, name) is KeyTrust.TRUSTED:
                return next(each for each in self.keys if each.key == key and each.name == name)
            case KeyTrust.TRUSTED:
                raise KikimoriError.of("key_of_another", value=self.named(key))
            case KeyTrust.UNKNOWN:
                pass
        if len(self.valid(name)) >= MOST_VALID:
            raise KikimoriError.of("too_many_keys", name=name, most=MOST_VALID)
        added = TrustedKey(name=name, key=key, trusted_at=datetime.now(UTC))
        self._write((*self._filed, added))
        return added

    def revoke(self, what: str) -> list[TrustedKey]:
        """Revoke a key, given by itself, its fingerprint or its owner; return those that were trusted."""
        plain = what.replace(" ", "").lower()
        hit = [
            each
            for each in self._filed
            if each.revoked_at is None
            and (what in (each.key, each.name) or fingerprint(each.key).replace(" ", "") == plain)
        ]
        if not hit:
            raise KikimoriError.of("key_not_trusted", what=repr(what))
        now = datetime.now(UTC)
        self._write(
            tuple(
                each.model_copy(update={"revoked_at": now}) if each in hit else each for each in self._filed
            )
        )
        return hit

    def _write(self, keys: tuple[TrustedKey, ...]) -> None:
        if self._path is None:
            raise KikimoriError.of("no_trust_file")
        if self.fault:
            raise KikimoriError.of("trust_file_in_the_way", fault=self.fault)
        file = _TrustFile(keys=list(keys))
        write_private(self._path, file.model_dump_json(indent=1))
        self.reread()


@dataclass(frozen=True, slots=True)
class Identity:
    """Key with which a program signs, and the keys that it trusts."""

    key: SigningKey
    trust: TrustStore
    fault: str = ""
    """Reason for which the key is not on the disk; it then changes with the next start."""

    def sealed(self, message: bytes) -> bytes:
        """Return a message's payload with this program's signature."""
        return sealed(message, self.key)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems with the key that a person should know."""
        if not self.fault:
            return ()
        return (Problem.of("key_not_kept", fault=self.fault),)

    @classmethod
    def in_memory(cls, given: Iterable[TrustedKey] = ()) -> Identity:
        """Make a new one that leaves nothing on the disk."""
        return cls(SigningKey.make(), TrustStore(given=given))

    @classmethod
    def at(cls, folder: Path, name: str, given: Iterable[TrustedKey] = ()) -> Identity:
        """Read the keys of a state folder, and make the own key at the first start; `name`: see `own_path`.

        A folder that cannot be written gives a key in memory, and `fault`.
        """
        trust = TrustStore(trusted_path(folder, name), given)
        try:
            return cls(OwnKeys.at(own_path(folder, name)).current, trust)
        except OSError as error:
            return cls(SigningKey.make(), trust, f"{own_path(folder, name)}: {error.strerror or error}")


def given_key(name: str, key: SigningKey) -> TrustedKey:
    """Return the key of a program of the same process, to be given to another."""
    return TrustedKey(name=name, key=key.public, trusted_at=datetime.now(UTC))


class OwnKeys:
    """Keys of one program: the present signing key, and the one after the next change."""

    def __init__(self, current: SigningKey, following: SigningKey | None = None) -> None:
        self.current = current
        self.following = following

    @classmethod
    def read(cls, path: Path) -> OwnKeys | None:
        """Read the file, None when there is none yet; raises OSError, or KikimoriError when it is damaged."""
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            seeds = [
                base64.b64decode(said[each], validate=True) for each in ("current", "next") if said.get(each)
            ]
            return cls(*(SigningKey(seed) for seed in seeds))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            raise KikimoriError.of("key_damaged", path=path) from None

    @classmethod
    def at(cls, path: Path) -> OwnKeys:
        """Read the file, or make it with a new key; raises OSError or KikimoriError."""
        found = cls.read(path)
        if found is None:
            found = cls(SigningKey.make())
            found.write(path)
        return found

    def write(self, path: Path) -> None:
        said = {"v": 1, "current": _seed(self.current), "next": self.following and _seed(self.following)}
        write_private(path, json.dumps(said))


def own_path(folder: Path, name: str) -> Path:
    """Return the path of a program's own keys. `name`: `agent-` with its id, or `dashboard`."""
    return folder / f"keys-own-{name}.json"


def trusted_path(folder: Path, name: str) -> Path:
    return folder / f"keys-trusted-{name}.json"


def _read(path: Path) -> list[TrustedKey]:
    with path.open(encoding="utf-8") as file:
        try:
            return _TrustFile.model_validate_json(file.read(MOST_BYTES)).keys
        except ValidationError as error:
            raise ValueError(str(error)) from None


def _seed(key: SigningKey) -> str:
    return base64.b64encode(key.seed).decode()
