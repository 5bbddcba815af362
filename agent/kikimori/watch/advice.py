"""Remedies for a refused connection, by the reason that the tap gives and logs."""

from __future__ import annotations

HOST_KEYS = {"freeswitch": "media_host"}
"""Key of the address at which a tap listens, in its table, where that is not `host`."""

_MOST = {
    "audiosocket": "max_connections",
    "chan_websocket": "max_connections",
    "freeswitch": "max_streams",
    "siprec": "max_connections",
}

_ADVICE = {
    "peer_not_allowed": "add the PBX's network to [{tap}] allow in kikimori.toml",
    "too_many_connections": "raise [{tap}] {most}, or close what keeps connections open",
    "silent_made_room": "close what opens connections to [{tap}] and says nothing; calls get in all the same",
    "wrong_token": (
        "FreeSWITCH is let in, but its dialplan does not say the secret of [freeswitch] media_token_file: compare them"
    ),
    "unknown_token": (
        "whoever knocked is let in by [freeswitch] allow, but nobody asked for this stream now: a trial by hand, or a "
        "stream of an earlier run. Make a call; a stream that the dialplan starts goes to /v1/dialplan/SECRET instead"
    ),
    "closing": "it came while this program was ending: try again",
    "too_many_sessions": "raise [siprec] max_sessions, or let the SBC share them among several agents",
    "no_rtp_port": "widen [siprec] first_rtp_port to last_rtp_port",
    "no_known_codec": "let the recording leg use G.711 or G.722",
}


def advice(tap: str, reason: str) -> str:
    """Return the next step for a person; for a reason without one, the place of more information."""
    known = _ADVICE.get(reason)
    if known is None:
        return f"the log of this program names the peer and the reason; see config/pbx/ for {tap}"
    return known.format(tap=tap, most=_MOST.get(tap, "its limit"))
