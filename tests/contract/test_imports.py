"""What starts fast and small stays so: the linter sees imports, this sees what they load."""

import subprocess
import sys

import pytest

ENGINES = {"torch", "kserve", "mlflow", "transformers", "ray"}


def _loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "cli.__main__",
        "eventing.__main__",  # very large jobs are Ray's, the consumer only asks for them
        "fallback.__main__",
        "gateway.__main__",
        "predictor.__main__",  # so that a wrong setting is told at once
        "registry.artifact",
        "registry.storage_initializer",
        "rollout.__main__",
        "summit_inference.client",
        "summit_inference.v2_grpc",
        "transformers_stage.__main__",
    ],
)
def test_importing_loads_no_engine(module: str) -> None:
    assert not ENGINES & _loaded_by(module)


@pytest.mark.parametrize("module", ["fallback.extract", "summit_inference.spans", "summit_inference.v2"])
def test_importing_loads_no_server(module: str) -> None:
    assert not {"uvicorn", "starlette", "aiohttp", "grpc"} & _loaded_by(module)


@pytest.mark.parametrize("module", ["cli.__main__", "gateway.__main__"])
def test_importing_loads_neither_redis_nor_traces(module: str) -> None:
    """Both are for those who set an address; redis loads the SDK of opentelemetry too."""
    assert not {"redis", "opentelemetry"} & _loaded_by(module)


def test_the_text_side_never_loads_mlflow() -> None:
    assert "mlflow" not in _loaded_by("transformers_stage.pipeline")


def test_the_predictor_loads_nothing_beyond_its_engines() -> None:
    """A cold start is mostly imports. What reads the settings is all that comes on top; kserve brings uvloop itself."""
    code = (
        "import sys, kserve, torch, transformers\n"
        "from transformers import AttentionInterface, AutoModelForTokenClassification\n"
        "packages = lambda: {name.partition('.')[0] for name in sys.modules}\n"
        "engines = packages()\n"
        "import predictor.__main__, predictor.app, serving.kserve_server\n"
        "print(*packages() - engines)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    ours = {"predictor", "registry", "serving", "summit_inference"}
    assert set(done.stdout.split()) - ours <= {"pydantic_settings", "dotenv", "uvloop"}
