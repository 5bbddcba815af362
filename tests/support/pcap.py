"""Makes capture files of RTP, for sipp to play: Ethernet, IPv4, UDP, 20 ms packets.

Also run as a script:

    python tests/support/pcap.py agent/kikimori_lab/demo/calls/shouting.flac voice.pcap

which writes the first ten seconds of a demo call's customer as PCMU.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from pylibsrtp import Session

FRAME = 160
_MAGIC = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def ulaw(samples: NDArray[np.int16]) -> bytes:
    """Encode as G.711 μ-law (ITU-T G.711, table 2)."""
    value = samples.astype(np.int32)
    sign = np.where(value < 0, 0x80, 0)
    size = np.minimum(np.abs(value), 32635) + 0x84
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 0x0F
    return bytes((~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8).tobytes())


def write_rtp(path: Path, sound: bytes, payload_type: int = 0, srtp: Session | None = None) -> None:
    """Write `sound`, one byte a sample, as packets of 20 ms; what is left over is dropped. `srtp` protects them."""
    with path.open("wb") as file:
        file.write(_MAGIC)
        for at in range(len(sound) // FRAME):
            payload = sound[at * FRAME : (at + 1) * FRAME]
            head = struct.pack(">BBHII", 0x80, payload_type, at & 0xFFFF, at * FRAME, 0x5EED)
            data = head + payload
            packet = _frame(data if srtp is None else srtp.protect(data))
            file.write(struct.pack("<IIII", at // 50, at % 50 * 20_000, len(packet), len(packet)))
            file.write(packet)


def _frame(data: bytes) -> bytes:
    udp = struct.pack(">HHHH", 40000, 40000, 8 + len(data), 0) + data
    address = bytes((127, 0, 0, 1))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + address * 2
    return bytes(12) + b"\x08\x00" + ip + udp


def main() -> None:
    samples, rate = soundfile.read(sys.argv[1], dtype="int16", always_2d=True, frames=80_000)
    if rate != 8000:
        sys.exit("a recording of 8 kHz is needed")
    write_rtp(Path(sys.argv[2]), ulaw(samples[:, 0]))


if __name__ == "__main__":
    main()
