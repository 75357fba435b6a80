"""Write what can be read out of the code: `docs/reference/` and `schema/ai/`. With `--check`, say what is stale."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from cli.settings import CliSettings
from fallback.settings import FallbackSettings
from gateway.settings import GatewaySettings
from predictor.settings import PredictorSettings
from registry.settings import RegistrySettings
from summit_inference import extraction, metrics
from summit_inference.settings import Settings
from summit_inference.status import STATUSES
from transformers_stage.settings import TransformerSettings

_ROOT = Path(__file__).resolve().parents[1]
_SETTINGS: tuple[type[Settings], ...] = (
    GatewaySettings,
    TransformerSettings,
    PredictorSettings,
    FallbackSettings,
    RegistrySettings,
    CliSettings,
)
_MESSAGES: tuple[type[BaseModel], ...] = (
    extraction.ExtractRequest,
    extraction.ExtractResponse,
    extraction.ExtractListResponse,
)
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
    for message in _MESSAGES:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", message.__name__).lower()
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
            default = "" if field.default is None or str(field.default) in {"", "**********"} else f"`{field.default}`"
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
    yield 'Every error, on every route, is `{"error": "<what to do>", "code": "<code>", "request_id": "<id>"}`.'
    yield "Over gRPC the code stands in the trailing metadata `x-error-code`. Where it is busy, `Retry-After` says for"
    yield "how many seconds."
    yield ""
    yield "| code | HTTP | gRPC | may succeed later | |"
    yield "|---|---|---|---|---|"
    for kind, status in STATUSES.items():
        later = "yes" if status.is_retryable else "no"
        yield f"| `{kind.code}` | {status.http} | {status.grpc} | {later} | {(kind.__doc__ or '').strip()} |"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
