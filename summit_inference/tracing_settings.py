"""The settings of a server whose requests can be traced."""

from pydantic import Field

from summit_inference.settings import Settings


class TracingSettings(Settings):
    """To be derived from instead of `Settings`."""

    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """A collector that takes OTLP over HTTP, such as `http://collector:4318`; spans go to `/v1/traces` below it. Unset:
    no traces, and the trace headers of callers pass through as they came. The other standard variables of the exporter
    (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`) count as well."""
    trace_sample_ratio: float = Field(default=0.1, ge=0, le=1)
    """Share of requests that are traced where the caller's `traceparent` has not decided; where it has, it is followed.
    A tenth shows every kind of request within minutes, at a tenth of the cost."""
