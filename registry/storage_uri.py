"""`mlflow://<name>/<version>`, as a storage URI of KServe names a model version. Pure."""

import re
from dataclasses import dataclass

from registry.selector import Kind, Selector, is_name
from summit_inference.errors import InvalidRequest

_FORM = re.compile(r"mlflow://(?P<name>[^/@]+)/(?P<selector>[^/@]+)(@sha256:(?P<digest>[0-9a-f]{64}))?/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class StorageUri:
    """What a storage URI asks for."""

    name: str
    selector: Selector
    digest: str | None
    """The version's digest, if the URI pins it: then not even the registry can put other files in its place."""

    @classmethod
    def parse(cls, text: str) -> "StorageUri":
        """`mlflow://summit-extract/3`, or with the digest: `mlflow://summit-extract/3@sha256:<64 hex digits>`.

        Raises:
            InvalidRequest: the text has another form.
        """
        match = _FORM.fullmatch(text)
        if match is None or not is_name(match["name"]):
            raise InvalidRequest(
                "a storage URI is mlflow://<model name>/<version>[@sha256:<digest>]; correct storageUri"
            )
        return cls(match["name"], Selector.parse(match["selector"]), match["digest"])

    @property
    def is_exact(self) -> bool:
        """Whether it means the same version at every cold start."""
        return self.selector.kind is not Kind.ALIAS
