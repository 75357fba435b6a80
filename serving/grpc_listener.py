"""The gRPC port of a process of ours: the same model as behind its HTTP port."""

import grpc.aio

from serving.front import Served
from serving.listener import Address
from summit_inference import __version__
from summit_inference.errors import ConfigurationError
from summit_inference.v2_grpc import generic_handler, server_options


def grpc_server(served: Served, address: Address) -> grpc.aio.Server:
    """A server that is bound to its port and not yet started. To be called in the event loop that will run it.

    Raises:
        ConfigurationError: the port cannot be opened.
    """
    server = grpc.aio.server(options=[*server_options(served.limits), ("grpc.so_reuseport", 0)])
    handler = generic_handler(
        {served.servable.name: served.servable},
        server_name=f"summit-{served.component}",
        server_version=__version__,
        limits=served.limits,
        is_live=served.is_live,
    )
    server.add_generic_rpc_handlers((handler,))
    try:
        server.add_insecure_port(f"{address.host}:{address.grpc_port}")
    except RuntimeError as error:
        raise ConfigurationError(f"port {address.grpc_port} cannot be opened: another process has it") from error
    return server
