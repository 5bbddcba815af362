"""Sessions and devices of browsers: rows and queries. A token itself is never kept, only its hash."""

from kikimori_records.sessions.devices import add_device, device_of, forget_devices
from kikimori_records.sessions.queries import (
    add_session,
    end_session,
    end_sessions_of,
    session_by_hash,
    sessions_of,
    touch_sessions,
)
from kikimori_records.sessions.session import Session

__all__ = [
    "Session", "add_device", "add_session", "device_of", "end_session", "end_sessions_of", "forget_devices",
    "session_by_hash", "sessions_of", "touch_sessions",
]  # fmt: skip
