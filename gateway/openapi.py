"""`GET /openapi.json`: the gateway's HTTP doors as OpenAPI 3.1, around the same schemas as `schema/ai/`."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.caller import POLICY_HEADER, POLICY_NAME
from gateway.degrade import Policy
from gateway.state import GatewayState
from summit_inference import __version__, deadline, extraction, jobs, messages
from summit_inference.context import BATCH, PRIORITY_HEADER, REQUEST_ID_HEADER
from summit_inference.http_message import HttpResponse, Receive, Scope

MESSAGES: tuple[type[BaseModel], ...] = (
    extraction.ExtractRequest,
    extraction.ExtractResponse,
    extraction.ExtractListResponse,
    messages.ErrorMessage,
    messages.V2InferRequest,
    messages.V2InferResponse,
    messages.V2ModelMetadata,
    messages.V2ServerMetadata,
    messages.V2ModelReady,
    GatewayState,
    jobs.JobStatus,
    jobs.JobList,
    jobs.QuarantineList,
)
"""Every message of the doors; `schema/ai/` has a file of each."""

_JSON = "application/json"
_Json = dict[str, Any]
_OPEN: list[_Json] = []
"""No key."""


async def openapi_route(_scope: Scope, _receive: Receive) -> HttpResponse:
    """The document."""
    return HttpResponse(200, {"content-type": _JSON}, _encoded())


@cache
def _encoded() -> bytes:
    return orjson.dumps(document())


def document() -> _Json:
    """The whole document, whatever the settings open of it."""
    _, schemas = models_json_schema(
        [(message, "validation") for message in MESSAGES], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Summit inference",
            "version": __version__,
            "description": "Entities of texts: by the model, or in time by rules, and then the answer says so.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag, "description": text} for tag, text in _TAGS.items()],
        "paths": {**_extract(), **_v2(), **_batch(), **_operators()},
        "components": {
            "schemas": schemas["$defs"],
            "parameters": _PARAMETERS,
            "responses": {"Error": _error()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Where the gateway has keys."}
            },
        },
    }


_TAGS = {
    "extract": "Text in, entities out.",
    "v2": "The same in the V2 protocol (Open Inference Protocol).",
    "batch": "Jobs over many documents, where the gateway has these doors.",
    "operators": "What the gateway says of itself.",
}

_PARAMETERS: dict[str, _Json] = {
    "offsets": {
        "name": "offsets",
        "in": "query",
        "description": "The unit of `start` and `end`.",
        "schema": {"type": "string", "enum": ["codepoints", "utf16"], "default": "codepoints"},
    },
    "timeout": {
        "name": deadline.HEADER,
        "in": "header",
        "description": "Milliseconds that the caller will wait: the answer is there by then, degraded if need be.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999_999},
        "example": 300,
    },
    "degradation": {
        "name": POLICY_NAME,
        "in": "query",
        "description": f"What is thought of the fallback's answers; the header `{POLICY_HEADER}` says the same.",
        "schema": {"type": "string", "enum": [policy.value for policy in Policy]},
    },
    "request_id": {
        "name": REQUEST_ID_HEADER,
        "in": "header",
        "description": "Returned with the answer, and in every log of it.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    },
    "request_class": {
        "name": PRIORITY_HEADER,
        "in": "header",
        "description": "Batch work yields to live callers.",
        "schema": {"type": "string", "enum": [BATCH]},
    },
    "model": {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
    "job_id": {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
    "after": {
        "name": "after",
        "in": "query",
        "description": "The `next` of the page before.",
        "schema": {"type": "string"},
    },
    "version": {"name": "version", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
}
_OF_INFERENCE = ("timeout", "degradation", "request_id", "request_class")


def _extract() -> _Json:
    examples = {
        "one text": {"value": {"text": "Angela Merkel met Tim Cook of Apple in Berlin."}},
        "several texts": {"value": {"texts": ["Angela Merkel was in Berlin.", "So was Tim Cook."]}},
    }
    operation = _operation(
        "extract", "extract", "The entities of one text, or of several.", ("offsets", *_OF_INFERENCE)
    )
    body = {"required": True, "content": {_JSON: {"schema": _ref(extraction.ExtractRequest), "examples": examples}}}
    answers = {"oneOf": [_ref(extraction.ExtractResponse), _ref(extraction.ExtractListResponse)]}
    return {"/extract": {"post": {**operation, "requestBody": body, "responses": _responses(answers)}}}


def _v2() -> _Json:
    paths: _Json = {
        "/v2": {"get": _reading("server_metadata", "v2", "What the server is.", messages.V2ServerMetadata)},
        "/v2/health/live": {"get": _asking("server_live", "v2", "200 while the process works.")},
        "/v2/health/ready": {"get": _asking("server_ready", "v2", "200 while it answers.")},
    }
    for suffix, place, parameters in (
        ("", "/v2/models/{model}", ("model",)),
        ("_version", "/v2/models/{model}/versions/{version}", ("model", "version")),
    ):
        body = {"required": True, "content": {_JSON: {"schema": _ref(messages.V2InferRequest)}}}
        infer = _operation(f"infer{suffix}", "v2", "The entities of texts, as columns.", (*parameters, *_OF_INFERENCE))
        paths |= {
            place: {
                "get": _reading(
                    f"model{suffix}_metadata", "v2", "What the model is.", messages.V2ModelMetadata, parameters
                )
            },
            f"{place}/ready": {
                "get": _reading(
                    f"model{suffix}_ready", "v2", "200 while it answers.", messages.V2ModelReady, parameters
                )
            },
            f"{place}/infer": {
                "post": {**infer, "requestBody": body, "responses": _responses(_ref(messages.V2InferResponse))}
            },
        }
    return paths


def _batch() -> _Json:
    operation = _operation(
        "send_event", "batch", "Hand in a CloudEvent, in binary or structured mode.", ("request_id",)
    )
    any_event: _Json = {"schema": {"type": "object"}}
    body = {"required": True, "content": {"application/cloudevents+json": any_event, _JSON: any_event}}
    responses = {"202": {"description": "It is recorded, and will be worked on."}, "default": _ERROR}
    return {
        "/events": {"post": {**operation, "requestBody": body, "responses": responses}},
        "/jobs": {"get": _reading("jobs", "batch", "Jobs, the newest first.", jobs.JobList, ("after",))},
        "/jobs/{job_id}": {"get": _reading("job", "batch", "How far a job is.", jobs.JobStatus, ("job_id",))},
        "/quarantine": {
            "get": _reading("quarantine", "batch", "What was given up on.", jobs.QuarantineList, ("after",))
        },
    }


def _operators() -> _Json:
    return {
        "/health": {"get": _asking("health", "operators", "200 while the process works.")},
        "/ready": {"get": _asking("ready", "operators", "200 until the process drains.")},
        "/state": {"get": _reading("state", "operators", "What this gateway knows at this moment.", GatewayState)},
    }


_ERROR = {"$ref": "#/components/responses/Error"}


def _operation(name: str, tag: str, summary: str, parameters: tuple[str, ...] = ()) -> _Json:
    operation: _Json = {"operationId": name, "tags": [tag], "summary": summary}
    if parameters:
        operation["parameters"] = [{"$ref": f"#/components/parameters/{each}"} for each in parameters]
    return operation


def _reading(name: str, tag: str, summary: str, message: type[BaseModel], parameters: tuple[str, ...] = ()) -> _Json:
    return {**_operation(name, tag, summary, parameters), "responses": _responses(_ref(message))}


def _asking(name: str, tag: str, summary: str) -> _Json:
    """Of those who balance loads: a status is the answer, and no key is needed."""
    return {**_operation(name, tag, summary), "security": _OPEN, "responses": _responses({"type": "object"})}


def _responses(schema: Mapping[str, Any]) -> _Json:
    headers = {REQUEST_ID_HEADER: {"schema": {"type": "string"}}}
    answer = {"description": "The answer.", "headers": headers, "content": {_JSON: {"schema": schema}}}
    return {"200": answer, "default": _ERROR}


def _error() -> _Json:
    return {
        "description": "No answer: 4xx is the caller's doing, 429 and 503 pass.",
        "headers": {
            "retry-after": {"description": "Seconds, where it is busy.", "schema": {"type": "integer", "minimum": 1}}
        },
        "content": {_JSON: {"schema": _ref(messages.ErrorMessage)}},
    }


def _ref(message: type[BaseModel]) -> _Json:
    return {"$ref": f"#/components/schemas/{message.__name__}"}
