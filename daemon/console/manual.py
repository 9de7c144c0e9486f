"""The man pages, made from the command and the settings themselves: `python -m daemon.console.manual FOLDER`.

homeward(1) holds every command with its options, exit codes and environment; homeward.toml(5) every setting.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer

from daemon.console.helping import ENVIRONMENT, EXIT_CODES
from daemon.console.main import EPILOG, build
from daemon.settings_table import SECTIONS, default_of

SUMMARY = "brings returned goods home in the books of Brightpearl"


def command_page() -> str:
    """homeward(1) as roff."""
    command = typer.main.get_command(build())
    lines = [
        _head("HOMEWARD", 1),
        ".SH NAME", rf"homeward \- {SUMMARY}",
        ".SH SYNOPSIS", ".B homeward", "COMMAND [ARGUMENT...] [OPTION...]",
        ".SH DESCRIPTION", _text(command.help or ""), ".PP", _text(EPILOG),
        ".SH COMMANDS", *_commands(command, "homeward"),
        ".SH EXIT STATUS", *(_item(str(code), told) for code, told in EXIT_CODES),
        ".SH ENVIRONMENT", *(_item(name, told) for name, told in ENVIRONMENT),
        ".SH FILES", _item("/etc/homeward/homeward.toml", "The configuration; see homeward.toml(5)."),
        _item("/etc/homeward/secrets/", "Keys and tokens, readable by root and the group homeward."),
        _item("/var/lib/homeward/", "State of the daemon; the embedded database, where no other is named."),
        ".SH SEE ALSO", ".BR homeward.toml (5),", ".BR systemctl (1),", ".BR journalctl (1)",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """homeward.toml(5) as roff."""
    lines = [
        _head("HOMEWARD.TOML", 5),
        ".SH NAME", r"homeward.toml \- configuration of homeward",
        ".SH DESCRIPTION",
        _text("One TOML file, checked as a whole when a program starts: every fault is told at once. Paths are relative to "
              "the file; a credential of systemd with that name goes before."),
        ".SH SETTINGS",
    ]  # fmt: skip
    for prefix, section in SECTIONS:
        for name, field in section.model_fields.items():
            if field.description:
                default = default_of(name, field).replace("`", "")
                lines.append(
                    _item(f"{prefix}{name}", f"{field.description} [{default}]" if default else field.description)
                )
    return "\n".join([*lines, ".SH SEE ALSO", ".BR homeward (1)"]) + "\n"


def _commands(command: Any, path: str) -> list[str]:
    context = command.context_class(command, info_name=path)
    if hasattr(command, "list_commands"):
        inner = [(command.get_command(context, name), f"{path} {name}") for name in command.list_commands(context)]
        return [line for each, where in inner for line in _commands(each, where)]
    usage = " ".join(str(each.name).upper() for each in command.params if each.param_type_name == "argument")
    lines = [f".SS {_text(path)} {_text(usage)}".rstrip(), _text(" ".join((command.help or "").split()))]
    for option in command.params:
        if option.param_type_name == "option" and not option.hidden:
            names = ", ".join((*option.opts, *option.secondary_opts))
            lines += [".TP", f".B {_text(names)}", _text(option.help or "")]
    return lines


def _head(name: str, section: int) -> str:
    return f'.TH {name} {section} "" "Homeward {version("homeward")}" "Homeward"'


def _item(name: str, told: str) -> str:
    return f".TP\n.B {_text(name)}\n{_text(told)}"


def _text(told: str) -> str:
    """Words that roff prints as they are."""
    escaped = told.replace("\\", r"\e").replace("-", r"\-").replace("\n", " ")
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "homeward.1").write_text(command_page(), encoding="utf-8")
    (folder / "homeward.toml.5").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
