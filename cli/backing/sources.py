"""What brings events from RabbitMQ to eventing, in the place of Knative's RabbitmqSource: `amqp-consume` and `curl`.

Each process takes one message at a time, and acknowledges it once the sink, or the queue of dead letters, has it.
"""

from collections.abc import Iterator
from pathlib import Path

from cli.backing.programs import path_of
from cli.backing.rabbitmq import Rabbitmq
from serving.supervisor import Program

EVENTS_QUEUE, DEAD_LETTERS_QUEUE = "summit-events", "summit-dead-letters"
_DELIVER = Path(__file__).with_name("deliver.sh")
_AT_ONCE = 4
"""Events under way: as many as eventing works on at once by default."""


def programs(rabbitmq: Rabbitmq, eventing_url: str) -> Iterator[Program]:
    """The processes: some for events, one for dead letters."""
    for number in range(1, _AT_ONCE + 1):
        yield _program(f"source-{number}", rabbitmq, EVENTS_QUEUE, f"{eventing_url}/events")
    yield _program("source-dead", rabbitmq, DEAD_LETTERS_QUEUE, f"{eventing_url}/dead-letters")


def _program(name: str, rabbitmq: Rabbitmq, queue: str, sink: str) -> Program:
    deliver = ["sh", str(_DELIVER), sink, str(rabbitmq.port), str(rabbitmq.key_file), DEAD_LETTERS_QUEUE]
    server = ["--server=127.0.0.1", f"--port={rabbitmq.port}", f"--authfile={rabbitmq.key_file}"]
    command = [path_of("amqp-consume"), *server, f"--queue={queue}", "--prefetch-count=1", *deliver]
    return Program(name, command, rank=7)
