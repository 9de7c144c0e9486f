"""The evidence pack: one zip of CSV lists with a manifest of digests, the same bytes for the same content."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

_MOMENT = (1980, 1, 1, 0, 0, 0)  # of every entry: the pack's bytes hang on its content alone


def pack(lists: Mapping[str, Sequence[Mapping[str, Any]]], about: Mapping[str, Any]) -> bytes:
    """`about`: who made it, of which span, when, by which version; stands in manifest.json beside the digests."""
    files = {f"{name}.csv": _csv(rows) for name, rows in sorted(lists.items())}
    manifest = {
        **about,
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "rows": len(lists[name.removesuffix(".csv")])}
            for name, content in files.items()
        },
    }
    files["manifest.json"] = orjson.dumps(manifest, default=_plain, option=orjson.OPT_INDENT_2)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    if rows:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows[0].keys())
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    told = _plain(value)
    # A cell that a spreadsheet would compute is text.
    return f"'{told}" if told[:1] in ("=", "+", "-", "@") and not isinstance(value, int | float) else told


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
    return str(value)
