"""`homeward help TOPIC` and `homeward schema COMMAND`: what has no flag of its own, and what programs may rely on."""

import sys
from typing import Annotated

import orjson
import typer

from daemon.console.output import Format, emit_list
from daemon.console.schemas import SCHEMAS, schema_of
from daemon.console.selecting import fields_told
from daemon.console.session import NOT_FOUND, OutputOption, Stop
from daemon.store.database import SHARED
from statemachine.causes import CAUSES
from statemachine.states import SENTENCES

EXIT_CODES = (
    (0, "Success, including nothing to do and an empty list."),
    (1, "Failure not covered below."),
    (2, "Wrong usage or invalid input; also a question that has no terminal to be asked at."),
    (3, "Differences were found; only with --exit-code."),
    (4, "Not permitted."),
    (5, "Not found."),
    (6, "Refused by state or policy: moved since it was previewed, needs a second person."),
    (7, "Database or a vendor is not available, or throttles us; safe to try again."),
    (8, "Only some of many succeeded; the result says which."),
    (9, "Outcome unknown: a write may have happened; read back before acting."),
    (130, "Interrupted."),
)
ENVIRONMENT = (
    ("HOMEWARD_CONFIG", "The configuration file; --config goes before it, /etc/homeward/homeward.toml after it."),
    ("NO_COLOR", "No colours, whatever its value."),
    ("COLUMNS", "Width of tables."),
    ("SUDO_UID", "Behind sudo: the account that is named in the journal."),
    ("HOMEWARD_CRASH", "Tests only: where the process is to kill itself."),
)
FORMATS = (
    ("json, ndjson, yaml", "Every field. Lists are arrays, empty ones []; the shape is `homeward schema COMMAND`."),
    ("values", "Times are RFC 3339 in UTC; money is a string with its currency beside it; ids are numbers or strings."),
    (
        "--envelope",
        "Puts data into {schema, data, page: {next}, meta: {as_of}}; page.next is what --after takes, or null.",
    ),
    (
        "errors",
        'With -o json an error is JSON on stderr: {"error": …, "exit_code": …}; a mistyped flag is words, exit 2.',
    ),
    ("changes", "Fields are added, never renamed or removed, within one major version."),
    ("paging", "Lists are newest first; --limit N and --after ID page on."),
)
TOPICS = ("filters", "exit-codes", "causes", "states", "environment", "json", "runbooks")
RUNBOOKS = SHARED / "deploy" / "runbooks"


def runbooks() -> dict[str, str]:
    """What to do for each alert: name → Markdown."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(RUNBOOKS.glob("*.md"))}


def help_topic(
    topic: Annotated[str, typer.Argument(help=", ".join(TOPICS) + ", a cause's code, or a runbook's name.")] = "",
    output: OutputOption = Format.TABLE,
) -> None:
    """What filters may say, what exit codes mean, what each cause wants done."""
    match topic:
        case "filters":
            emit_list(fields_told(), ["field", "holds", "is"], output)
            if output is Format.TABLE:
                sys.stdout.write(
                    "\nFIELD OP VALUE with = != < <= > >= ~ or in (A, B); joined by and, or, not, ( ).\n"
                    "  homeward exception list --where 'cause=reason-unmapped and value>=100 GBP'\n"
                    "  homeward exception retry --where 'age>24h and not team=finance' --reason mended --dry-run\n"
                )
        case "exit-codes":
            emit_list([{"code": code, "means": means} for code, means in EXIT_CODES], ["code", "means"], output)
        case "environment":
            emit_list([{"name": name, "is": told} for name, told in ENVIRONMENT], ["name", "is"], output)
        case "json":
            emit_list([{"of": name, "is": told} for name, told in FORMATS], ["of", "is"], output)
        case "states":
            emit_list([{"state": s.value, "means": told} for s, told in SENTENCES.items()], ["state", "means"], output)
        case "causes":
            rows = [
                {"cause": each.code, "owner": each.owner, "hours": each.clock.total_seconds() / 3600,
                 "may_be_accepted": each.is_waivable, "means": each.means, "do": each.next_step}
                for each in CAUSES.values()
            ]  # fmt: skip
            emit_list(rows, ["cause", "owner", "hours", "may_be_accepted", "do"], output)
        case "runbooks":
            titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in runbooks().items()}
            emit_list([{"runbook": name, "for": title} for name, title in titles.items()], ["runbook", "for"], output)
        case _ if topic in runbooks():  # before the cause of the same name, of which it says more
            if output is Format.TABLE:
                sys.stdout.write(runbooks()[topic])
            else:
                emit_list([{"runbook": topic, "text": runbooks()[topic]}], ["runbook", "text"], output)
        case _ if topic in CAUSES:
            cause = CAUSES[topic]
            rows = [{"cause": cause.code, "owner": cause.owner, "means": cause.means, "do": cause.next_step}]
            emit_list(rows, ["cause", "owner", "means", "do"], output)
        case "":
            emit_list([{"topic": each, "see": f"homeward help {each}"} for each in TOPICS], ["topic", "see"], output)
        case _:
            raise Stop(NOT_FOUND, f"there is no topic '{topic}'; known: {', '.join(TOPICS)}, or a cause's code")


def print_schema(
    command: Annotated[list[str] | None, typer.Argument(help="As 'return list'; left out: all of them.")] = None,
) -> None:
    """The JSON Schema of what a command prints with -o json."""
    name = " ".join(command or [])
    if name and name not in SCHEMAS:
        raise Stop(NOT_FOUND, f"'{name}' prints nothing for programs; known: {', '.join(sorted(SCHEMAS))}")
    told = schema_of(name) if name else {each: schema_of(each) for each in sorted(SCHEMAS)}
    sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")
