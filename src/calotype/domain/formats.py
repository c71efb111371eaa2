"""Disk and container formats: the names offered by default and the ones that belong together."""

DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")

#: Formats that are both: whoever names one of these as disk or container format means it for both.
AMAZON_FORMATS = frozenset({"ami", "ari", "aki"})

#: The only container whose content is a disk image itself and can be looked into.
INSPECTED_CONTAINER = "bare"
