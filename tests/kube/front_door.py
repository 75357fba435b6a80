"""The gateway as a caller reaches it."""

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Gateway:
    """Its address, and a key that opens it."""

    url: str
    token: str

    def client(self, timeout_seconds: float = 60) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {self.token}"}, timeout=timeout_seconds
        )

    def extract(self, text: str, **headers: str) -> httpx.Response:
        with self.client() as client:
            return client.post("/extract", json={"text": text}, headers=headers)
