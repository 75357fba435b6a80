"""Keys: who may call, for what, and how much. Pure: a ring is made of text, and asked.

Tokens are never kept: their SHA-256 digest is, and every comparison takes the same time.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.degrade import Policy
from summit_inference.errors import ConfigurationError, Unauthenticated

_BEARER = re.compile(r"bearer +(?P<token>\S+) *", re.IGNORECASE)
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_-]+):(?P<token>.+)")
_MINIMUM_TOKEN_CHARACTERS = 16


class Scope(StrEnum):
    """What a key opens."""

    EXTRACT = "extract"
    """Inference."""
    BATCH = "batch"
    """Inference of class batch, events in, and reading jobs and quarantine."""
    ADMIN = "admin"
    """Metrics, where these are served on the main port; and changing jobs and quarantine."""


class Key(BaseModel):
    """One caller's key, as in a keys file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """For logs; not secret."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Digest of the token, in hexadecimal."""
    scopes: frozenset[Scope] = frozenset({Scope.EXTRACT, Scope.BATCH})
    requests_per_second: float | None = Field(default=None, gt=0)
    """None: as many as there are."""
    concurrency: int | None = Field(default=None, gt=0)
    """Requests in flight at once; None: no limit of its own."""
    degradation: Policy | None = None
    """What counts where a request does not say; None: allow."""


_Keys = TypeAdapter(tuple[Key, ...])


class KeyRing:
    """All keys that open the gateway."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple(keys)
        for named in ("name", "sha256"):
            values = [getattr(key, named) for key in self._keys]
            if len(set(values)) < len(values):
                raise ConfigurationError(f"Two keys have the same {named}; give each its own.")

    @classmethod
    def of_tokens(cls, text: str) -> Self:
        """Keys for `token`, or `name:token`, or several of them with commas between.

        Raises:
            ConfigurationError: a token is too short to be a secret.
        """
        keys = []
        for at, entry in enumerate((part.strip() for part in text.split(",") if part.strip()), start=1):
            found = _NAMED.fullmatch(entry)
            name, token = (found["name"], found["token"]) if found else (f"key-{at}", entry)
            if len(token) < _MINIMUM_TOKEN_CHARACTERS:
                raise ConfigurationError(
                    f"Token {at} has fewer than {_MINIMUM_TOKEN_CHARACTERS} characters; make a longer one at random."
                )
            keys.append(Key(name=name, sha256=digest_of(token)))
        return cls(keys)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The keys of a keys file: a JSON list of objects with the members of `Key`.

        Raises:
            ConfigurationError: it is none; the message names the members at fault, and never their values.
        """
        try:
            return cls(_Keys.validate_json(text))
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors()]
            raise ConfigurationError(f"The keys file cannot be used: {'; '.join(faults)}.") from None

    def __add__(self, other: "KeyRing") -> "KeyRing":
        return KeyRing((*self._keys, *other._keys))

    def __len__(self) -> int:
        return len(self._keys)

    def key_of(self, authorization: str | None) -> Key:
        """The key that an `Authorization` header shows.

        Raises:
            Unauthenticated: there is none, or nobody knows it.
        """
        shown = _BEARER.fullmatch(authorization or "")
        if shown is None:
            raise Unauthenticated("Send the header 'Authorization: Bearer <token>' with a token of this gateway.")
        digest = digest_of(shown["token"])
        # No early exit: the time must not tell which key comes close.
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, digest)]
        if not found:
            raise Unauthenticated("This token is not known here; ask the operator of the gateway for one.")
        return found[0]


def digest_of(token: str) -> str:
    """What a keys file holds of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
