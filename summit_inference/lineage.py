"""The one model version that a process serves, and what every answer of it says of where it comes from."""

from dataclasses import dataclass

from summit_inference.errors import ModelVersionNotFound
from summit_inference.tensors import Parameter


@dataclass(frozen=True, slots=True)
class Lineage:
    """A registered model's name, its MLflow version, and the MLflow run that made it."""

    name: str
    version: str
    run_id: str | None
    """None where the artifact does not name its run."""

    def is_asked(self, model_version: str | None) -> bool:
        """Whether a caller that asks for this version (None: any) is right here."""
        return model_version in {None, self.version}

    def check_asked(self, model_version: str | None) -> None:
        """Do nothing where `is_asked`.

        Raises:
            ModelVersionNotFound: it is another version that is served here.
        """
        if not self.is_asked(model_version):
            raise ModelVersionNotFound(f"Version {model_version} is not served here; this server has {self.version}.")

    def parameters(self) -> dict[str, Parameter]:
        """What goes under `parameters` of a V2 answer of the model itself."""
        return {"run_id": self.run_id or "", "degraded": False}
