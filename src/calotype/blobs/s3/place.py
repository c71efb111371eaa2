"""Where an S3 store is, and what its server is like."""

from dataclasses import dataclass, field

ADDRESSINGS = ("auto", "path", "virtual")
CHECKSUMS = ("when_required", "when_supported")
ETAGS = ("md5", "opaque")

#: Parts under way at once in a process; each is held until it has arrived.
SENDERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A bucket, or what lies below *prefix* in it, and the quirks of its server.

    *prefix*: without slashes at its ends. *endpoint*: None for Amazon's own. *access_key*, *secret_key*: None where the
    environment or *profile* has them. The quirks are explained in docs/operate/configure.md, "Stores".
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    addressing: str = "auto"
    checksums: str = "when_required"
    etags: str = "md5"
    sends_md5: bool = True
    lists_uploads: bool = True
    part_mib: int | None = None

    @property
    def before_keys(self) -> str:
        """What stands before each key in the name of its object."""
        return f"{self.prefix}/" if self.prefix else ""

    @property
    def told(self) -> str:
        """The place as an operator may be told of it."""
        at = "" if self.endpoint is None else f" at {self.endpoint}"
        return f"s3://{self.bucket}/{self.before_keys}{at}"

    def overlaps(self, other: "Place") -> bool:
        """True if an object may be in both."""
        if (self.endpoint, self.bucket) != (other.endpoint, other.bucket):
            return False
        ours, theirs = self.before_keys, other.before_keys
        return ours.startswith(theirs) or theirs.startswith(ours)
