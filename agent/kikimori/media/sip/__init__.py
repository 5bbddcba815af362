"""SIP as far as a tap needs it: reading other people's messages, and answering an SRC that records to us.

`message` and `values` are the text format, `sdp` the session description with `crypto`, its keys of SRTP, `stream` the
framing over TCP, `transaction` and `client` the timers of RFC 3261; these know neither sockets nor clocks. `origin` tells
where a request came from, `transport` are the sockets, with `datagrams` for UDP and `tls` for what comes before SIP on a
TLS one; `handshake` has words for why that failed.

Why our own: the Python libraries were looked through in 2026-11. `sippy` 2.5 (BSD, kept up) is a whole stack, but with
an event loop of its own, over UDP and WebSocket only. `sipua` 0.5 (BSD, kept up) is a telephone: it pulls in aiortc and
listens without TLS. `aiosipua` 0.7 (MIT, one author, alpha, months old) comes nearest, with UDP, TCP and session timers,
but without TLS. `sipmessage` 0.7 (BSD) is a good parser of good messages, without folded headers or limits, and a
`ValueError` for any odd header. `pyVoIP`, `aiosip` and `PySIPio` are telephones, last released in 2024, 2017 and 2024;
`pjsua2` on PyPI is of 2023. A recording server must read what many vendors' SBCs really send, and needs a tenth of a
stack.
"""
