"""Make the captures in `data/` again: real calls of SIPp and baresip on loopback, captured by dumpcap.

Run as root, from the root of the repository: `.venv/bin/python tests/integrations/mirror/make_captures.py`. Needs the Debian
packages sip-tester, baresip-core and tshark. What each party says is `voices.py`, so the tests know every sample.

| file | call |
|---|---|
| `sipp-udp.pcap` | SIPp to SIPp over UDP, μ-law both ways, keys by SIP INFO |
| `sipp-tcp.pcapng` | the same over TCP, A-law |
| `baresip-g722.pcap` | baresip to baresip, G.722, RFC 4733 keys, held and taken back by the one who was called |
| `baresip-srtp.pcap` | baresip to baresip with SRTP keys in SDP |
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import wave
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.integrations.mirror.voices import voice

from kikimori.media.g711 import encode_alaw, encode_ulaw

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data"
CALLER, CALLEE = "127.0.0.2", "127.0.0.3"

SDP = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP {pt}
a=rtpmap:{pt} {name}/8000
a=ptime:20
"""

HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Yamada" <sip:0901234567@carrier.example>;tag=[call_number]
To: <sip:204@pbx.example>{tag}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
"""

UAC = """<?xml version="1.0"?><scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:204@[remote_ip]:[remote_port] SIP/2.0
{invite}Content-Type: application/sdp
Content-Length: [len]

