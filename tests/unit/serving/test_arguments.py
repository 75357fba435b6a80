import pytest

from serving.arguments import Arguments, arguments
from serving.listener import Address
from transformers_stage.settings import TransformerSettings


def test_what_kserve_injects_into_a_transformer_is_understood() -> None:
    argv = ["--model_name", "summit-extract", "--predictor_host", "p.default", "--http_port", "8080", "--workers", "4"]
    assert arguments(argv) == Arguments(8080, None, "summit-extract", "p.default")


@pytest.mark.parametrize(
    "argv",
    [
        ["--enable_latency_logging=false", "--max_threads", "8"],
        ["--predictor_protocol", "grpc-v2", "positional"],
        ["--a-flag-of-tomorrow"],
    ],
)
def test_flags_that_mean_nothing_to_us_pass_by(argv: list[str]) -> None:
    assert arguments([*argv, "--http_port=9000"]).http_port == 9000


def test_a_silent_command_line_leaves_all_to_the_settings() -> None:
    assert arguments([]) == Arguments(None, None, None, None)


def test_ports_of_the_command_line_win_over_the_settings() -> None:
    settings = TransformerSettings(listen_host="127.0.0.1", drain_seconds=1)
    assert arguments(["--http_port", "9000"]).address(settings) == Address("127.0.0.1", 9000, 8081, 1, 30)
