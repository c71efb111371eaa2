"""Tags where it takes more than one request, or a long one. Source: docs/api/v2.md, "Tags"."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from asking_v2 import V2


@pytest.mark.parametrize(("tag", "put", "delete"), [("n" * 255, 204, 204), ("n" * 256, 400, 404)], ids=["255", "256"])
def test_a_tag_has_255_characters_at_most(v2: V2, tag: str, put: int, delete: int) -> None:
    path = f"/v2/images/{v2.create()['id']}/tags/{tag}"

    assert v2.ask("PUT", path).status == put
    assert v2.ask("DELETE", path).status == delete


def test_a_tag_may_have_255_characters_of_four_bytes(v2: V2) -> None:
    made = v2.create()

    assert v2.ask("PUT", f"/v2/images/{made['id']}/tags/{'%F0%9F%99%82' * 255}").status == 204
    assert v2.show(made["id"])["tags"] == ["🙂" * 255]


def test_of_tags_put_at_once_none_is_lost(v2: V2) -> None:
    made = v2.create(tags=["old"])

    with ThreadPoolExecutor(8) as threads:
        codes = set(threads.map(lambda n: v2.ask("PUT", f"/v2/images/{made['id']}/tags/t{n}").status, range(8)))

    assert codes == {204}
    assert set(v2.show(made["id"])["tags"]) == {"old", *(f"t{number}" for number in range(8))}


def test_a_tag_is_found_by_lists_once_it_is_put_and_no_more_once_it_is_taken(v2: V2) -> None:
    made = v2.create()

    def found() -> list[str]:
        return [image["id"] for image in v2.ask("GET", "/v2/images?tag=only-this").json["images"]]

    v2.ask("PUT", f"/v2/images/{made['id']}/tags/only-this")
    put = found()
    v2.ask("DELETE", f"/v2/images/{made['id']}/tags/only-this")

    assert (put, found()) == ([made["id"]], [])
