"""Speak TLS with a certificate from files, and take the new one when the files change."""

import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from kbgap.core.errors import Invalid

_log = logging.getLogger("kbgap.server")


@dataclass
class Certificate:
    """A certificate chain with its key, both PEM; ``key`` is None when it is in the chain's file."""

    chain: Path
    key: Path | None = None
    _context: ssl.SSLContext | None = field(default=None, init=False, repr=False)
    _seen: tuple[int, ...] = field(default=(), init=False, repr=False)

    def context(self) -> ssl.SSLContext:
        """What connections are made with; Invalid names the file that cannot be used."""
        self._seen = self._changed_at()
        self._context = self._load(_new_context())
        return self._context

    def renew(self) -> None:
        """Use the files for connections to come when they have changed; files that cannot be used change nothing."""
        if self._context is None:
            return
        try:
            seen = self._changed_at()
            if seen == self._seen:
                return
            self._seen = seen
            self._load(_new_context())  # tried elsewhere first: a certificate with another's key would stay half loaded
            self._load(self._context)
        except Invalid as error:
            _log.error("the certificate was not renewed: %s", error)
        else:
            _log.warning("the certificate was renewed from %s", self.chain)

    def _changed_at(self) -> tuple[int, ...]:
        moments = []
        for path in filter(None, (self.chain, self.key)):
            try:
                moments.append(path.stat().st_mtime_ns)
            except OSError as error:
                raise Invalid(f"the file cannot be read ({error.strerror})", where=str(path), mend=_MEND) from error
        return tuple(moments)

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        try:
            context.load_cert_chain(self.chain, self.key, password=_refuse_password)
        except ssl.SSLError as error:
            what = f"the certificate and the key cannot be used ({error.reason or 'no PEM, or not a pair'})"
            raise Invalid(what, where=str(self.chain), mend=_MEND) from error
        except OSError as error:
            where = str(error.filename or self.chain)
            raise Invalid(f"the file cannot be read ({error.strerror})", where=where, mend=_MEND) from error
        return context


_MEND = "give the chain as --tls-cert FILE and its key as --tls-key FILE, both PEM"


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _refuse_password() -> str:
    """A server must start without anybody at the keyboard."""
    raise Invalid("the key is protected by a password", mend="give the server a key without one, readable by it alone")
