"""Map files: one TOML a merchant, with CSV beside it for what is large. Read, checked as a whole, and given a version.

Every fault is reported at once with its full key. What the keys mean: `statemachine/credit/maps.py`.
"""

import csv
import hashlib
import io
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from daemon.errors import SettingsError
from statemachine.credit.maps import CreditMap
from statemachine.credit.outcomes import NEVER_PAID, word_of

_MAP: TypeAdapter[CreditMap] = TypeAdapter(CreditMap)
NO_MAPS = CreditMap()


def read_map(path: Path) -> CreditMap:
    """The maps of a file, with the version that names this content. Raises SettingsError naming every fault."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"map {path}: {error}") from error
    faults: list[str] = []
    files = told.pop("files", {})
    if not isinstance(files, dict):
        faults.append('files: must be a table of map name = "file.csv"')
        files = {}
    for name, file in files.items():
        reader = _CSV.get(name)
        if reader is None:
            faults.append(f"files.{name}: there is no such map to read from CSV; known: {', '.join(sorted(_CSV))}")
            continue
        columns, put = reader
        table = told.setdefault(name, {})
        try:
            _read_csv(path.parent / str(file), columns, lambda row, put=put, table=table: put(table, row))  # type: ignore[misc]
        except SettingsError as error:
            faults.append(f"files.{name}: {error}")
    told.pop("version", None)
    try:
        found = from_content(told)
    except ValidationError as error:
        faults += [_fault(each) for each in error.errors(include_url=False)]
    else:
        faults += _nonsense(found)
    if faults:
        raise SettingsError(f"map {path}: {len(faults)} fault(s)\n" + "\n".join(f"  {fault}" for fault in faults))
    return found


def _nonsense(maps: CreditMap) -> list[str]:
    """Figures that mean nothing, whatever the account looks like."""
    faults = []
    for sku, components in maps.bundles.items():
        for name, each in components.items():
            if each.count < 1:
                faults.append(f"bundles.{sku}.{name}.count: must be 1 or more (given: {each.count})")
            if each.share is not None and not 0 <= each.share <= 1:
                faults.append(f"bundles.{sku}.{name}.share: must lie between 0 and 1 (given: {each.share})")
    for kind, fee in maps.fees.items():
        if fee.percent is not None and not 0 < fee.percent <= 100:
            faults.append(f"fees.{kind}.percent: must lie between 0 and 100 (given: {fee.percent})")
        if fee.percent is not None and fee.amount is not None:
            faults.append(f"fees.{kind}: give percent or amount, not both")
    words: dict[str, str] = {}
    for name in maps.refund_types:
        word = word_of(name)
        if not word or word in NEVER_PAID:
            faults.append(
                f"refund_types.{name}: says that nothing is refunded; each such return is a person's to decide"
            )
        if words.setdefault(word, name) != name:
            faults.append(f"refund_types.{name}: is the same word as {words[word]}")
    return faults


def from_content(content: Mapping[str, Any]) -> CreditMap:
    """Maps from their plain data, as the file or the database holds it. Raises pydantic's ValidationError."""
    found = _MAP.validate_python(dict(content))
    return replace(found, version=_version(found))


def to_content(maps: CreditMap) -> dict[str, Any]:
    told: dict[str, Any] = _MAP.dump_python(replace(maps, version=""), mode="json")
    told.pop("version")
    if not maps.refund_types:  # a map without them keeps the version it had before there were any
        told.pop("refund_types")
    return told


def _version(maps: CreditMap) -> str:
    """The same for the same content, whatever the order or layout of the file."""
    return hashlib.sha256(orjson.dumps(to_content(maps), option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


_OPTIONAL = ("status_id", "note", "disposition", "count", "share")


def _read_csv(path: Path, columns: tuple[str, ...], put: Callable[[dict[str, str]], None]) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        raise SettingsError(f"{path.name}: {reason}") from error
    reader = csv.DictReader(io.StringIO(text))
    given = reader.fieldnames or ()
    missing = [name for name in columns if name not in given]
    unknown = [name for name in given if name not in columns and name not in _OPTIONAL]
    if missing or unknown:
        lacks = f"lacks the column(s) {', '.join(missing)}" if missing else ""
        odd = f"has unknown column(s) {', '.join(unknown)}" if unknown else ""
        raise SettingsError(f"{path.name}: {'; '.join(filter(None, (lacks, odd)))}")
    for number, row in enumerate(reader, start=2):
        told = {key: (value or "").strip() for key, value in row.items() if key}
        if not told[columns[0]]:
            raise SettingsError(f"{path.name} line {number}: {columns[0]} is empty")
        try:
            put(told)
        except SettingsError as error:
            raise SettingsError(f"{path.name} line {number}: {error}") from error


def _put_plain(source: str, target: str) -> Callable[[dict[str, Any], dict[str, str]], None]:
    def put(table: dict[str, Any], row: dict[str, str]) -> None:
        _once(table, row[source])
        table[row[source]] = row[target]

    return put


def _once(table: dict[str, Any], key: str) -> None:
    """Two entries for one key contradict each other, whichever file they stand in."""
    if key in table:
        raise SettingsError(f"'{key}' is given twice")


def _put_substitution(table: dict[str, Any], row: dict[str, str]) -> None:
    table.setdefault(row["returned_sku"], []).append(row["sold_sku"])


def _put_component(table: dict[str, Any], row: dict[str, str]) -> None:
    told: dict[str, Any] = {"count": row.get("count") or 1}
    if row.get("share"):
        told["share"] = row["share"]
    components = table.setdefault(row["bundle_sku"], {})
    _once(components, row["component_sku"])
    components[row["component_sku"]] = told


def _put_reason(table: dict[str, Any], row: dict[str, str]) -> None:
    _once(table, row["reason"])
    table[row["reason"]] = {key: row[key] for key in ("status_id", "note", "disposition") if row.get(key)}


_CSV: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any], dict[str, str]], None]]] = {
    "reasons": (("reason",), _put_reason),
    "tax": (("from", "to"), _put_plain("from", "to")),
    "nominal": (("from", "to"), _put_plain("from", "to")),
    "warehouses": (("destination", "warehouse_id"), _put_plain("destination", "warehouse_id")),
    "refund_methods": (("from", "to"), _put_plain("from", "to")),
    "refund_types": (("from", "to"), _put_plain("from", "to")),
    "substitutions": (("returned_sku", "sold_sku"), _put_substitution),
    "bundles": (("bundle_sku", "component_sku"), _put_component),
}
"""Map name → the columns it needs, and how a row is put into its table."""


def _fault(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{key}: there is no such key"
    if error["type"] in ("missing", "missing_argument"):
        return f"{key}: is required"
    return f"{key}: {error['msg']} (given: {str(error['input'])[:60]!r})"
