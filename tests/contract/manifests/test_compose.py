"""docker-compose.yml starts what there is, with settings that exist, at ports that agree."""

import re
from typing import Any

import pytest
import yaml
from kube.rendering import ROOT, overlay
from kube.variables import component_of, known

from registry.storage_uri import StorageUri

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
GPU: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PORTS = {
    "eventing": {8020},
    "fallback": {8010},
    "gateway": {8000, 8001, 9102},
    "mlflow": {5000},
    "postgresql": {5432},
    "predictor": {8082},
    "prometheus": {9090},
    "rabbitmq": {5672, 15672},
    "redis": {6379},
    "s3": {8333},
    "transformer": {8080},
}
"""Where each listens; the components' are their settings' defaults."""


@pytest.mark.parametrize("name", [name for name in SERVICES if component_of(SERVICES[name]["image"])])
def test_a_service_sets_settings_only(name: str) -> None:
    if name != "buckets":  # borrows an image for its S3 client
        assert set(SERVICES[name].get("environment", {})) <= known(str(component_of(SERVICES[name]["image"])))


@pytest.mark.parametrize("name", GPU["services"])
def test_the_gpu_file_changes_services_that_exist(name: str) -> None:
    assert name in SERVICES
    assert set(GPU["services"][name]["environment"]) <= known("predictor")


def test_the_gpu_is_reserved_as_docker_wants_it() -> None:
    (device,) = GPU["services"]["predictor"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def test_every_address_is_a_service_at_its_port() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    called = re.findall(r"(?:[/@\"])([a-z][a-z0-9]+):(\d{4,5})\b", text)
    assert called
    assert [(host, port) for host, port in called if host in SERVICES and int(port) not in PORTS[host]] == []
    hosts = re.findall(r"(?:http|redis|postgresql|postgresql\+psycopg)://(?:[^/@\s]*@)?([a-z][a-z0-9]*):", text)
    assert set(hosts) <= SERVICES.keys()


def test_ports_are_opened_on_loopback_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_dependencies_and_volumes_exist() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= SERVICES.keys()
        named = {volume.split(":")[0] for volume in service.get("volumes", ()) if not volume.startswith(".")}
        assert named <= COMPOSE["volumes"].keys()
        assert {config["source"] for config in service.get("configs", ())} <= COMPOSE["configs"].keys()
        for volume in service.get("volumes", ()):
            assert not volume.startswith(".") or (ROOT / volume.split(":")[0]).exists()


def test_foreign_images_are_those_of_the_laptop() -> None:
    """One version of PostgreSQL, Redis, RabbitMQ and S3 in the whole project."""
    laptop = set(re.findall(r"'image': '([^']+)'", str(overlay("kind"))))
    foreign = {service["image"] for service in SERVICES.values() if not service["image"].startswith("summit/")}
    assert {image.removeprefix("prom/") for image in foreign} <= {
        image.rpartition("prometheus/")[2] for image in laptop
    }


def test_the_model_is_one_exact_version() -> None:
    uri, directory = SERVICES["models"]["command"]
    assert StorageUri.parse(re.sub(r"\$\{\w+:-(\d+)\}", r"\1", uri)).is_exact
    assert directory == "/mnt/models"
