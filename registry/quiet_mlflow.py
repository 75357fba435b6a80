"""mlflow, imported so that it speaks to nobody but the registry. It has switches in the environment only."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from registry.store import Connection

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # read while mlflow is being imported, so that no call can come in time
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout is for data
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # the default of 7 makes a wrong address take minutes
    "HF_HUB_OFFLINE": "1",  # mlflow asks a hub for a model card and a licence; the order brings both
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


def quiet_mlflow() -> Any:
    """The module `mlflow`; its first import takes seconds. What the environment sets already, stays."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - see above
    import mlflow  # noqa: PLC0415 - serving processes import this package and must not import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return mlflow


@contextmanager
def mlflow_at(connection: Connection) -> Iterator[Any]:
    """The module, speaking to the connection's registry with its credentials; afterwards it is as it was before."""
    mlflow = quiet_mlflow()
    stated = {
        "MLFLOW_TRACKING_USERNAME": connection.username,
        "MLFLOW_TRACKING_PASSWORD": connection.password,
        "MLFLOW_TRACKING_TOKEN": connection.token,
        "MLFLOW_S3_ENDPOINT_URL": connection.s3_endpoint_url,
    }
    before = mlflow.get_tracking_uri()
    with _environment({name: value for name, value in stated.items() if value}):
        mlflow.set_tracking_uri(connection.tracking_uri)
        try:
            yield mlflow
        finally:
            mlflow.set_tracking_uri(before)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)  # noqa: TID251 - see above
    os.environ.update(values)  # noqa: TID251
    try:
        yield
    finally:
        os.environ.clear()  # noqa: TID251
        os.environ.update(before)  # noqa: TID251
