"""Whether the audio of a call can be heard: by what its dialogs agreed on, and by what their packets really hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.taps.rtp.formats import leg_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.taps.mirror.conversation import Call, Voice
    from kikimori.taps.mirror.descriptions import Audio
    from kikimori.taps.mirror.dialog import Dialog
    from kikimori.taps.rtp.gate import Unreadable

WAITING = "codec_not_seen"
"""The codec that was agreed on first cannot be read, another one can: the packets will tell."""

_PLAIN_AGAIN = frozenset({"GoClear", "ClearACK"})


@dataclass(slots=True)
class Audibility:
    """What the packets of one dialog showed, since its last answer."""

    answer: Audio | None
    why: str = ""
    """`encrypted`, `unreadable_codec`; empty while nothing speaks against it."""
    codec: str = ""
    proved: bool = False
    """Sound was found."""
    keyed: bool = False
    """Both ends speak ZRTP."""


def audibility(call: Call, dialog: Dialog) -> Audibility:
    """Return what is known of a dialog; nothing, where it agreed anew."""
    known = call.audibility.get(dialog)
    if known is None or known.answer != dialog.answer:
        known = call.audibility[dialog] = Audibility(dialog.answer)
    return known


def why_not(call: Call, dialog: Dialog) -> str | None:
    """Return why a dialog is not heard, a stable word; None when it is."""
    answer = dialog.answer
    if answer is None:
        return "no_audio_agreed"
    if answer.encrypted:
        return "encrypted"
    if leg_rate(answer.formats) is None:
        return "unreadable_codec"
    known = audibility(call, dialog)
    if known.why:
        return known.why
    return WAITING if answer.may_be_unreadable and not known.proved else None


def codec_of(call: Call, dialog: Dialog) -> str:
    """Return the name of the codec that is in use, or agreed on first."""
    used = audibility(call, dialog).codec
    return used or (dialog.answer.preferred if dialog.answer is not None else "")


def worth_probing(dialog: Dialog) -> bool:
    """Whether its packets can show that it may be heard after all."""
    answer = dialog.answer
    return answer is not None and not answer.encrypted and leg_rate(answer.formats) is not None


def judge(call: Call) -> bool:
    """Look at what came; True when the call is to be looked at again."""
    changed = False
    if call.active is not None and call.voices:
        known = audibility(call, call.active)
        found = _unreadable(call.voices)
        call.partly = next((each.reason for each in map(_why, call.voices) if each is not None), "")
        if _keyed(call.voices):
            known.why, known.keyed, changed = "encrypted", True, True
        elif found is not None:
            known.why, known.codec, changed = found.reason, found.codec, True
    if call.probes:
        dialog = call.probes[0].dialog
        known = audibility(call, dialog)
        found = _unreadable(call.probes)
        cleared = any(_PLAIN_AGAIN & each.session.gate.zrtp for each in call.probes)
        if _keyed(call.probes) and not cleared:
            changed |= known.why != "encrypted"
            known.why, known.keyed = "encrypted", True
        elif found is not None:
            changed |= (known.why, known.codec) != (found.reason, found.codec)
            known.why, known.codec = found.reason, found.codec
        elif (not known.keyed or cleared) and any(each.session.gate.sounded for each in call.probes):
            known.why, known.codec, known.proved, known.keyed = "", "", True, False
            changed = True
    return changed


def _why(voice: Voice) -> Unreadable | None:
    return voice.session.gate.unreadable


def _unreadable(voices: Sequence[Voice]) -> Unreadable | None:
    """Return why none of the voices can be heard that sent something; None where one can, or nothing came."""
    found = [_why(each) for each in voices if each.session.gate.sounded or _why(each) is not None]
    return found[0] if found and all(each is not None for each in found) else None


def _keyed(voices: Sequence[Voice]) -> bool:
    """Whether both ends speak ZRTP: each said so, or one of them already negotiates (RFC 6189, 4)."""
    gates = [each.session.gate for each in voices]
    return any(each.zrtp_agreed for each in gates) or (len(gates) > 1 and all(each.zrtp for each in gates))
