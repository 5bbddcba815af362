"""Control of calls on Asterisk: by AMI, and by a dialplan that brings customers back without this program."""

from kikimori.pbx.asterisk.control import AsteriskControl
from kikimori.pbx.asterisk.examining import Check, examine
from kikimori.pbx.asterisk.settings import ControlSettings
from kikimori.pbx.settings import Sound

__all__ = ["AsteriskControl", "Check", "ControlSettings", "Sound", "examine"]
