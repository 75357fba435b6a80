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
        "fallback.__main__",
        "gateway.__main__",
        "registry.artifact",
        "registry.storage_initializer",
        "summit_inference.client",
        "summit_inference.v2_grpc",
        "transformers_stage.servable",
    ],
)
def test_importing_loads_no_engine(module: str) -> None:
    assert not ENGINES & _loaded_by(module)


@pytest.mark.parametrize("module", ["fallback.extract", "summit_inference.spans", "summit_inference.v2"])
def test_importing_loads_no_server(module: str) -> None:
    assert not {"uvicorn", "starlette", "aiohttp", "grpc"} & _loaded_by(module)


@pytest.mark.parametrize("module", ["predictor.app", "transformers_stage.pipeline"])
def test_serving_never_loads_mlflow(module: str) -> None:
    assert "mlflow" not in _loaded_by(module)
