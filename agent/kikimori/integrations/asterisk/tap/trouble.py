"""Faults of the connection to Asterisk, in words for the person who can mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.ari import AriAwayError, AriError
from kikimori.integrations.asterisk.tls import ARI, TlsFault, tls_remedy
from kikimori.integrations.asterisk.version import OLDEST, too_old
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

APP_IN_USE = Problem(
    code="asterisk_app_in_use",
    detail="another program is connected to Asterisk under the same [asterisk] app",
    remedy="stop the other agent, or give each its own app in [asterisk]",
)
NO_AUDIO = Problem(
    code="asterisk_no_audio",
    detail="Asterisk copies voices, but they do not arrive here",
    remedy="check that Asterisk reaches [asterisk] audio_host and audio_port, and that [audiosocket] allow names it",
)


def trouble_of(error: AriError | AriAwayError, settings: AsteriskTable) -> Problem:
    """Return the problem behind a refused or broken connection."""
    match error:
        case AriError(status=401):
            return Problem(
                code="asterisk_login",
                detail="Asterisk refuses user or password",
                remedy="compare [asterisk] ari_user and the password file with ari.conf, then: asterisk -rx 'ari show users'",
            )
        case AriError(status=403):
            return Problem(
                code="asterisk_read_only",
                detail="Asterisk lets this user only read",
                remedy=f"set read_only=no for {settings.ari_user} in ari.conf, then: asterisk -rx 'module reload res_ari.so'",
            )
        case AriError(status=404):
            return Problem(
                code="asterisk_no_ari",
                detail=f"{settings.ari_url} is there, but is not ARI",
                remedy="set enabled=yes in ari.conf, check the path of ari_url against prefix in http.conf, and: "
                "asterisk -rx 'module show like res_ari'",
            )
        case AriError():
            return Problem(
                code="asterisk_refuses",
                detail=error.message[:500],
                remedy="see Asterisk's own log for the reason",
            )
        case AriAwayError(tls=TlsFault() as fault):
            return Problem(
                code=f"asterisk_{fault}", detail=error.message[:500], remedy=tls_remedy(fault, ARI)
            )
        case _:
            return Problem(
                code="asterisk_unreachable",
                detail=error.message[:500],
                remedy="is Asterisk running, is enabled=yes in http.conf, is [asterisk] ari_url right (https for the "
                "port of tlsbindaddr)? asterisk -rx 'http show status' says where it listens",
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
        return Problem(
            code="asterisk_too_old",
            detail=f"Asterisk {version} has no {', '.join(missing)}",
            remedy=f"Asterisk {OLDEST} and later have them; with an older one use a mirror port or SIPREC",
        )
    return Problem(
        code="asterisk_modules",
        detail=f"Asterisk has not loaded {', '.join(missing)}",
        remedy="; ".join(f"asterisk -rx 'module load {name}'" for name in missing) + "; see modules.conf",
    )


async def version_of(client: AriClient) -> str:
    """Return Asterisk's version; empty when the answer has none. Raises AriAwayError."""
    try:
        said = await client.get("/asterisk/info", only="system")
        return str(said["system"]["version"])[:60]
    except (AriError, KeyError, TypeError):
        return ""
