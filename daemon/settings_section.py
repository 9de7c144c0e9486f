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
