from pathlib import Path

from transformers_stage.settings import TransformerSettings


def test_the_defaults_are_those_that_a_pod_relies_on() -> None:
    assert TransformerSettings.load().model_dump() == {
        "otlp_endpoint": None,
        "trace_sample_ratio": 0.1,
        "model_name": "summit-extract",
        "model_directory": Path("/mnt/models"),
        "model_version": None,
        "listen_host": "0.0.0.0",
        "listen_port": 8080,
        "grpc_port": 8081,
        "predictor_url": "http://127.0.0.1:8082",
        "predictor_timeout_seconds": 300,
        "max_texts": 1024,
        "max_text_characters": 100_000,
        "max_inline_characters": 4_000,
        "max_body_bytes": 16 * 2**20,
        "window_tokens": 254,
        "overlap_tokens": 64,
        "drain_seconds": 5,
        "grace_seconds": 30,
        "log_level": "INFO",
    }
