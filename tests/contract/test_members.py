"""Members on every database: what is kept, what it costs, and that a quota holds however many come at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from counting import Counting

from calotype.catalogue import images as statements
from calotype.catalogue import members as rows
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict, NotFound, OverLimit
from calotype.domain.images import Image, Member, MemberStatus, Visibility
from calotype.domain.query import ImageQuery
from calotype.domain.rights import DEFAULT_RULES, Rules
from calotype.service.changes import Change
from calotype.service.deletions import Deletions
from calotype.service.images import Images, NewImage
from calotype.service.members import Members, NewMember
from calotype.service.offers import Offers
from calotype.service.options import ServiceOptions

OWNER = Caller("user", "mine", frozenset({"member"}))
FRIEND = Caller("friend", "friends", frozenset({"member"}))
ADMIN = Caller("root", "admins", frozenset({"admin"}))
RULES = Rules(DEFAULT_RULES)
AT_ONCE, QUOTA = 20, 7


def now() -> datetime:
    return datetime.now(UTC)


def images_of(catalogue: Catalogue) -> Images:
    return Images(catalogue, RULES, ServiceOptions(property_quota=-1), now)


def members_of(catalogue: Any, quota: int = QUOTA, clock: Callable[[], datetime] = now) -> Members:
    return Members(catalogue, RULES, ServiceOptions(member_quota=quota), clock)


def offers_of(catalogue: Any, quota: int = QUOTA, clock: Callable[[], datetime] = now) -> Offers:
    return Offers(catalogue, RULES, ServiceOptions(member_quota=quota), clock)


def an_image(catalogue: Catalogue, *members: Member) -> Image:
    """An image of OWNER's that is shared with *members*."""
    image = images_of(catalogue).create(OWNER, NewImage(owner="mine"))
    with catalogue.writing() as connection:
        rows.insert_members(connection, image, members)
    return image


def kept(catalogue: Catalogue, image: Image) -> tuple[int, list[Member]]:
    """How many members the image says it has, and those it has, whenever they came."""
    with catalogue.reading() as connection:
        stored = statements.get(connection, image.id)
        assert stored is not None
        members = rows.select_members(connection, image.id)
        return stored.member_count, [replace(member, shared_at=None, updated_at=None) for member in members]


