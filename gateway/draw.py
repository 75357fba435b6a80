"""Which model version a request gets: drawn by percent, each request on its own. Pure."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from summit_inference.routes_document import Route


def drawn(routes: Sequence[Route], disabled: AbstractSet[str], random: Callable[[], float]) -> Route | None:
    """A route by the percents of those whose version is not disabled; None where these have no traffic at all.

    A version at 0 percent is never drawn, not even where all others are disabled: nobody has validated it.

    Units: `random` gives numbers from 0, inclusive, to 1, exclusive.
    """
    open_routes = [route for route in routes if route.percent and route.model_version not in disabled]
    point = random() * sum(route.percent for route in open_routes)
    for route in open_routes:
        point -= route.percent
        if point < 0:
            return route
    return open_routes[-1] if open_routes else None
