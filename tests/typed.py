"""Commands as documents print them: can they be typed?"""

import re
from typing import Any

from typer.main import get_command

from daemon.console.main import PASSED_ON, build

_INLINE = re.compile(r"`homeward ([^`]+)`")
_BLOCK = re.compile(r"(?m)^(?:sudo -u \S+ )?(?:\.venv/bin/)?homeward ([^#\n|<&]+)")


def commands_in(text: str) -> list[str]:
    """What stands behind `homeward` in code, in line or in a block."""
    blocks = "\n".join(re.findall(r"(?s)```(?:console)?\n(.*?)```", text))
    return [each.strip() for each in (*_INLINE.findall(text), *_BLOCK.findall(blocks))]


def why_not(command: str) -> str:
    """Why it cannot be typed like that; empty when it can. Several verbs in one line (`list`, `show`) are not looked at."""
    words = command.split()
    found: Any = get_command(build(words[0]))
    while hasattr(found, "commands") and words:
        if words[0].isupper() or words[0].startswith(("-", "NOUN")):
            return ""
        if words[0] not in found.commands:
            return f"there is no {words[0]}"
        found = found.commands[words.pop(0)]
    if hasattr(found, "commands") or words[:1] == [] or found.context_settings == PASSED_ON:
        return ""
    options = {option for param in found.params for option in (*param.opts, *param.secondary_opts)} | {
        "--help",
        "--utc",
    }
    wrong = [word for word in words if word.startswith("--") and word.split("=")[0].strip("`,") not in options]
    return f"it has no {', '.join(wrong)}" if wrong else ""
