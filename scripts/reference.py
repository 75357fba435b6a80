"""Write what can be read out of the code: `docs/reference/` and `schema/ai/`. With `--check`, say what is stale."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from cli.settings import CliSettings
from eventing.settings import EventingSettings
from fallback.settings import FallbackSettings
from gateway import openapi
from gateway.settings import GatewaySettings
from predictor.settings import PredictorSettings
from registry.settings import RegistrySettings
from rollout.local_settings import LocalRolloutSettings
from rollout.operator_settings import OperatorSettings
from rollout.policy import Policy
from rollout.state import ModelRollout
from summit_inference import events, jobs, metrics
from summit_inference.settings import Settings
from summit_inference.status import STATUSES
from transformers_stage.settings import TransformerSettings

_ROOT = Path(__file__).resolve().parents[1]
_SETTINGS: tuple[type[Settings], ...] = (
    GatewaySettings,
    TransformerSettings,
    PredictorSettings,
    FallbackSettings,
    EventingSettings,
    RegistrySettings,
    LocalRolloutSettings,
    OperatorSettings,
    CliSettings,
)
_OF_BATCH: tuple[type[BaseModel], ...] = (
    events.RequestedData,
    events.ScanData,
    events.ChunkData,
    events.FinishData,
    events.ProgressedData,
    events.CompletedData,
    events.FailedData,
    jobs.JobStatus,
    jobs.JobList,
    jobs.QuarantineDetail,
    jobs.QuarantineList,
)
_OF_ROLLOUT: dict[str, type[BaseModel]] = {"rollout-policy": Policy, "model-rollout": ModelRollout}
_MADE = "<!-- Made by scripts/reference.py from the code; change it there. -->"


def main() -> int:
    """Write all, or compare; 1 where a file differs."""
    files = dict(_files())
    if "--check" not in sys.argv:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return 0
    stale = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(
            f"{path.relative_to(_ROOT)} is out of date; run: .venv/bin/python -P scripts/reference.py", file=sys.stderr
        )
    return 1 if stale else 0


def _files() -> Iterator[tuple[Path, str]]:
    reference = _ROOT / "docs" / "reference"
    yield reference / "settings.md", "\n".join(_settings())
    yield reference / "metrics.md", "\n".join(_metrics())
    yield reference / "errors.md", "\n".join(_errors())
    yield reference / "events.md", "\n".join(_events())
    yield _ROOT / "schema" / "ai" / "openapi.json", json.dumps(openapi.document(), indent=2) + "\n"
    messages = {_file_name(message): message for message in (*openapi.MESSAGES, *_OF_BATCH)}
    for name, message in (messages | _OF_ROLLOUT).items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **message.model_json_schema()}
        yield _ROOT / "schema" / "ai" / f"{name}.json", json.dumps(schema, indent=2) + "\n"


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield _MADE
    yield ""
    yield "All come from the environment, once, at the start. A variable with a component's prefix that is no setting"
    yield "stops the start with a suggestion; an empty one counts as unset. Units are in the names."
    for kind in _SETTINGS:
        yield ""
        yield f"## {kind.__name__.removesuffix('Settings')}"
        yield ""
        yield "| variable | default | |"
        yield "|---|---|---|"
        for name, variable in kind.variables().items():
            field = kind.model_fields[name]
            is_unset = field.is_required() or field.default is None or str(field.default) in {"", "**********"}
            default = "" if is_unset else f"`{field.default}`"
            yield f"| `{variable}` | {default} | {' '.join((field.description or '').split())} |"
    yield ""


def _metrics() -> Iterator[str]:
    yield "# Metrics"
    yield ""
    yield _MADE
    yield ""
    yield "| metric | kind | labels | |"
    yield "|---|---|---|---|"
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001 - there is no other way
            yield f"| `{name}` | {family.type} | {labels} | {family.documentation} |"
    yield ""


def _errors() -> Iterator[str]:
    yield "# Errors"
    yield ""
    yield _MADE
    yield ""
    yield 'Every error, on every route, is `{"error": "<what to do>", "code": "<code>", "request_id": "<id>"}`, with'
    yield "`trace_id` where the request is traced: the caller sent `traceparent`, or the service exports traces."
    yield "The logs have both ids. Over gRPC the code stands in the trailing metadata `x-error-code`. Where it is busy,"
    yield "`Retry-After` says for how many seconds."
    yield ""
    yield "| code | HTTP | gRPC | may succeed later | |"
    yield "|---|---|---|---|---|"
    for kind, status in STATUSES.items():
        later = "yes" if status.is_retryable else "no"
        yield f"| `{kind.code}` | {status.http} | {status.grpc} | {later} | {(kind.__doc__ or '').strip()} |"
    yield ""


def _events() -> Iterator[str]:
    yield "# Events"
    yield ""
    yield _MADE
    yield ""
    yield "Every type of CloudEvent, and the schema of its data."
    yield ""
    yield "| type | data | |"
    yield "|---|---|---|"
    for kind in events.EventData.__subclasses__():
        schema = f"{_file_name(kind)}.json"
        said = " ".join((kind.__doc__ or "").split())
        yield f"| `{kind.event_type}` | [{schema}](../../schema/ai/{schema}) | {said} |"
    yield ""


def _file_name(message: type[BaseModel]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", message.__name__).lower()


if __name__ == "__main__":
    sys.exit(main())
