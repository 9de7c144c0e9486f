"""TLS spoken by the daemon itself, for installations without a proxy in front; a renewed certificate is taken up alone."""

import logging
import ssl
from pathlib import Path

import anyio

from daemon.errors import SettingsError
from daemon.settings_web import WebSettings

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0


class Certificate:
    """The context the server speaks by. New connections see what `renew` last loaded."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises SettingsError for files that are no certificate and its key."""
        self._files = (certificate, key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._stamps()
        try:
            self.context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"web.tls_certificate_file, web.tls_key_file: {error}") from error

    def _stamps(self) -> tuple[int, ...]:
        try:
            return tuple(each.stat().st_mtime_ns for each in self._files)
        except OSError:
            return ()

    def renew(self) -> bool:
        """Take up the files where both have changed to something usable; False when they have not."""
        stamps = self._stamps()
        if not stamps or stamps == self._seen:
            return False
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                *self._files
            )  # a trial: the one in use is not risked
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            log.warning("certificate not renewed", extra={"why": str(error)})
            return False  # half written: looked at again
        self._seen = stamps
        return True

    async def keep_fresh(self) -> None:
        """Until cancelled."""
        while True:
            await anyio.sleep(LOOK_SECONDS)
            self.renew()


def certificate_of(settings: WebSettings) -> Certificate | None:
    """None where a proxy speaks TLS for us."""
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    return Certificate(settings.tls_certificate_file, settings.tls_key_file)
