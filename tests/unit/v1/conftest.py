from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from calotype.domain.images import Image, Status, Visibility
from calotype.http.messages import Headers, Request


@pytest.fixture
def cirros() -> Callable[..., Image]:
    """Makes the image of the first record that v1.1's documentation shows; a test gives the fields that tell."""

    def make(**telling: Any) -> Image:
        plain: dict[str, Any] = {
            "id": "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
            "name": "cirros",
            "owner": "23f4cb75768d4febb39542ef6fe169f3",
            "visibility": Visibility.PUBLIC,
            "status": Status.ACTIVE,
            "disk_format": "qcow2",
            "container_format": "bare",
            "size_bytes": 13167616,
            "checksum": "64d7c1cd2b6f60c92c14662941cb7913",
            "created_at": datetime(2016, 5, 22, 6, 4, 20, 425843, UTC),
            "updated_at": datetime(2016, 5, 22, 6, 4, 22, 719791, UTC),
        }
        return Image(**plain | telling)

    return make


@pytest.fixture
def a_request() -> Callable[..., Request]:
    """Makes a request below `/v1.1`; *accept* and the like become headers."""

    def make(method: str = "GET", path: str = "/images", *, headers: Headers = (), **telling: Any) -> Request:
        plain: dict[str, Any] = {
            "raw_query": "",
            "request_id": "req-1",
            "base_url": "http://images.example",
            "prefix": "/v1.1",
        }
        return Request(method=method, path=path, headers=headers, **plain | telling)

    return make
