"""A server that speaks V2, as its tests see it: addresses, requests that its model takes, the two ways to ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx

from summit_inference.v2_grpc_messages import SERVICE, message_class

Document = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """Where a server listens."""

    base_url: str
    """Without the `/v2`."""
    grpc_address: str
    http: httpx.Client
    channel: grpc.Channel

    def get(self, path: str) -> httpx.Response:
        return self.http.get(f"{self.base_url}{path}")

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.http.post(f"{self.base_url}{path}", content=body, headers=headers)

    def call(self, method: str, message: Any, metadata: tuple[tuple[str, str], ...] = ()) -> Any:
        """The answer to a message, or to the bytes of one."""
        body = message if isinstance(message, bytes) else message.SerializeToString()
        answer = self.channel.unary_unary(f"/{SERVICE}/{method}")(body, metadata=metadata, timeout=30)
        return message_class(f"{method}Response").FromString(answer)

    def refusal(self, method: str, message: Any) -> grpc.RpcError:
        """The error that a call ends with; a call that succeeds fails the test."""
        try:
            answer = self.call(method, message)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"{method} should have been refused, and answered {answer}")


@dataclass(frozen=True)
class Target:
    """A server under test, and what its model takes."""

    server: Server
    model_name: str
    model_version: str
    """One that the server has."""
    inputs: tuple[Document, ...]
    """A request that the model takes, as the `inputs` of a JSON body with flat data."""
    more_inputs: tuple[tuple[Document, ...], ...] = ()
    """Further such requests, so that every datatype that the model takes is in one."""
    is_echo: bool = False
    """The model answers with its inputs and its parameters, so that more can be said of its answers."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What its metadata says, where the transport has it."""
    unready: Server | None = None
    """A server of the same build whose model of this name is not ready."""

    @property
    def model_path(self) -> str:
        return f"/v2/models/{self.model_name}"

    @property
    def requests(self) -> tuple[tuple[Document, ...], ...]:
        return (self.inputs, *self.more_inputs)

    def document(self, *extra_inputs: Document, **members: object) -> Document:
        """A valid JSON body with further inputs and members."""
        return {"inputs": [*self.inputs, *extra_inputs], **members}

    def infer(self, document: object, headers: Mapping[str, str] | None = None, version: str = "") -> httpx.Response:
        """What the server says to this JSON body."""
        client = self.server.http
        path = f"{self.model_path}/versions/{version}/infer" if version else f"{self.model_path}/infer"
        return client.post(f"{self.server.base_url}{path}", json=document, headers=headers)

    def answer(self, document: object) -> Document:
        """The JSON of a success."""
        response = self.infer(document)
        assert response.status_code == 200, response.text
        answered: Document = response.json()
        return answered
