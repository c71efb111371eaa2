"""What housekeeping does, one by one, as it is told to operators."""

from dataclasses import dataclass
from enum import StrEnum

from calotype.domain.audit import Act


class Task(StrEnum):
    """Kinds of chores."""

    END_UPLOAD = "end_upload"
    REMOVE_BYTES = "remove_bytes"
    REMOVE_TOKENS = "remove_tokens"
    PURGE_DELETED = "purge_deleted"


#: What each is called in the audit log.
CHORES = {
    Task.END_UPLOAD: Act.UPLOAD_END,
    Task.REMOVE_BYTES: Act.BYTES_REMOVE,
    Task.REMOVE_TOKENS: Act.TOKENS_REMOVE,
    Task.PURGE_DELETED: Act.DELETED_PURGE,
}


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done, or to be done: *subject* says to what, for the operator; *count*: how many things it stands for."""

    task: Task
    subject: str
    count: int = 1
