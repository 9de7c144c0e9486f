"""What every table of the configuration shares: strictness, paths, secrets."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from daemon.errors import SettingsError


def _relative_to_config(value: Any, info: ValidationInfo) -> Any:
    """Paths are relative to the file that names them, or to systemd's credentials when that folder holds them."""
    if not isinstance(value, str):
        return value
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / value).is_file():
        return Path(credentials) / value
    base = (info.context or {}).get("base", Path())
    return Path(base) / Path(value).expanduser()


ConfigPath = Annotated[Path, BeforeValidator(_relative_to_config)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def read_secret(path: Path) -> str:
    """A secret from its file, without the final newline. Raises SettingsError, never naming the content."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SettingsError(f"secret file {path}: {reason}") from error
    if not secret:
        raise SettingsError(f"secret file {path}: is empty")
    return secret


class SecretFile:
    """A secret that may be rotated while we run: its file is read again when it has changed.

    In the moment of being replaced it may be missing or empty: then the last good content stands.
    """

    def __init__(self, path: Path) -> None:
        """Raises SettingsError for a file that cannot be used to begin with."""
        self._path, self._seen = path, self._stamp(path)
        self._value = read_secret(path)

    @property
    def value(self) -> str:
        stamp = self._stamp(self._path)
        if stamp != self._seen:
            try:
                self._value = read_secret(self._path)
                self._seen = stamp
            except SettingsError:
                pass  # half written: looked at again with the next use
        return self._value

    @staticmethod
    def _stamp(path: Path) -> tuple[int, int, int]:
        try:
            found = path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)
