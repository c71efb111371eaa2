"""What the audit log says: who did what to which thing, and how it ended. Source: docs/operate/logs.md, "The audit log"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calotype.domain.occasions import NO_REQUEST, Occasion


class Act(StrEnum):
    """Everything that changes something; the word before the first dot is the kind of thing it is done to."""

    IMAGE_CREATE = "image.create"
    IMAGE_UPDATE = "image.update"
    IMAGE_DELETE = "image.delete"
    IMAGE_DEACTIVATE = "image.deactivate"
    IMAGE_REACTIVATE = "image.reactivate"
    UPLOAD_BEGIN = "image.upload.begin"
    UPLOAD = "image.upload"
    LOCATION_ADD = "image.location.add"
    LOCATION_DIGEST = "image.location.digest"
    STORE_REMOVE = "image.store.remove"
    MEMBER_ADD = "image.member.add"
    MEMBER_REPLACE = "image.member.replace"
    MEMBER_ANSWER = "image.member.answer"
    MEMBER_REMOVE = "image.member.remove"
    PROJECT_CREATE = "project.create"
    PROJECT_UPDATE = "project.update"
    PROJECT_QUOTA = "project.quota"
    PROJECT_DELETE = "project.delete"
    USER_CREATE = "user.create"
    USER_UPDATE = "user.update"
    USER_PASSWORD = "user.password"  # noqa: S105 -- a word, no secret
    USER_DELETE = "user.delete"
    ROLE_GRANT = "user.role.grant"
    ROLE_REVOKE = "user.role.revoke"
    LOGIN = "user.login"
    TOKEN_REVOKE = "user.token.revoke"  # noqa: S105 -- a word, no secret
    CREDENTIAL_CREATE = "credential.create"
    CREDENTIAL_DELETE = "credential.delete"
    FIRST_ACCOUNTS = "catalogue.first_accounts"
    CATALOGUE_LOAD = "catalogue.load"
    UPLOAD_END = "housekeeping.end_upload"
    BYTES_REMOVE = "housekeeping.remove_bytes"
    TOKENS_REMOVE = "housekeeping.remove_tokens"
    DELETED_PURGE = "housekeeping.purge_deleted"


class Outcome(StrEnum):
    """How it ended: it is so; it was not allowed or not possible, and nothing is done; a part of ours did not work."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Kind(StrEnum):
    """Who acts: a user by a request, an operator by a command, the service by itself, or one nobody knows yet."""

    USER = "user"
    COMMAND = "command"
    HOUSEKEEPING = "housekeeping"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """*credential*: the id of the application credential that the user came with. *os_user*: who ran the command."""

    kind: Kind
    user: str | None = None
    project: str | None = None
    roles: tuple[str, ...] = ()
    credential: str | None = None
    os_user: str | None = None


ANYBODY = Actor(kind=Kind.ANYBODY)

Said = tuple[object, object] | None
"""What a field was and is; None: only that it changed, since what is in it may be secret or long."""

Changed = Mapping[str, Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """*target*: the id of the thing; for what is refused, as it was asked for. *owner*: the project it belongs to.

    *reason*: the class of the error. *right*: the name of the right that was missing, where it was that.
    """

    act: Act
    outcome: Outcome
    actor: Actor
    occasion: Occasion = NO_REQUEST
    target: str | None = None
    owner: str | None = None
    changed: Changed = field(default_factory=dict)
    reason: str | None = None
    right: str | None = None
