"""The routes document: which model version gets which share of the traffic, and where each one answers.

Rollout alone writes it, to a file on one machine or to a Redis key; the gateway follows it. Trust boundary of both.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from summit_inference.errors import ConfigurationError

REDIS_KEY = "summit:routes"
_WHOLE = 100

ModelVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")]
Percent = Annotated[int, Field(ge=0, le=_WHOLE, strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True)


class Route(_Part):
    """One model version, and the host of its own revision."""

    model_version: ModelVersion
    """The MLflow model version."""
    percent: Percent
    """Share of the requests that ask for no version."""
    url: HttpUrl
    """Where this version, and no other, answers V2."""
    shadow_percent: Percent = 0
    """Share of the other versions' requests that this one gets a copy of."""


class RoutesDocument(_Part):
    """All routes of one model."""

    generation: int = Field(ge=0, strict=True)
    """Grows with every change, so that a stale writer or reader is seen."""
    routes: tuple[Route, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sum(route.percent for route in self.routes) != _WHOLE:
            raise ValueError("the percents of all routes must add up to 100")
        if len({route.model_version for route in self.routes}) < len(self.routes):
            raise ValueError("a model version must have one route only")
        return self

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """The document that was written with `as_json`.

        Raises:
            ConfigurationError: it is none; the message names the members at fault.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, each['loc'])) or 'document'}: {each['msg']}" for each in error.errors()]
            raise ConfigurationError(f"The routes document cannot be followed: {'; '.join(faults)}.") from None

    def as_json(self) -> bytes:
        """The document as it is stored."""
        return self.model_dump_json().encode()

    def route_of(self, model_version: str) -> Route | None:
        """The route of this version, None where it has none."""
        return next((route for route in self.routes if route.model_version == model_version), None)
