"""The page at `/`: four files of `gateway/page/`, as they are.

It needs no key, and says nothing of this gateway: what it shows, its script asks for at `/extract` and `/state`, with
the key that a person types in.
"""

from importlib.resources import files

from gateway.paths import Route
from summit_inference.http_message import HttpResponse, Receive, Scope

_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
PAGE_PATHS = tuple(_FILES)
_ONLY_FROM_HERE = "'self'"
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind} {_ONLY_FROM_HERE}" for kind in ("script-src", "style-src", "img-src", "connect-src")),
        *(f"{kind} 'none'" for kind in ("base-uri", "form-action", "frame-ancestors")),
        "require-trusted-types-for 'script'",
    ]
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def page_routes() -> dict[str, dict[str, Route]]:
    """A route a file, read once."""
    folder = files("gateway") / "page"
    return {
        path: {"GET": _route((folder / name).read_bytes(), content_type)}
        for path, (name, content_type) in _FILES.items()
    }


def _route(content: bytes, content_type: str) -> Route:
    async def route(_scope: Scope, _receive: Receive) -> HttpResponse:
        return HttpResponse(200, {"content-type": content_type, **_HEADERS}, content)

    return route
