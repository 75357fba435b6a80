import subprocess
import sys

import pytest

from registry.rest_store import RestStore
from registry.store import Connection
from registry.stores import open_store
from summit_inference.errors import ConfigurationError


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "https://mlflow.example"])
def test_a_server_is_spoken_to_over_rest(uri: str) -> None:
    with open_store(Connection(uri)) as store:
        assert isinstance(store, RestStore)


@pytest.mark.parametrize("uri", ["", "databricks", "file:///mlruns", "postgresql://db/mlflow", "mlruns"])
def test_other_registries_are_refused_with_the_setting(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="MLFLOW_TRACKING_URI"), open_store(Connection(uri)):
        pass


def test_readers_import_neither_mlflow_nor_an_engine() -> None:
    code = (
        "import sys, registry.storage_initializer, registry.artifact;"
        "print(sorted({'mlflow', 'torch', 'transformers', 'numpy', 'boto3', 'pandas'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_serving_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import registry.artifact;"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "['registry', 'summit_inference']"
