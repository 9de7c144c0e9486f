"""Endpoints as data, and the OpenAPI 3.1 document made from them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web
from pydantic import BaseModel

from daemon.views.shapes import json_schema

BASE = "/api/v1"
MEDIA = "application/json"
PROBLEM_MEDIA = "application/problem+json"

Answer: TypeAlias = dict[str, Any] | list[Any]
Handler: TypeAlias = Callable[[web.Request, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in the address."""

    name: str
    tells: str
    schema: dict[str, Any]
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing a program can ask. `scopes`: the tokens that may; none: anybody."""

    method: str
    path: str
    name: str
    tells: str
    scopes: tuple[str, ...]
    handler: Handler
    shape: Any
    """The answer's shape, as `daemon/views/shapes.py` writes them."""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    """What it may be refused with, beside what every endpoint may."""

    @property
    def writes(self) -> bool:
        return self.method == "POST"


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "errors": {"type": "array", "items": {"type": "object"}},
    },
}  # fmt: skip
MEANS = {
    400: "The request cannot be understood; the detail says where.", 401: "No token, or one that is not in force.",
    403: "The token's scope does not cover this.", 404: "There is no such thing, or it is not this token's to see.",
    405: "This path is not asked like that.", 408: "The body took too long.",
    409: "Refused as it stands now; the detail says why.", 412: "It has changed since the version in If-Match.",
    413: "The body is too large.", 415: "The body is not JSON.",
    422: "The idempotency key was used for another request.", 429: "Too many requests; see Retry-After.",
    503: "The database or a vendor does not answer; try again.",
}  # fmt: skip
ALWAYS = (401, 403, 405, 429, 503)
KEY = Parameter(
    "Idempotency-Key", "Names this very request: sent again with the same key, it is answered again and done once.",
    {"type": "string", "pattern": "^[A-Za-z0-9._:-]{8,100}$"}, "header",
)  # fmt: skip
IF_MATCH = Parameter(
    "If-Match",
    "Do it only while the return is at this version.",
    {"type": "string", "pattern": '^"?[0-9]{1,9}"?$'},
    "header",
)
TAG = Parameter("If-None-Match", "The ETag of an answer you have; unchanged is 304.", {"type": "string"}, "header")


def document(endpoints: tuple[Endpoint, ...], *, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    for each in endpoints:
        paths.setdefault(BASE + each.path, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Homeward", "version": version,
            "description": "Returns between Happy Returns and Brightpearl. Times are UTC by RFC 3339; money is a decimal "
            "string beside its currency; fields are added within a version of the API, never renamed or removed.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "homeward token add NAME --scope SCOPE"}
            },
        },
    }  # fmt: skip


def _operation(each: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    needed = each.scopes != ()
    refusals = sorted(
        {*(ALWAYS if needed else (405, 503)), *each.problems, *((400, 413, 415, 408, 422) if each.writes else ())}
    )
    told: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.tells,
        "parameters": [_parameter(one, each) for one in _parameters(each)],
        "responses": {
            "200": {
                "description": "The answer.", "content": {MEDIA: {"schema": json_schema(each.shape)}},
                **({} if each.writes else {"headers": {"ETag": {"schema": {"type": "string"}}}}),
            },
            **({} if each.writes or not needed else {"304": {"description": "As you have it."}}),
            **{
                str(status): {"description": MEANS[status],
                              "content": {PROBLEM_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
                for status in refusals
            },
        },
    }  # fmt: skip
    if needed:
        told["security"] = [{"token": []}]
        told["description"] = f"Scopes: {', '.join(each.scopes)}."
    if each.body is not None:
        schema = each.body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[each.body.__name__] = schema
        told["requestBody"] = {
            "required": True,
            "content": {MEDIA: {"schema": {"$ref": f"#/components/schemas/{each.body.__name__}"}}},
        }
    return told


def _parameters(each: Endpoint) -> tuple[Parameter, ...]:
    if each.writes:
        return (*each.parameters, KEY)
    return (*each.parameters, TAG) if each.scopes else each.parameters


def _parameter(one: Parameter, each: Endpoint) -> dict[str, Any]:
    required = one.place == "path" or one is KEY
    return {"name": one.name, "in": one.place, "required": required, "description": one.tells, "schema": one.schema}
