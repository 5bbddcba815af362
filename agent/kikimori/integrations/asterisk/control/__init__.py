"""Control of calls on Asterisk: by AMI, and by a dialplan that brings customers back without this program."""

from kikimori.control.pbx_settings import AnnouncementFile
from kikimori.integrations.asterisk.control.control import AsteriskControl
from kikimori.integrations.asterisk.control.examining import examine
from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

__all__ = ["AnnouncementFile", "AsteriskControl", "AsteriskControlSettings", "examine"]
