"""Lists that no single request can tell of."""

from itertools import pairwise
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from asking_v2 import V2


def test_whoever_follows_the_links_meets_every_image_once(v2: V2) -> None:
    tags = [uuid4().hex, "zwei Wörter & mehr"]
    made = [v2.create(name=f"image {number % 3}", tags=tags)["id"] for number in range(7)]
    v2.create(name="image 0", tags=tags[:1])
    asked = [
        *(("tag", tag) for tag in tags),
        ("limit", "2"),
        ("sort_key", "name"),
        ("sort_key", "id"),
        ("sort_dir", "asc"),
    ]

    path, met = f"/v2/images?{urlencode(asked)}", []
    while path:
        page = v2.ask("GET", path).json
        met += [(image["name"], image["id"]) for image in page["images"]]
        path = page.get("next")

    assert sorted(one for _, one in met) == sorted(made)
    assert all(before < after for before, after in pairwise(met))


def test_a_page_may_end_in_the_middle_of_images_of_one_moment(v2: V2) -> None:
    tag = uuid4().hex
    made = {v2.create(tags=[tag], container_format="bare")["id"] for _ in range(4)}
    path = f"/v2/images?tag={tag}&limit=1&sort=container_format:asc,disk_format"

    met = []
    for _ in made:
        page = v2.ask("GET", path).json
        met += [image["id"] for image in page["images"]]
        path = page["next"]

    assert set(met) == made
    assert "next" not in v2.ask("GET", path).json


@pytest.mark.parametrize(
    ("path", "prefix"), [("/v2/images", ""), ("/v1/images", "property-"), ("/v1.1/images/detail", "property-")]
)
def test_more_filters_than_an_image_has_properties_are_refused(v2: V2, path: str, prefix: str) -> None:
    """1,300 of them fit a request, and were more than the database can put together: 503."""
    filters = [f"{prefix}p{number}=x" for number in range(1_000)]

    assert v2.ask("GET", f"{path}?{'&'.join(filters[:128])}").status == 200
    assert v2.ask("GET", f"{path}?{'&'.join(filters[:129])}").status == 400
    assert v2.ask("GET", f"{path}?{'&'.join(filters)}").status == 400
