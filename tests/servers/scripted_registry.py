"""An MLflow server's REST API over folders, as far as rollouts use it: a test publishes versions, and spoils some."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from registry.digests import file_digests, whole_digest

NAME = "summit-extract"
_API, _ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"


@dataclass
class ScriptedRegistry:
    """The registry, whose state tests read and change."""

    root: Path
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """By version."""
    aliases: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)

    def publish(self, version: str, metrics: Mapping[str, float] | None = None) -> None:
        """Register what lies in the version's folder, with its digests."""
        files = file_digests(self.folder(version))
        self.tags[version] = {"digest": whole_digest(files), "files": json.dumps(files), "semver": f"v{version}.0.0"}
        self.metrics[version] = dict(metrics or {})

    def folder(self, version: str) -> Path:
        """Where the version's files lie."""
        return self.root / version / "artifacts"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of one call."""
        if path == "/health":
            return 200, b"OK"
        if path.startswith(_ARTIFACTS):
            return self._artifact(method, unquote(path.removeprefix(_ARTIFACTS)), body)
        order = {**query, **(json.loads(body) if body else {})}
        document = self._document(method, path.removeprefix(_API), order)
        if document is None:
            return 404, json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST"}).encode()
        return 200, json.dumps(document).encode()

    def _artifact(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        file = self.root / path
        if method == "PUT":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
            return 200, b"{}"
        return (200, file.read_bytes()) if file.is_file() else (404, b"")

    def _document(self, method: str, path: str, order: Mapping[str, str]) -> dict[str, Any] | None:  # noqa: PLR0911
        version = order.get("version", "")
        match method, path:
            case "GET", "model-versions/get":
                return self._version(version)
            case "GET", "model-versions/search":
                return {"model_versions": [self._described(each) for each in self.tags]}
            case "GET", "model-versions/get-download-uri":
                return {"artifact_uri": f"mlflow-artifacts:/{version}/artifacts"}
            case "POST", "model-versions/set-tag":
                self.tags[version][order["key"]] = order["value"]
                return {}
            case "GET", "registered-models/get":
                aliases = [{"alias": alias, "version": number} for alias, number in self.aliases.items()]
                return {"registered_model": {"name": NAME, "aliases": aliases}}
            case "GET", "registered-models/alias":
                return self._version(self.aliases.get(order["alias"], ""))
            case "POST", "registered-models/alias":
                self.aliases[order["alias"]] = version
                return {}
            case "GET", "runs/get":
                number = order["run_id"].lstrip("0")
                metrics = [{"key": key, "value": value} for key, value in self.metrics[number].items()]
                return {"run": {"info": {"artifact_uri": f"mlflow-artifacts:/{number}"}, "data": {"metrics": metrics}}}
        return None

    def _version(self, version: str) -> dict[str, Any] | None:
        return {"model_version": self._described(version)} if version in self.tags else None

    def _described(self, version: str) -> dict[str, Any]:
        tags = [{"key": key, "value": value} for key, value in self.tags[version].items()]
        return {"name": NAME, "version": version, "run_id": version.zfill(32), "tags": tags}


@contextmanager
def answering(registry: ScriptedRegistry, port: int) -> Iterator[None]:
    """The registry on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, content = registry.answer(self.command, parts.path, query, body)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
