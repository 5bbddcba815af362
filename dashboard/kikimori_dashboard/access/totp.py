"""Second factor: one-time passwords by time (RFC 6238), each good once, and recovery codes."""

from __future__ import annotations

import hashlib
import io
import secrets
from datetime import UTC, datetime
from hmac import compare_digest

import pyotp
import segno

STEP_S = 30
AROUND = 1
"""Steps before and after the present one that are taken too: telephones' clocks differ."""
RECOVERY_CODES = 10
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 4, 6
"""Groups of a recovery code, and letters of a group: 118 random bits, too many to be guessed from a fast hash."""


def new_secret() -> str:
    return pyotp.random_base32()


def uri_of(secret: str, login: str, site: str) -> str:
    """Return the address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"Kikimori {site}")


def picture_of(uri: str) -> str:
    """Return a QR code as SVG."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(
        out, kind="svg", scale=4, border=3, xmldecl=False, dark="#000", light="#fff"
    )
    return out.getvalue().decode()


def step_of(secret: str, code: str, now: datetime, used_step: int | None) -> int | None:
    """Return the time step of a right code; None for a wrong one, and for one of a step used before or earlier."""
    told = "".join(code.split())
    generator = pyotp.TOTP(secret)
    present = int(now.astimezone(UTC).timestamp()) // STEP_S
    for step in range(present - AROUND, present + AROUND + 1):
        if compare_digest(generator.at(step * STEP_S).encode(), told.encode()):
            return step if used_step is None or step > used_step else None
    return None


def new_recovery_codes() -> list[str]:
    """Return codes such as `7KQ2MX-W4HDR9-…`."""
    return ["-".join(_random_letters() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def recovery_hash(person_id: str, code: str) -> str:
    """Return the hash under which a recovery code is kept, whatever its case and dashes."""
    letters = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(f"{person_id} {letters}".encode()).hexdigest()


def _random_letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP))