def times_of(catalogue: Catalogue, image: Image) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Since when each member is one, and when it was changed last."""
    with catalogue.reading() as connection:
        return {one.project: (one.shared_at, one.updated_at) for one in rows.select_members(connection, image.id)}


def at_once(do: Callable[[int], Any]) -> list[bool]:
    """Whether *do* was let do it, for each of twenty threads that begin together."""
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> bool:
        barrier.wait(60)
        try:
            do(number)
        except (Conflict, OverLimit):
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


@pytest.fixture
def both(catalogue: Catalogue, empty_database: str) -> Any:
    """The catalogue opened twice, as two processes have it."""
    other = Catalogue(CatalogueOptions(url=empty_database, is_durable=False))
    yield catalogue, other
    other.close()


def test_of_members_added_at_once_exactly_those_that_fit_are_kept(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0])

    added = at_once(
        lambda number: members_of(both[number % 2]).add(OWNER, image.id, NewMember(project=f"p{number:02}"))
    )

    count, members = kept(both[0], image)
    assert added.count(True) == QUOTA
    assert count == len(members) == QUOTA
    assert [member.project for member in members] == [f"p{number:02}" for number, fits in enumerate(added) if fits]


def test_a_project_added_by_many_at_once_is_one_member(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0])

    added = at_once(lambda number: members_of(both[number % 2]).add(OWNER, image.id, NewMember(project="theirs")))

    assert all(added)
    assert kept(both[0], image) == (1, [Member(project="theirs")])


def test_members_and_the_image_changed_at_once_lose_nothing_and_stay_counted(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0], Member(project="p0"), Member(project="p1"))

    def mix(number: int) -> None:
        members, images = members_of(both[number % 2]), images_of(both[number % 2])
        match number % 4:
            case 0:
                members.add(OWNER, image.id, NewMember(project=f"p{number}"))
            case 1:
                images.update(OWNER, image.id, Change(properties={f"p{number}": "set"}), purge=False)
            case 2:
                members.replace(OWNER, image.id, [NewMember(project=f"r{number}-{one}") for one in range(QUOTA - 1)])
            case 3:
                with suppress(NotFound):
                    members.remove(OWNER, image.id, "p1")

    at_once(mix)

    count, members = kept(both[0], image)
    assert count == len(members)
    assert 0 < count <= QUOTA
    assert set(images_of(both[0]).show(OWNER, image.id).properties) == {f"p{number}" for number in range(1, AT_ONCE, 4)}


def test_replacements_at_once_leave_one_of_them_whole(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0])

    def wanted(number: int) -> list[NewMember]:
        return [NewMember(project=f"r{number}-{one}") for one in range(QUOTA)]

    assert all(at_once(lambda number: members_of(both[number % 2]).replace(OWNER, image.id, wanted(number))))

    count, members = kept(both[0], image)
    assert count == QUOTA
    assert [member.project for member in members] in [[one.project for one in wanted(n)] for n in range(AT_ONCE)]


def test_who_answered_keeps_its_answer_when_members_are_replaced_or_told_to_share(catalogue: Catalogue) -> None:
    accepted = Member(project="friends", status=MemberStatus.ACCEPTED)
    image = an_image(catalogue, accepted, Member(project="gone", status=MemberStatus.REJECTED))
    members = members_of(catalogue)

    members.replace(OWNER, image.id, [NewMember(project="new"), NewMember(project="friends")])
    assert kept(catalogue, image) == (2, [accepted, Member(project="new")])
    members.add(OWNER, image.id, NewMember(project="friends", can_share=True))
    members.add(OWNER, image.id, NewMember(project="gone", can_share=False))
    assert kept(catalogue, image)[1] == [
        Member(project="friends", status=MemberStatus.ACCEPTED, can_share=True),
        Member(project="gone"),
        Member(project="new"),
    ]


def test_a_member_is_as_old_as_its_sharing_and_changed_when_somebody_says_something_else(catalogue: Catalogue) -> None:
    image = an_image(catalogue)
    first, second, third = (datetime(2030, 1, day, tzinfo=UTC) for day in (1, 2, 3))

    for moment, can_share in ((first, None), (second, True), (third, None)):
        members_of(catalogue, clock=lambda m=moment: m).add(
            OWNER, image.id, NewMember(project="a", can_share=can_share)
        )
    assert times_of(catalogue, image) == {"a": (first, second)}
    wanted = [NewMember(project="a", can_share=True), NewMember(project="b")]
    members_of(catalogue, clock=lambda: third).replace(OWNER, image.id, wanted)
    assert times_of(catalogue, image) == {"a": (first, second), "b": (third, third)}
    members_of(catalogue, clock=lambda: third).replace(OWNER, image.id, [NewMember(project="a", can_share=False)])
    assert times_of(catalogue, image) == {"a": (first, third)}


@pytest.mark.parametrize("status", MemberStatus)
def test_a_member_has_the_image_whatever_it_answered_to_v2(catalogue: Catalogue, status: MemberStatus) -> None:
    image = an_image(catalogue, Member(project="friends", status=status))

    assert [one.id for one in images_of(catalogue).page(FRIEND, ImageQuery())] == [image.id]
    assert images_of(catalogue).show(FRIEND, image.id).id == image.id
    assert [one.image_id for one in members_of(catalogue).of_project(FRIEND, "friends")] == [image.id]


def test_what_is_shared_comes_in_the_order_of_listings_newest_first(catalogue: Catalogue) -> None:
    made = [an_image(catalogue, Member(project="friends", can_share=number == 1)) for number in range(3)]

    shared = members_of(catalogue).of_project(FRIEND, "friends")

    assert [(one.image_id, one.can_share) for one in shared] == [
        (made[2].id, False),
        (made[1].id, True),
        (made[0].id, False),
    ]
    assert [one.image_id for one in shared] == [one.id for one in images_of(catalogue).page(FRIEND, ImageQuery())]


@pytest.mark.parametrize("visibility", Visibility)
def test_members_left_over_from_another_visibility_have_nothing(catalogue: Catalogue, visibility: Visibility) -> None:
    image = an_image(catalogue, Member(project="friends"))
    with catalogue.writing() as connection:
        statements.write(connection, replace(image, visibility=visibility, member_count=1))
    counts = visibility in (Visibility.SHARED, Visibility.PUBLIC)

    for caller in (FRIEND, OWNER, ADMIN):
        shared = members_of(catalogue).of_project(caller, "friends")
        assert [one.image_id for one in shared] == ([image.id] if counts else [])
    assert [one.id for one in images_of(catalogue).page(FRIEND, ImageQuery())] == ([image.id] if counts else [])


def test_a_deleted_image_takes_no_member_and_is_shared_with_nobody(catalogue: Catalogue) -> None:
    image = an_image(catalogue, Member(project="friends"))
    nothing: Any = None
    Deletions(catalogue, nothing, RULES, now).delete(OWNER, image.id)

    with pytest.raises(NotFound):
        members_of(catalogue).add(OWNER, image.id, NewMember(project="new"))
    assert members_of(catalogue).of_project(FRIEND, "friends") == []


@pytest.mark.parametrize("many", [2, 120])
def test_each_use_case_takes_so_many_statements_however_many_members_there_are(catalogue: Catalogue, many: int) -> None:
    """Asked by a member that may share, for whom most has to be looked up."""
    friend = Member(project="friends", can_share=True)
    image = an_image(catalogue, friend, *(Member(project=f"p{number:03}") for number in range(1, many)))
    counting = Counting(catalogue)
    members = members_of(counting, quota=-1)

    def cost(do: Callable[[], Any]) -> int:
        do()
        return len(counting.statements)

    wanted = [NewMember(project="friends"), *(NewMember(project=f"q{number:03}") for number in range(many))]
    assert cost(lambda: members.of_image(FRIEND, image.id)) == 3
    assert cost(lambda: members.of_image(OWNER, image.id)) == 2
    assert cost(lambda: members.of_project(FRIEND, "friends")) == 1
    assert cost(lambda: members.add(FRIEND, image.id, NewMember(project="new"))) == 6
    assert cost(lambda: members.add(FRIEND, image.id, NewMember(project="new", can_share=True))) == 5
    assert cost(lambda: members.remove(FRIEND, image.id, "new")) == 5
    assert cost(lambda: members.replace(FRIEND, image.id, wanted)) == 8
    assert kept(catalogue, image)[0] == many + 1


def test_of_offers_made_at_once_exactly_those_that_fit_are_kept(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0])

    made = at_once(lambda number: offers_of(both[number % 2]).add(OWNER, image.id, f"p{number:02}"))

    count, members = kept(both[0], image)
    assert made.count(True) == count == len(members) == QUOTA
    assert [member.project for member in members] == [f"p{number:02}" for number, fits in enumerate(made) if fits]


def test_of_offers_to_one_project_at_once_one_is_made(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0])

    made = at_once(lambda number: offers_of(both[number % 2], AT_ONCE).add(OWNER, image.id, "theirs"))

    assert made.count(True) == 1
    assert kept(both[0], image) == (1, [Member(project="theirs")])


def test_answers_and_what_v1_says_of_a_member_at_once_are_both_kept(both: tuple[Catalogue, Catalogue]) -> None:
    image = an_image(both[0], Member(project="friends"))

    def one(number: int) -> None:
        if number % 2:
            offers_of(both[0]).answer(FRIEND, image.id, "friends", MemberStatus.ACCEPTED)
        else:
            members_of(both[1]).add(OWNER, image.id, NewMember(project="friends", can_share=True))

    at_once(one)

    assert kept(both[0], image)[1] == [Member(project="friends", status=MemberStatus.ACCEPTED, can_share=True)]


def test_an_offer_has_its_time_and_an_answer_another(catalogue: Catalogue) -> None:
    image = an_image(catalogue)
    first, second = (datetime(2030, 1, day, tzinfo=UTC) for day in (1, 2))

    offered = offers_of(catalogue, clock=lambda: first).add(OWNER, image.id, "friends")
    answered = offers_of(catalogue, clock=lambda: second).answer(FRIEND, image.id, "friends", MemberStatus.REJECTED)

    assert offered == Member(project="friends", shared_at=first, updated_at=first)
    assert answered == Member(project="friends", status=MemberStatus.REJECTED, shared_at=first, updated_at=second)
    assert offers_of(catalogue).show(OWNER, image.id, "friends") == answered


@pytest.mark.parametrize("many", [2, 120])
def test_offers_take_so_many_statements_however_many_members_there_are(catalogue: Catalogue, many: int) -> None:
    image = an_image(
        catalogue, Member(project="friends"), *(Member(project=f"p{number:03}") for number in range(1, many))
    )
    counting = Counting(catalogue)
    offers = offers_of(counting, quota=-1)

    def cost(do: Callable[[], Any]) -> int:
        do()
        return len(counting.statements)

    assert cost(lambda: offers.of_image(OWNER, image.id)) == 2
    assert cost(lambda: offers.of_image(FRIEND, image.id)) == 3
    assert cost(lambda: offers.show(FRIEND, image.id, "friends")) == 3
    assert cost(lambda: offers.add(OWNER, image.id, "new")) == 4
    assert cost(lambda: offers.answer(FRIEND, image.id, "friends", MemberStatus.ACCEPTED)) == 4
    assert cost(lambda: offers.remove(OWNER, image.id, "new")) == 4
    assert kept(catalogue, image)[0] == many
