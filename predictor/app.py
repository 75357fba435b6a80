"""The predictor, put together: from settings to a model that answers. The one place that knows all its parts."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from predictor.cores import available_cores
from predictor.counting import Counting
from predictor.engine import Engine, EngineLimits
from predictor.gpu_sampler import sampling
from predictor.model import Encoder, cuda_capability
from predictor.placement import Placement, placed
from predictor.rounding import Rounding
from predictor.servable import PredictorServable
from predictor.settings import PredictorSettings
from predictor.supervision import SupervisionLimits
from predictor.token_tensors import SequenceLimits
from registry.artifact import open_artifact
from summit_inference.batching import QueueLimits
from summit_inference.lineage import Lineage


@dataclass(frozen=True, slots=True)
class Predictor:
    """One loaded model version."""

    servable: PredictorServable
    engine: Engine

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The lanes run inside; at the end, what was accepted is answered first."""
        await self.engine.start()
        try:
            with sampling():
                yield
            await self.engine.drain()
        finally:
            await self.engine.close()


def build(settings: PredictorSettings, model_name: str | None = None) -> Predictor:
    """The model version of the settings, loaded and proven; `model_name` overrides theirs. Takes seconds.

    Raises:
        ArtifactError: the files are not what was published, or can't be served.
        ConfigurationError: the machine can't do what the settings ask.
    """
    artifact = open_artifact(
        settings.model_directory,
        expected_name=model_name or settings.model_name,
        expected_version=settings.model_version,
    )
    lineage = Lineage(artifact.name, artifact.version, artifact.run_id)
    rounding = _rounding(settings, artifact.tags)
    is_int8_fit = rounding.is_fit(settings.int8_max_f1_loss)
    placement = placed(settings.device, settings.precision, cuda_capability(), is_int8_fit=is_int8_fit)
    encoder = Encoder.load(artifact.model_directory, placement, rounding)
    limits = _engine_limits(settings, placement)
    engine = Engine(encoder, limits, Counting(lineage, limits.queue.lanes))
    return Predictor(PredictorServable(lineage, engine, _sequence_limits(settings, encoder, limits)), engine)


def _rounding(settings: PredictorSettings, tags: Mapping[str, str]) -> Rounding:
    recorded = Rounding.recorded(tags)
    return replace(recorded, maps=tuple(settings.int8_maps.split())) if settings.int8_maps else recorded


def _engine_limits(settings: PredictorSettings, placement: Placement) -> EngineLimits:
    budget = settings.budget_tokens or placement.budget_tokens
    queue = QueueLimits(
        queue_tokens=max(settings.queue_tokens, budget),
        budget_tokens=budget,
        batch_tokens_beside_realtime=settings.batch_tokens_beside_realtime,
        batch_floor=settings.batch_floor,
        max_age_seconds=settings.max_age_seconds,
        lanes=settings.lanes or placement.lanes(available_cores()),
    )
    supervision = SupervisionLimits(settings.restarts_per_hour, settings.failures_in_row, settings.stall_seconds)
    return EngineLimits(queue, settings.split_tokens, supervision)


def _sequence_limits(settings: PredictorSettings, encoder: Encoder, limits: EngineLimits) -> SequenceLimits:
    return SequenceLimits(
        vocabulary=encoder.limits.vocabulary,
        token_types=encoder.limits.token_types,
        max_tokens=min(encoder.limits.max_tokens, limits.queue.queue_tokens),
        max_sequences=settings.max_sequences,
    )
