"""What each of Ray's actors is made of: one model version, for the chunks of one job."""

from collections.abc import Mapping

from embedded.versions import open_version
from eventing.object_store import open_store
from eventing.ray_description import DescribedChunk, RayDescription
from eventing.ray_worker import RayWorker
from summit_inference.telemetry import set_up_logs


class RayActor:
    """A row with a chunk in, a row with its outcome out."""

    def __init__(self, description: RayDescription) -> None:
        set_up_logs("ray_actor")
        work = description.work
        cores = None if work.gpus else max(1, int(work.cpus))  # other actors may have the node's others
        extractor = open_version(work.models, description.model, description.model_version, cores=cores)
        self._worker = RayWorker(description, open_store(work.store), extractor.__enter__())

    def __call__(self, row: Mapping[str, str]) -> dict[str, str]:
        """Do the chunk."""
        return {"outcome": self._worker.do(DescribedChunk.model_validate_json(row["chunk"]))}
