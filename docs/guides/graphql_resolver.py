"""A GraphQL resolver that asks for entities: the caller's trace goes on, and what answered is stored with the answer.

The example of `clients.md`, with graphql-core alone; strawberry and ariadne call the same function. Its test runs it
against a real gateway.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    graphql,
)

from summit_inference.context import RequestContext, working_on
from summit_inference.errors import SummitError
from summit_inference.extract_client import ExtractClient
from summit_inference.extraction import ExtractResponse

_TIMEOUT_SECONDS = 0.8
"""What a page can wait for: a model that needs longer is answered for by the rules."""

_SCHEMA = """
type Query {
  "The entities of a document of an investigation."
  entities(documentId: ID!, text: String!): Extraction!
}

type Extraction {
  mentions: [Mention!]!
  "True: by rules, because the model could not in time. Ask again later for the model's answer."
  degraded: Boolean!
  model: Model!
}

type Mention { text: String!  label: String!  start: Int!  end: Int!  score: Float! }
type Model { name: String!  version: String!  runId: String }
"""


@dataclass(frozen=True)
class StoredExtraction:
    """What is kept beside a document: every entity leads back to the model version and the run that found it."""

    document_id: str
    entities: list[str]
    model_name: str
    model_version: str
    run_id: str | None
    is_degraded: bool
    request_id: str


@dataclass(frozen=True)
class Context:
    """What resolvers get with one GraphQL request."""

    headers: Mapping[str, str]
    """Of the HTTP request, names in lower case."""
    client: ExtractClient
    """One a process."""
    store: Callable[[StoredExtraction], Awaitable[None]]


async def entities(info: GraphQLResolveInfo, document_id: str, text: str) -> dict[str, Any]:
    """The resolver of `Query.entities`."""
    context: Context = info.context
    with working_on(RequestContext.from_headers(context.headers)):  # traceparent, tracestate, baggage, request id
        try:
            answer = await context.client.extract(text, timeout_seconds=_TIMEOUT_SECONDS)
        except SummitError as error:
            raise GraphQLError(error.message, extensions={"code": error.code}) from error
    await context.store(_stored(document_id, answer))
    model = {"name": answer.model.name, "version": answer.model.version, "runId": answer.model.run_id}
    return {"mentions": answer.spans, "degraded": answer.degraded, "model": model}


def schema() -> GraphQLSchema:
    """The schema with its resolver."""
    built = build_schema(_SCHEMA)
    query = cast("GraphQLObjectType", built.query_type)
    query.fields["entities"].resolve = lambda _, info, **given: entities(info, given["documentId"], given["text"])
    return built


async def answered(query: str, variables: Mapping[str, Any], context: Context) -> ExecutionResult:
    """What a web framework's GraphQL route calls."""
    return await graphql(schema(), query, context_value=context, variable_values=dict(variables))


def _stored(document_id: str, answer: ExtractResponse) -> StoredExtraction:
    return StoredExtraction(
        document_id,
        answer.entities,
        answer.model.name,
        answer.model.version,
        answer.model.run_id,
        answer.degraded,
        answer.request_id,
    )
