"""What a caller may be shown, as SQL: parts that exclude each other, each of which one index gives in order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from calotype.catalogue.conditions import Binds, bound, holds_of_gone
from calotype.catalogue.look_ups import LookUp, ids_sql
from calotype.domain.images import Visibility
from calotype.domain.query import Compare, Condition, Field, ImageQuery, OneOf
from calotype.domain.rights import Scope


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of what the caller sees, disjoint from the others, that one index can give in order."""

    where: str
    source: str = "images"
    # The shared branch reads created_at and id from the member row: its index gives them in order.
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """What stands for the column *name* of images in this branch."""
        return self.stand_ins.get(name, f"images.{name}")


@dataclass(frozen=True, slots=True)
class View:
    """The caller's view as SQL. *by_creation*: it is read in the order of created_at, up or down."""

    scope: Scope
    visibilities: frozenset[Visibility] | None
    binds: Binds
    by_creation: bool = True

    def wants(self, visibility: Visibility) -> bool:
        """True if images of this visibility can be on the page at all."""
        return self.visibilities is None or visibility in self.visibilities

    def not_mine(self) -> str:
        """Behind a branch's own condition: what the branch of the caller's own images does not give already."""
        project = self.scope.caller.project
        return "" if project is None else f" AND coalesce(images.owner, '') <> {self.binds.one(project)}"

    def members(self) -> str:
        """A condition on the member row m: it is the caller's, and answered as the listing asks."""
        mine = f"m.member = {self.binds.one(self.scope.caller.project)}"
        statuses = self.scope.member_statuses
        return mine if statuses is None else f"{mine} AND {self.binds.among('m.status', sorted(statuses))}"

    def check(self, *, live: bool) -> str:
        """The whole view as a check on one row, for rows that were found without walking in order."""
        owner, visibility = self.binds.unindexed("images.owner"), self.binds.unindexed("images.visibility")
        project = self.scope.caller.project
        mine = "" if project is None else f"{owner} = {self.binds.one(project)} OR "
        if self.scope.everything:
            return "1 = 1" if self.scope.community else f"({mine}{visibility} <> 'community')"
        open_to_all = "'public', 'community'" if self.scope.community else "'public'"
        shared = ""
        if live and project is not None:
            member = f"SELECT 1 FROM image_members AS m WHERE m.image_id = images.id AND {self.members()}"
            shared = f" OR ({visibility} = 'shared' AND EXISTS ({member}))"
        return f"({mine}{visibility} IN ({open_to_all}){shared})"


_LIVE = "images.deleted_at IS NULL"


def live(view: View, conditions: Sequence[Condition], few: LookUp | None) -> list[Branch]:
    """The branches of images that are not deleted. *few*: the look-up to start from; (): nothing can match; None: walk."""
    if few is not None:
        return [_few(view, few)] if few else []
    owner = _owner_asked_for(conditions)
    if view.scope.everything:
        return [_everything(view, owner)]
    return list(_walks(view, owner))


def _owner_asked_for(conditions: Iterable[Condition]) -> str | None:
    """The one owner whose images alone can be on the page, if the listing asks for one."""
    for condition in conditions:
        match condition:
            case OneOf(Field.OWNER, (str(owner),)):
                return owner
    return None


#: Cuts nothing off: the look-up was counted in the same transaction, which sees one state. It tells PostgreSQL that few
#: will come: by its own estimate it would read the whole table.
_MOST = 2_000


def _few(view: View, few: LookUp) -> Branch:
    """The images that *few* finds, checked one by one. Both planners would rather walk in order and look for them there."""
    ids = f"{ids_sql(few, view.binds)} LIMIT {_MOST}"
    where = f"{view.binds.unindexed('images.deleted_at')} IS NULL AND {view.check(live=True)}"
    if view.binds.is_sqlite:
        return Branch(f"images.id IN ({ids}) AND {where}")
    found = f"WITH few AS MATERIALIZED (SELECT * FROM images WHERE id IN ({ids})) SELECT * FROM few"
    return Branch(where, source=f"({found}) AS images")


def _everything(view: View, owner: str | None) -> Branch:
    """All images, for an admin; by the index of the owner or of the visibility where that is all that is asked for."""
    narrow = _LIVE
    if owner is not None:
        narrow = _of_owner(view, owner)
    elif view.visibilities in (frozenset({Visibility.PUBLIC}), frozenset({Visibility.COMMUNITY})):
        narrow = f"{_LIVE} AND images.visibility = '{min(view.visibilities)}'"
    return Branch(f"{narrow} AND {view.check(live=True)}")


def _walks(view: View, owner: str | None) -> Iterator[Branch]:
    """The caller's own images, others' public ones, what is shared with the caller, community images when asked for.

    Where only what everybody sees is asked for, the caller's own need no branch. *owner*: whose images alone can match;
    another's are not read by their owner's index, or the time it takes would tell how many images that one hides.
    """
    project = view.scope.caller.project
    has_own_branch = project is not None and (view.wants(Visibility.SHARED) or view.wants(Visibility.PRIVATE))
    if project is not None and has_own_branch and owner in (None, project):
        yield Branch(_of_owner(view, project))
        if owner is not None:
            return
    not_mine = view.not_mine() if has_own_branch else ""
    if view.wants(Visibility.PUBLIC):
        yield Branch(f"{_LIVE} AND images.visibility = 'public'{not_mine}")
    if project is not None and view.wants(Visibility.SHARED):
        deleted_at, visibility = map(view.binds.unindexed, ("images.deleted_at", "images.visibility"))
        is_shared = f"{visibility} = 'shared'"
        if view.by_creation:  # in another order all that is shared is sorted, and few are to be expected
            is_shared = view.binds.usual(is_shared)
        yield Branch(
            f"{view.members()} AND {deleted_at} IS NULL AND {is_shared}{not_mine}",
            source="image_members AS m JOIN images ON images.id = m.image_id",
            stand_ins={"created_at": "m.created_at", "id": "m.image_id"},
        )
    if view.scope.community:
        yield Branch(f"{_LIVE} AND images.visibility = 'community'{not_mine}")


def _of_owner(view: View, owner: str) -> str:
    return f"{_LIVE} AND images.owner = {view.binds.one(owner)}"


def gone(view: View, query: ImageQuery, conditions: Sequence[Condition]) -> list[Branch]:
    """Deleted images for a listing of changes, by the time of the change; nobody is a member of a deleted image."""
    if not query.with_gone or not holds_of_gone(conditions):
        return []
    changed = [
        bound(condition, view.binds)
        for condition in conditions
        if isinstance(condition, Compare) and condition.field is Field.UPDATED_AT
    ]
    return [Branch(" AND ".join(["images.deleted_at IS NOT NULL", *changed, view.check(live=False)]))]
