"""`python -m transformers_stage`: the transformer of one model version."""

import contextlib
import sys
from collections.abc import AsyncIterator

from registry.artifact import open_artifact
from serving.arguments import Arguments, arguments
from serving.command import run
from serving.front import Served
from summit_inference.client import Upstream
from summit_inference.lineage import Lineage
from summit_inference.metrics import MODEL_INFO
from summit_inference.telemetry import set_up_logs
from summit_inference.tracing import exporting
from summit_inference.v2_limits import Limits
from transformers_stage.pipeline import TextPipeline, WindowPlan
from transformers_stage.servable import TextLimits, TransformerServable
from transformers_stage.settings import TransformerSettings


def start() -> None:
    """Load the text side of the version, then serve until SIGTERM. Faults are told before the long imports."""
    settings = TransformerSettings.load()
    set_up_logs("transformer", settings.log_level)
    given = arguments(sys.argv[1:])
    predictor = Upstream(_predictor_url(settings, given), timeout_seconds=settings.predictor_timeout_seconds)

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await predictor.aclose()

    served = Served(
        _servable(settings, given, predictor), "transformer", Limits(max_body_bytes=settings.max_body_bytes)
    )
    from serving.kserve_server import serve  # noqa: PLC0415 - imports kserve

    with exporting("transformer", settings.otlp_endpoint, settings.trace_sample_ratio):
        serve(served, given.address(settings), running)


def _servable(settings: TransformerSettings, given: Arguments, predictor: Upstream) -> TransformerServable:
    artifact = open_artifact(
        settings.model_directory, expected_name=_name(settings, given), expected_version=settings.model_version
    )
    lineage = Lineage(artifact.name, artifact.version, artifact.run_id)
    MODEL_INFO.labels(lineage.name, lineage.version, lineage.run_id or "").set(1)
    plan = WindowPlan(settings.window_tokens, settings.overlap_tokens)
    return TransformerServable(
        lineage,
        TextPipeline.load(artifact.model_directory, artifact.tokenizer_directory, plan),
        predictor,
        TextLimits(settings.max_texts, settings.max_text_characters, settings.max_inline_characters),
    )


def _name(settings: TransformerSettings, given: Arguments) -> str:
    return given.model_name or settings.model_name


def _predictor_url(settings: TransformerSettings, given: Arguments) -> str:
    return f"http://{given.predictor_host}" if given.predictor_host else settings.predictor_url


if __name__ == "__main__":
    run(start)
