"""What an operator may set about images; docs/operate/configure.md has the same rows for readers."""

from dataclasses import dataclass

from calotype.domain.formats import CONTAINER_FORMATS, DISK_FORMATS

TIB = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """Limits and offers of the use cases, whatever the dialect."""

    disk_formats: tuple[str, ...] = DISK_FORMATS
    """Disk formats an image may declare."""
    container_formats: tuple[str, ...] = CONTAINER_FORMATS
    """Container formats an image may declare."""
    image_size_cap_bytes: int = TIB
    """Bytes of the largest image that is taken."""
    property_quota: int = 128
    """Custom properties an image may have; negative: any number."""
    tag_quota: int = 128
    """Tags an image may have; negative: any number."""
    member_quota: int = 128
    """Projects an image may be shared with; negative: any number."""
    require_image_format_match: bool = True
    """True refuses data that are not what disk_format says; False only logs it. Unsafe data are refused either way."""
    limit_default: int = 25
    """Images on a page when the caller names no limit."""
    limit_max: int = 1000
    """Images on a page at most, whatever the caller asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingOptions:
    """When the service cleans up. Source: docs/operate/housekeeping.md."""

    housekeeping_interval_s: float = 60.0
    """Seconds between two rounds of housekeeping; 0: none, `calotype housekeeping run` is left to do it."""
    housekeeping_removals_per_s: int = 100
    """Keys that housekeeping removes from stores, and tombstones it purges, in a second, both together at most."""
    scrub_mib_per_s: int = 16
    """MiB of image data that are read again in a second, to be compared with their digests; 0: none."""
    scrub_every_days: int = 30
    """Days after which the data of an image are due to be read again; 0: as soon as all others were."""
    deleted_kept_days: int = 0
    """Days for which the record of a deleted image is kept, which lists of changes show; 0: for ever."""
