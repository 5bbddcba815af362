"""SIGHUP, by which `systemctl reload` asks for the certificate to be read again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from kikimori_core.serving.certificate_keeper import PairKeeper

log = structlog.get_logger()


def on_hangup(keeper: PairKeeper) -> None:
    """Look at the certificate at each SIGHUP, for the rest of this event loop.

    A program on a terminal still ends with it. So does one that has no certificate, unless it is a service of systemd's:
    its `ExecReload=` shall end nothing.
    """
    service = os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())
    if sys.stderr.isatty() or not (service or keeper.has_certificate):
        return
    if threading.current_thread() is not threading.main_thread():
        return

    def told() -> None:
        log.info("certificate_asked_for")
        keeper.look_now()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told)
