"""`[asterisk]`: how to reach Asterisk, for the tap by ARI and for control."""

from __future__ import annotations

import errno
import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_wire.settings import Port, read_secret


class AsteriskTable(BaseModel):
    """The `[asterisk]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tap: bool = False
    """Listen to calls by ARI: no dialplan is changed."""
    ari_url: Annotated[str, Field(pattern=r"^https?://[^/@\s]+(/[^@\s?#]*)?$")] = "http://127.0.0.1:8088/ari"
    """http.conf's address with its prefix, then `/ari`."""
    ari_user: Annotated[str, Field(min_length=1, max_length=128)] = "kikimori"
    """A user of ari.conf; not `read_only`."""
    ari_password_file: Path | None = None
    """File whose first line is the password. A bare name: see `secret_path`."""
    app: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]{0,39}$")] = "kikimori"
    """Name of the Stasis application; one for each agent of a PBX. Own channels and bridges begin with it."""
    audio_host: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:_-]{1,253}$")] | None = None
    """Where Asterisk reaches our AudioSocket server; None = `[audiosocket] host`."""
    audio_port: Port | None = None
    """None = the port on which it listens."""
    rate: Literal[8000, 16000] = 8000
    """Samples per second of the tap; 16000 only helps where telephones and lines are wideband."""
    ami_host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    ami_port: Port = 5038
    ami_tls: bool = False
    ami_user: Annotated[str, Field(min_length=1, max_length=128)] = "kikimori"
    """A user of manager.conf."""
    ami_password_file: Path | None = None
    """As `ari_password_file`."""
    dial: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9]+/[0-9A-Za-z@._/{}-]*\{extension\}[0-9A-Za-z@._/-]*$")
    ] = "Local/{extension}@from-internal"
    """What rings an extension or queue: the context in which telephones call each other, or `PJSIP/{extension}`."""
    music: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")] = "default"
    """Class of musiconhold.conf for customers on hold."""
    ca_file: Path | None = None
    """Certificate authority of `https` and `ami_tls`, or Asterisk's own certificate; None = the system's."""
    tls_name: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:_-]{1,253}$")] | None = None
    """Name in Asterisk's certificate; None = the one of `ari_url` and `ami_host`."""

    @model_validator(mode="after")
    def _tap_has_a_password(self) -> AsteriskTable:
        if self.tap and self.ari_password_file is None:
            raise ValueError("tap = true needs ari_password_file")
        return self

    def ari_password(self) -> str:
        """Read the password; raises OSError when the file cannot be read."""
        return read_secret(self.ari_password_file) if self.ari_password_file else ""

    def ami_password(self) -> str:
        """Read the password; raises OSError when the file cannot be read."""
        return read_secret(self.ami_password_file) if self.ami_password_file else ""

    def tls(self) -> ssl.SSLContext:
        """What `https` and `ami_tls` trust; raises OSError when `ca_file` cannot be read, or holds no certificate."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except ssl.SSLError as error:
            raise OSError(errno.EBADMSG, "no certificate (PEM) in it", str(self.ca_file)) from error
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.ca_file)) from error
        if self.ca_file is not None:
            # Asterisk's own certificate may stand for its authority, and what an office made by itself (Asterisk's
            # `ast_tls_cert`, FreePBX) need not have every extension that strict checking, of Python from 3.13, asks for.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context
