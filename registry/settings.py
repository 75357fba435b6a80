"""Settings of whatever reads the registry: the storage initializer, `summit`, the rollout."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from registry.digests import GIBIBYTE
from registry.download import DownloadLimits
from registry.store import Connection
from summit_inference.settings import Settings


class RegistrySettings(Settings):
    """Where model versions come from, and what is accepted. `AWS_…` variables are read by the S3 client itself."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_")

    tracking_uri: str = Field(default="", validation_alias="MLFLOW_TRACKING_URI")
    """The MLflow server (`https://…`), or its database where no server runs (`sqlite:///…`)."""
    tracking_username: str = Field(default="", validation_alias="MLFLOW_TRACKING_USERNAME")
    """For HTTP basic authentication."""
    tracking_password: SecretStr = Field(default=SecretStr(""), validation_alias="MLFLOW_TRACKING_PASSWORD")
    """Goes with the user name."""
    tracking_token: SecretStr = Field(default=SecretStr(""), validation_alias="MLFLOW_TRACKING_TOKEN")
    """A bearer token; goes before user name and password."""
    s3_endpoint_url: str = Field(default="", validation_alias="MLFLOW_S3_ENDPOINT_URL")
    """Of an S3 that is not Amazon's."""
    model_bucket: str = Field(default="", validation_alias="MODEL_BUCKET")
    """A mirror laid out `<name>/<version>/…`: `s3://bucket/prefix`, or a directory. If set, MLflow is not asked."""
    allowed_sources: str = ""
    """Prefixes that files may come from, with commas between them. Empty: any bucket, and the tracking server's own
    store; with a database instead of a server, any directory."""
    allow_aliases: bool = False
    """Whether a storage URI may name an alias. Off: it may mean another version at each cold start of a revision."""
    max_artifact_bytes: int = Field(default=8 * GIBIBYTE, gt=0)
    """Bytes of one version. The default is ten times an XLM-R of the large kind, and less than a node's disk."""
    parallel_files: int = Field(default=4, ge=1, le=32)
    """Files that are fetched at the same time. One file makes up nearly all of a version, so more does not help."""
    download_attempts: int = Field(default=3, ge=1, le=10)
    """Tries for each file. The kubelet tries the whole again, so a few are enough."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """Seconds of silence after which a server counts as gone."""

    def connection(self) -> Connection:
        """Where the registry is, and the credentials."""
        return Connection(
            tracking_uri=self.tracking_uri,
            username=self.tracking_username,
            password=self.tracking_password.get_secret_value(),
            token=self.tracking_token.get_secret_value(),
            s3_endpoint_url=self.s3_endpoint_url,
            allowed_sources=tuple(filter(None, map(str.strip, self.allowed_sources.split(",")))),
            timeout_seconds=self.timeout_seconds,
        )

    def download_limits(self) -> DownloadLimits:
        """How much is fetched, and how stubbornly."""
        return DownloadLimits(self.max_artifact_bytes, self.parallel_files, self.download_attempts)
