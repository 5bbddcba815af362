"""SIP as far as a tap needs it: reading other people's messages, and answering an SRC that records to us.

`message` and `values` are the text format, `sdp` the session description, `stream` the framing over TCP, `transaction`
and `client` the timers of RFC 3261, `origin` where a request came from, `transport` the sockets. All but the last two are without sockets and clock.

Why our own: the Python libraries were looked through in 2026-11. `sippy` 2.5 (BSD, kept up) is a whole stack, but with
an event loop of its own in threads and over UDP only. `sipua` 0.5 (BSD, Spacinov, kept up) is a telephone: it pulls in
aiortc, has no TLS listener and closes over its own media. `aiosipua` 0.7 (MIT, alpha, one author, months old) has UDP
and TCP but no TLS, no session timers, no 2xx retransmission bound to a dialog. `sipmessage` 0.7 (BSD) is a good parser of
good messages, without folded headers, without limits, and a `ValueError` for any odd header. `pyVoIP`, `aiosip`, `PySIPio`
are telephones, unkept since 2024, 2017 and 2024; `pjsua2` 2.12 on PyPI is of 2023. Recording servers must read what many
vendors' SBCs really send, and need a tenth of a stack.
"""
