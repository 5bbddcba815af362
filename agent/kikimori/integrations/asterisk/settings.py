"""`[asterisk]`: how to reach Asterisk, for the tap by ARI and for control."""

from __future__ import annotations

import ssl
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.wire.files import PemFile, SecretFile
from kikimori_core.wire.settings import HostName, Port, matching, read_secret, trusting


class AsteriskTable(BaseModel):
    """The `[asterisk]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tap: bool = False
    """Listen to calls by ARI: no dialplan is changed."""
    ari_url: Annotated[
        str,
        matching(
            r"https?://[^/@\s]+(/[^@\s?#]*)?",
            'write an address like "http://127.0.0.1:8088/ari", without user',
        ),
    ] = "http://127.0.0.1:8088/ari"
    """http.conf's address with its prefix, then `/ari`."""
    ari_user: Annotated[str, Field(min_length=1, max_length=128)] = "kikimori"
    """A user of ari.conf; not `read_only`."""
    ari_password_file: SecretFile | None = None
    """File whose first line is the password. A bare name: see `secret_path`."""
    app: Annotated[
        str,
        matching(
            r"[0-9A-Za-z][0-9A-Za-z_-]{0,39}",
            'use at most 40 of the letters A to Z and a to z, digits, "_" and "-", e.g. "kikimori"',
        ),
    ] = "kikimori"
    """Name of the Stasis application; one for each agent of a PBX. Own channels and bridges begin with it."""
    audio_host: HostName | None = None
    """Address at which Asterisk reaches our AudioSocket server; None = `[audiosocket] host`."""
    audio_port: Port | None = None
    """Port at which Asterisk reaches it; None = the port on which it listens."""
    rate: Literal[8000, 16000] = 8000
    """Samples per second of the tap; 16000 only helps where telephones and lines are wideband."""
    ami_host: Annotated[str, Field(min_length=1, max_length=253)] = "127.0.0.1"
    ami_port: Port = 5038
    ami_tls: bool = False
    ami_user: Annotated[str, Field(min_length=1, max_length=128)] = "kikimori"
    """A user of manager.conf."""
    ami_password_file: SecretFile | None = None
    """As `ari_password_file`."""
    dial: Annotated[
        str,
        matching(
            r"[A-Za-z0-9]+/[0-9A-Za-z@._/{}-]*\{extension\}[0-9A-Za-z@._/-]*",
            'write it as in Dial(), with {extension} for the number, e.g. "PJSIP/{extension}"',
        ),
    ] = "Local/{extension}@from-internal"
    """Dial string of an extension or queue: the context in which telephones call each other, or
    `PJSIP/{extension}`."""
    music: Annotated[
        str,
        matching(r"[0-9A-Za-z._-]{1,64}", 'write the name of a class of musiconhold.conf, e.g. "default"'),
    ] = "default"
    """Class of musiconhold.conf for customers on hold."""
    sounds: Annotated[
        str,
        matching(
            r"/?[0-9A-Za-z._-]{1,64}(/[0-9A-Za-z._-]{1,64}){0,15}",
            'write a folder as Asterisk names it, e.g. "kikimori" or "/usr/local/share/kikimori-sounds/ja"',
        ),
    ] = "kikimori"
    """Folder of the pieces of the announcement for superiors: below `sounds/LANGUAGE`, or a whole path."""
    ca_file: PemFile | None = None
    """Certificate authority of `https` and `ami_tls`, or Asterisk's own certificate; None = the system's."""
    tls_name: HostName | None = None
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
        """Return the TLS context for `https` and `ami_tls`.

        Raises:
            OSError: `ca_file` cannot be read, or holds no certificate.
        """
        context = trusting(self.ca_file)
        if self.ca_file is not None:
            # Asterisk's own certificate may stand for its authority, and what an office made by itself (Asterisk's
            # `ast_tls_cert`, FreePBX) need not have every extension that strict checking, of Python from 3.13, asks for.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context
