"""Faults of the connection to Asterisk, in words for the person who can mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ari import AriAwayError, AriError
from kikimori.integrations.asterisk.tls import ARI, TlsFault, tls_remedy
from kikimori.integrations.asterisk.version import OLDEST, too_old
from kikimori_core.messages import remedy
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ari import AriClient
    from kikimori.integrations.asterisk.settings import AsteriskTable

NEEDED_MODULES = (
    "chan_audiosocket.so",
    "res_audiosocket.so",
    "res_stasis_snoop.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
)

APP_IN_USE = Problem.of("asterisk_app_in_use")
NO_AUDIO = Problem.of("asterisk_no_audio")


def trouble_of(error: AriError | AriAwayError, settings: AsteriskTable) -> Problem:
    """Return the problem behind a refused or broken connection."""
    match error:
        case AriError(status=401):
            return Problem.of("asterisk_login")
        case AriError(status=403):
            return Problem.of("asterisk_read_only", ari_user=settings.ari_user)
        case AriError(status=404):
            return Problem.of("asterisk_no_ari", ari_url=settings.ari_url)
        case AriError():
            return Problem.of("asterisk_refuses", message=error.message)
        case AriAwayError(tls=TlsFault() as fault):
            return Problem(code=f"asterisk_{fault}", detail=error.message, remedy=tls_remedy(fault, ARI))
        case _:
            return Problem(
                code="asterisk_unreachable", detail=error.message, remedy=remedy("asterisk_unreachable")
            )


async def missing_modules(client: AriClient) -> Problem | None:
    """Return the needed modules that do not run. Raises AriError, AriAwayError."""
    answer = await client.get("/asterisk/modules")
    if not isinstance(answer, list):
        return None
    running = {
        each.get("name") for each in answer if isinstance(each, dict) and each.get("status") == "Running"
    }
    missing = [name for name in NEEDED_MODULES if name not in running]
    if not missing:
        return None
    version = await version_of(client)
    if too_old(version):
        return Problem.of("asterisk_too_old", version=version, missing=", ".join(missing), oldest=OLDEST)
    load = "; ".join(f"asterisk -rx 'module load {name}'" for name in missing)
    return Problem.of("asterisk_modules", missing=", ".join(missing), load=load)


async def version_of(client: AriClient) -> str:
    """Return Asterisk's version; empty when the answer has none. Raises AriAwayError."""
    try:
        said = await client.get("/asterisk/info", only="system")
        return str(said["system"]["version"])[:60]
    except (AriError, KeyError, TypeError):
        return ""
