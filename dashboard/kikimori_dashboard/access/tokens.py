"""Random tokens of sessions, devices and links. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def looks_like_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """Return the hash under which a token is kept: of 256 random bits, so that a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
