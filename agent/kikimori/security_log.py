"""Record of commands that change whom this machine trusts: in the log, and in the system's log of security events."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from logging import INFO, LogRecord
from logging.handlers import SysLogHandler
from pathlib import Path

import structlog

from kikimori.terminal_user import terminal_user

SYSTEM_LOG = Path("/dev/log")

log = structlog.get_logger()


def record(event: str, *, system_log: Path = SYSTEM_LOG, **fields: str) -> None:
    """Write an event with its fields and the user of the terminal to the log, and to the system's log if there is one."""
    by = terminal_user()
    log.warning(event, by=by, **fields)
    told = json.dumps({"event": event, "by": by, **fields}, ensure_ascii=True)
    # A container may have no such socket: the log has the event all the same.
    with suppress(OSError):
        handler = SysLogHandler(str(system_log), SysLogHandler.LOG_AUTHPRIV, socket.SOCK_DGRAM)
        handler.emit(LogRecord("kikimori", INFO, "", 0, f"kikimori: {told}", None, None))
        handler.close()
