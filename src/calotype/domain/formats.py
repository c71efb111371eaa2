"""Disk and container formats: the names offered by default and the ones that belong together."""

from calotype.domain.errors import Invalid

DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")

#: Formats that are both: whoever names one of these as disk or container format means it for both.
AMAZON_FORMATS = frozenset({"ami", "ari", "aki"})

#: The only container whose content is a disk image itself and can be looked into.
INSPECTED_CONTAINER = "bare"


def paired(disk_format: str | None, container_format: str | None) -> tuple[str | None, str | None]:
    """Both formats, the one that is missing filled in if the other is Amazon's. Raises Invalid if two contradict each other."""
    if not {disk_format, container_format} & AMAZON_FORMATS:
        return disk_format, container_format
    if disk_format and container_format and disk_format != container_format:
        raise Invalid("container_format", container_format, f"does not go together with disk_format {disk_format}")
    return disk_format or container_format, container_format or disk_format