{sdp}]]></send>
<recv response="100" optional="true"/><recv response="180" optional="true"/><recv response="200"/>
<send><![CDATA[
ACK sip:204@[remote_ip]:[remote_port] SIP/2.0
{ack}Content-Length: 0

]]></send>
<nop><action><exec rtp_stream="{voice},1,{pt}"/></action></nop>
<pause milliseconds="1000"/>
<send retrans="500"><![CDATA[
INFO sip:204@[remote_ip]:[remote_port] SIP/2.0
{info}Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=5
Duration=160
]]></send>
<recv response="200"/>
<pause milliseconds="1300"/>
<send retrans="500"><![CDATA[
BYE sip:204@[remote_ip]:[remote_port] SIP/2.0
{bye}Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""

REPLY = """[last_Via:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
"""

UAS = """<?xml version="1.0"?><scenario name="callee">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 180 Ringing
{reply}Content-Length: 0

]]></send>
<pause milliseconds="200"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
{reply}Content-Type: application/sdp
Content-Length: [len]

{sdp}]]></send>
<recv request="ACK"/>
<nop><action><exec rtp_stream="{voice},1,{pt}"/></action></nop>
<recv request="INFO"/>
<send><![CDATA[
SIP/2.0 200 OK
{plain}Content-Length: 0

]]></send>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
{plain}Content-Length: 0

]]></send>
</scenario>
"""


@contextmanager
def captured(path: Path, what: str) -> Iterator[None]:
    kind = [] if path.suffix == ".pcapng" else ["-P"]
    path.unlink(missing_ok=True)
    process = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", what, "-w", str(path), *kind])
    time.sleep(2)
    try:
        yield
        time.sleep(1)
    finally:
        process.terminate()
        process.wait()
    path.chmod(0o644)


def sipp_call(path: Path, *, tcp: bool, pt: int, name: str) -> None:
    encode = encode_ulaw if pt == 0 else encode_alaw
    with TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        for who in ("customer", "operator"):
            (place / who).write_bytes(encode(voice(who, 8000).tobytes()))
        sdp = SDP.format(pt=pt, name=name)
        tag = "[peer_tag_param]"
        heads = {
            method.lower(): HEAD.format(tag="" if method == "INVITE" else tag, number=number, method=method)
            for number, method in ((1, "INVITE"), (1, "ACK"), (2, "INFO"), (3, "BYE"))
        }
        (place / "uac.xml").write_text(UAC.format(sdp=sdp, pt=pt, voice=place / "customer", **heads))
        reply = REPLY.format(tag=";tag=b[call_number]")
        (place / "uas.xml").write_text(
            UAS.format(sdp=sdp, pt=pt, voice=place / "operator", reply=reply, plain=REPLY.format(tag=""))
        )
        transport = ["-t", "t1"] if tcp else ["-t", "u1"]
        common = ["-m", "1", "-nostdin", "-timeout", "30", *transport]
        filters = "host 127.0.0.2 or host 127.0.0.3"
        stack.enter_context(captured(path, filters))
        answering = subprocess.Popen(
            ["sipp", "-sf", "uas.xml", "-i", CALLEE, "-p", "5060", "-mi", CALLEE, *common],
            cwd=place,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(1)
        subprocess.run(
            [
                *("sipp", f"{CALLEE}:5060", "-sf", "uac.xml", "-i", CALLER, "-p", "5060", "-mi", CALLER),
                *common,
            ],
            cwd=place,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        answering.wait(10)


class Baresip:
    """One telephone, told what to do over its control port."""

    def __init__(
        self, place: Path, number: str, ports: tuple[int, int, int], who: str, *, srtp: bool
    ) -> None:
        sip, control, rtp = ports
        folder = place / number
        folder.mkdir()
        with wave.open(str(folder / "voice.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(voice(who, 16000, 8).tobytes())
        modules = ["account", "menu", "ctrl_tcp", "g722", "g711", "aufile", "aubridge", "srtp"]
        lines = [
            "module_path /usr/lib/baresip/modules",
            f"sip_listen 127.0.0.1:{sip}",
            "net_interface 127.0.0.1",
            f"audio_source aufile,{folder}/voice.wav",
            "audio_player aubridge,nobody",
            f"rtp_ports {rtp}-{rtp + 20}",
            "rtcp_mux yes",
            f"ctrl_tcp_listen 127.0.0.1:{control}",
            "call_max_calls 4",
            *(
                f"module{'_app' if each in ('account', 'menu', 'ctrl_tcp') else ''} {each}.so"
                for each in modules
            ),
        ]
        (folder / "config").write_text("\n".join(lines) + "\n")
        security = ";mediaenc=srtp-mand" if srtp else ""
        codecs = ";audio_codecs=g722/16000/1"
        (folder / "accounts").write_text(
            f"<sip:{number}@127.0.0.1:{sip}>;regint=0;answermode=auto{codecs}{security}\n"
        )
        (folder / "contacts").write_text("")
        self._process = subprocess.Popen(["baresip", "-f", str(folder)], stdout=subprocess.DEVNULL)
        time.sleep(1.5)
        self._control = socket.create_connection(("127.0.0.1", control))

    def do(self, command: str, parameters: str = "") -> None:
        text = json.dumps({"command": command, "params": parameters})
        self._control.sendall(f"{len(text)}:{text},".encode())
        if "-v" in sys.argv:
            self._control.settimeout(0.2)
            with suppress(TimeoutError):
                print(self._control.recv(4096))

    def end(self) -> None:
        self._control.close()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()


def baresip_call(path: Path, *, srtp: bool) -> None:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        operator = Baresip(place, "204", (5060, 14440, 15000), "operator", srtp=srtp)
        stack.callback(operator.end)
        customer = Baresip(place, "0901234567", (5062, 14441, 15100), "customer", srtp=srtp)
        stack.callback(customer.end)
        stack.enter_context(captured(path, "udp port 5060 or udp port 5062 or udp portrange 15000-15199"))
        customer.do("dial", "sip:204@127.0.0.1:5060")
        time.sleep(0.5)
        if srtp:
            operator.do("accept")
        time.sleep(1.0)
        if not srtp:
            for key in "*9":
                operator.do("sndcode", key)
                time.sleep(0.3)
            operator.do("hold")
            time.sleep(0.6)
            operator.do("resume")
            time.sleep(0.8)
        customer.do("hangup")
        time.sleep(0.5)


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    sipp_call(DATA / "sipp-udp.pcap", tcp=False, pt=0, name="PCMU")
    sipp_call(DATA / "sipp-tcp.pcapng", tcp=True, pt=8, name="PCMA")
    baresip_call(DATA / "baresip-g722.pcap", srtp=False)
    baresip_call(DATA / "baresip-srtp.pcap", srtp=True)
