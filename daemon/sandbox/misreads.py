"""Reads that mislead: what the vendor would have answered, with something missing, too short, miscounted or another's."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from aiohttp import web

from daemon.sandbox.faults import Rule, draw

_LISTS = ("items", "outboundShipments")
"""Where Happy Returns' answers hold their members."""
BAD_SHARE = 0.1


def misread(
    rule: Rule, answer: web.Response, identity: str, others: dict[str, bytes], hide: Callable[[object], None]
) -> web.Response:
    """The answer as this rule spoils it; one that has nothing to spoil stays as it is.

    `others`: what the same resource answered to other questions, by their identity. `hide` is told the number of a row that
    a search does not show, as if its index did not hold it yet.
    """
    if rule.kind == "other-answer":
        other = next((others[name] for name in sorted(others) if name != identity), None)
        return _said(answer, json.loads(other)) if other is not None else answer
    if rule.kind == "none-of-set":
        return _none(answer, identity)
    try:
        content = json.loads(answer.body) if isinstance(answer.body, bytes) else None
    except ValueError:
        return answer
    if answer.status >= 300 or not isinstance(content, dict):
        return answer
    if rule.kind == "hollow":
        return _said(answer, {"response": {}} if "response" in content else {})
    if rule.kind == "empty-list":
        return _said(answer, {"response": []} if "response" in content else {})
    if rule.kind == "leave-out":
        return _left_out(rule, answer, content, identity, hide)
    found = content.get("response")
    if not isinstance(found, dict) or "results" not in found:
        return answer
    spoiled = deepcopy(found)
    if rule.kind == "bad-row":
        _bad_row(spoiled, rule.value)
    else:
        _SEARCHES[rule.kind](spoiled)
    return _said(answer, {**content, "response": spoiled})


def _said(answer: web.Response, content: Any, *, status: int = 0) -> web.Response:
    new = web.json_response(content, status=status or answer.status)
    own = ("content-type", "content-length")
    new.headers.update({name: value for name, value in answer.headers.items() if name.casefold() not in own})
    return new


_SET = re.compile(r"/\d+[-,.]\d+")


def _none(answer: web.Response, identity: str) -> web.Response:
    """Nothing of what was asked for: 204 in Happy Returns' words, 404 in Brightpearl's.

    Of one id alone Brightpearl's own words would be the truth: then it is somebody else's 404.
    """
    if "brightpearl-requests-remaining" not in answer.headers:
        return web.Response(status=204)
    if not _SET.search(identity):
        return web.Response(text="not found", status=404)
    return _said(answer, {"errors": [{"code": "CMNC-404", "message": "Cannot find the resource"}]}, status=404)


def _left_out(
    rule: Rule, answer: web.Response, content: dict[str, Any], identity: str, hide: Callable[[object], None]
) -> web.Response:
    """One member less. Of an id set: 207, as where one cannot be read. Of a search: as if the index did not hold it."""
    told, name = content.get("response", content), next((each for each in _LISTS if each in content), "")
    left = draw("left out", identity)
    if isinstance(told, list) and told:
        index = int(left * len(told))
        return _said(answer, {**content, "response": told[:index] + told[index + 1 :]}, status=rule.status or 207)
    if name and content[name]:
        index = int(left * len(content[name]))
        return _said(answer, {**content, name: content[name][:index] + content[name][index + 1 :]})
    if isinstance(told, dict) and told.get("results"):
        spoiled = deepcopy(told)
        hide(spoiled["results"].pop(int(left * len(told["results"])))[0])
        meta = spoiled["metaData"]
        meta |= {"resultsAvailable": meta["resultsAvailable"] - 1, "resultsReturned": meta["resultsReturned"] - 1}
        return _said(answer, {**content, "response": spoiled})
    if isinstance(told, dict) and told and all(key.isdigit() for key in told):
        gone = sorted(told)[int(left * len(told))]
        rest = {key: value for key, value in told.items() if key != gone}
        return _said(answer, {**content, "response": rest})
    return answer


def _more_pages(found: dict[str, Any]) -> None:
    meta = found["metaData"]
    meta |= {"morePagesAvailable": True, "resultsAvailable": max(meta["resultsAvailable"], 1), "resultsReturned": 0}
    found["results"] = []


def _no_rows(found: dict[str, Any]) -> None:
    found["results"] = []
    found["metaData"] |= {"morePagesAvailable": False, "resultsAvailable": 0, "resultsReturned": 0}


def _short_rows(found: dict[str, Any]) -> None:
    found["results"] = [row[: len(row) // 2] for row in found["results"]]


def _bad_row(found: dict[str, Any], value: int) -> None:
    found["results"] = [
        row[:-1] if (value in row if value else draw("bad row", row[0]) < BAD_SHARE) else row
        for row in found["results"]
    ]


def _odd_rows(found: dict[str, Any]) -> None:
    names = [column["name"] for column in found["metaData"]["columns"]]
    found["results"] = [dict(zip(names, row, strict=True)) for row in found["results"]]


def _counts_disagree(found: dict[str, Any]) -> None:
    meta = found["metaData"]
    meta |= {"resultsAvailable": meta["resultsAvailable"] + 1, "resultsReturned": meta["resultsReturned"] + 1}


_SEARCHES: dict[str, Callable[[dict[str, Any]], None]] = {
    "more-pages": _more_pages, "no-rows": _no_rows, "short-rows": _short_rows, "odd-rows": _odd_rows,
    "counts-disagree": _counts_disagree,
}  # fmt: skip
