"""What two tenants and an admin may expect of an image, in as few words as it can be said.

Source: docs/api/v1.md, "Who sees what" and "Members"; docs/api/v2.md, "Lists" and "Members".
"""

from dataclasses import dataclass, field


@dataclass
class Known:
    """What the model knows of an image. *members*: who has been given it, and the answer. *marks*: every text that only
    those may read who see it.
    """

    id: str
    owner: str
    visibility: str = "shared"
    is_deleted: bool = False
    has_data: bool = False
    members: dict[str, str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)

    def is_own(self, who: str) -> bool:
        return who in ("root", self.owner)

    def is_seen_by(self, who: str) -> bool:
        """By its id; a deleted one is an admin's to look at, in v1."""
        if self.is_deleted:
            return who == "root"
        if self.is_own(who) or self.visibility in ("public", "community"):
            return True
        return self.visibility == "shared" and who in self.members

    def is_there_for(self, who: str) -> bool:
        """By its id in v2, which shows nobody what is deleted."""
        return not self.is_deleted and self.is_seen_by(who)

    def is_listed_for(self, who: str, path: str) -> bool:
        """Nobody's list has deleted images."""
        if self.is_deleted:
            return False
        listed = self._is_listed_by_v2 if path.startswith("/v2/") else self._is_listed_by_v1
        return listed(who, path)

    def _is_listed_by_v1(self, who: str, path: str) -> bool:
        """An admin's list is like a tenant's unless it asks for everything; what a member answered means nothing."""
        if who == "root" and "is_public=none" in path:
            return True
        return who == self.owner or self.visibility == "public" or (self.visibility == "shared" and who in self.members)

    def _is_listed_by_v2(self, who: str, path: str) -> bool:
        """Others' images for the community are listed to those who ask for all, what was not accepted as well."""
        if self.visibility == "community" and who != self.owner:
            return "visibility=all" in path
        if self.is_own(who) or self.visibility == "public":
            return True
        answered = ("pending", "accepted", "rejected") if "member_status=all" in path else ("accepted",)
        return self.visibility == "shared" and self.members.get(who) in answered

    def v1_change(self, who: str) -> int:
        """The status of a change by v1 that is well-formed: 200 if it is made."""
        if not self.is_seen_by(who):
            return 404
        if self.is_deleted:
            return 403
        if self.is_own(who):
            return 200
        return 403 if self.visibility == "public" else 404

    def v2_change(self, who: str, done: int = 200) -> int:
        """The same by v2, where *done* says that it is made."""
        if not self.is_there_for(who):
            return 404
        return done if self.is_own(who) else 403

    def offer(self, who: str, member: str) -> int:
        status = self._members_to(who)
        if status != 200:
            return status
        if not self.is_own(who):
            return 403
        return 409 if member in self.members else 200

    def answer(self, who: str, member: str) -> int:
        status = self._member_to(who, member)
        return status if status != 200 or who in ("root", member) else 403

    def withdrawal(self, who: str, member: str) -> int:
        status = self._member_to(who, member)
        return status if status != 200 else 204 if self.is_own(who) else 403

    def list_of_members(self, who: str) -> int:
        return self._members_to(who)

    def _members_to(self, who: str) -> int:
        if not self.is_there_for(who):
            return 404
        return 200 if self.visibility == "shared" else 403

    def _member_to(self, who: str, member: str) -> int:
        """Whether the image's owner, or the member itself, finds it there."""
        status = self._members_to(who)
        if status != 200:
            return status
        return 200 if member in self.members and (self.is_own(who) or who == member) else 404
