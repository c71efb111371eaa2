"""Single values of v1's parameters."""

import pytest

from calotype.faces.v1 import values


@pytest.mark.parametrize(
    "text",
    [
        "3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
        "3c3d1d01b48a46398a8808be3b9b5d78",
        "3C3D1D01-B48A-4639-8A88-08BE3B9B5D78",
        "{3c3d1d01-b48a-4639-8a88-08be3b9b5d78}",
        "urn:uuid:3c3d1d01-b48a-4639-8a88-08be3b9b5d78",
    ],
)
def test_an_id_looks_like_one_in_any_of_its_spellings(text: str) -> None:
    assert values.is_uuid_like(text)


@pytest.mark.parametrize(
    "text", ["1", "-1", "cirros", "3c3d1d01-b48a-4639-8a88-08be3b9b5d7", "g" * 32, "0x" + "1" * 30]
)
def test_a_word_does_not_look_like_an_id(text: str) -> None:
    assert not values.is_uuid_like(text)
