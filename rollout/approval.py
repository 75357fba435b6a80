"""A gate by URL: somebody else's system says whether a promotion may go on."""

import httpx

_TIMEOUT_SECONDS = 5.0
_ANSWERS = {httpx.codes.OK: True, httpx.codes.FORBIDDEN: False}


def asked(url: str, http: httpx.Client) -> bool | None:
    """True for 200, False for 403; None for anything else: it has not decided yet, or does not answer."""
    try:
        return _ANSWERS.get(httpx.codes(http.get(url, timeout=_TIMEOUT_SECONDS).status_code))
    except (httpx.HTTPError, ValueError):
        return None
