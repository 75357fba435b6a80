"""A RabbitMQ on loopback, with the queues that production declares."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cli.backing.owner import give, make_folder, user_of
from cli.backing.programs import path_of
from cli.checkout import of_checkout
from serving.supervisor import Program

NODE = "summit@localhost"
"""Its name, and that of its folders: a machine may be given another name."""
_USER = "summit"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Rabbitmq:
    """One node, its name server, and the one user that it knows."""

    folder: Path
    port: int
    node_port: int
    """Erlang's, for other nodes, of which there are none."""
    names_port: int
    """Of its name server."""
    password: str

    @property
    def url(self) -> str:
        return f"amqp://{_USER}:{self.password}@{_LOOPBACK}:{self.port}/"

    @property
    def key_file(self) -> Path:
        """User and password, as amqp-tools read them: a command line would show them to everybody."""
        return self.folder / "key"

    def make(self) -> None:
        """Its configuration; queues that it has already stay as they are."""
        user = user_of("rabbitmq")
        make_folder(self.folder, user)
        queues = json.loads(of_checkout("manifests/eventing/rabbitmq-queues.json").read_text("utf-8"))
        definitions = self.folder / "definitions.json"
        files = {
            definitions: json.dumps(queues | _access(self.password)),
            self.key_file: f"username:{_USER}\npassword:{self.password}\n",
            self.folder / "plugins": "[].\n",
            self.folder / "rabbitmq.conf": f"load_definitions = {definitions}\nlog.console.level = warning\n",
        }
        for path, text in files.items():
            path.write_text(text, "utf-8")
            path.chmod(0o600)
        give(self.folder, user)

    def names_program(self) -> Program:
        """The name server, in the foreground: the one that the node starts itself outlives it."""
        command = [path_of("epmd"), "-port", str(self.names_port), "-address", _LOOPBACK]
        return Program("rabbitmq-names", command, rank=0)

    def program(self) -> Program:
        """The node."""
        environment = {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.names_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(self.node_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "messages"),
            "RABBITMQ_NODE_IP_ADDRESS": _LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",  # one core, and no spinning on it
        }
        command, user = [path_of("rabbitmq-server")], user_of("rabbitmq")
        return Program("rabbitmq", command, environment, rank=0, stop_seconds=30, user=user, folder=self.folder)


def _access(password: str) -> dict[str, object]:
    salt = os.urandom(4)
    digest = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    user = {"name": _USER, "password_hash": digest, "hashing_algorithm": "rabbit_password_hashing_sha256"}
    everything = {"user": _USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": "/"}],
        "users": [{**user, "tags": "administrator"}],
        "permissions": [everything],
    }
