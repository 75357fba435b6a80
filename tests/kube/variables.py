"""Which environment variables a component knows: its settings, and what its libraries read by themselves."""

import re
from importlib import import_module

_SETTINGS = {
    "eventing": ("eventing.settings", "EventingSettings"),
    "fallback": ("fallback.settings", "FallbackSettings"),
    "gateway": ("gateway.settings", "GatewaySettings"),
    "predictor": ("predictor.settings", "PredictorSettings"),
    "rollout": ("rollout.operator_settings", "OperatorSettings"),
    "storage-initializer": ("registry.settings", "RegistrySettings"),
    "transformer": ("transformers_stage.settings", "TransformerSettings"),
}
_OF_S3 = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
_ALSO = {
    "eventing": _OF_S3,
    "predictor": {"STORAGE_URI"},
    "rollout": {"MLFLOW_TRACKING_URI"},  # of the registry's settings, which it reads too
    "storage-initializer": _OF_S3,
}
_EVERYWHERE = {"HOME"}
_IMAGE = re.compile(r"(?:[^:]*/)?summit/(?P<component>[a-z-]+):")


def component_of(image: str) -> str | None:
    """The component whose image this is, None where it is none of ours with settings."""
    found = _IMAGE.match(image)
    return found["component"] if found and found["component"] in _SETTINGS else None


def known(component: str) -> set[str]:
    """Every variable that means something to the component."""
    module, name = _SETTINGS[component]
    settings = getattr(import_module(module), name)
    return {*settings.variables().values(), *_ALSO.get(component, ()), *_EVERYWHERE}
