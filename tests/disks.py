"""Disk images for tests of inspection: headers made by hand, most of them wicked. Real ones are made by qemu-img."""

import struct

SECTOR = 512


def qcow2(
    *,
    backing: bytes = b"",
    features: int = 0,
    version: int = 3,
    virtual_size: int = 1 << 30,
    extensions: bytes = b"",
    length: int = 1024,
) -> bytes:
    """The header of a QCOW2 and zeros; *features* are the incompatible ones, *extensions* stand behind the header."""
    data = bytearray(length)
    name_at = 256 if backing else 0
    fields = (b"QFI\xfb", version, name_at, len(backing), 16, virtual_size, 0, 1, 3 << 16, 1 << 16, 1, 0, 0)
    struct.pack_into(">4sIQIIQIIQQIIQ", data, 0, *fields)
    struct.pack_into(">QQQII", data, 72, features, 0, 0, 4, 104)
    data[104 : 104 + len(extensions)] = extensions
    data[name_at : name_at + len(backing)] = backing or data[:0]
    return bytes(data)


def extension(kind: int, content: bytes) -> bytes:
    return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)


SAFE_DESCRIPTOR = """# Disk DescriptorFile
version=1
CID=1234abcd
parentCID=ffffffff
createType="monolithicSparse"
# Extent description
RW 20480 SPARSE "disk.vmdk"
ddb.adapterType = "ide"
"""


def vmdk(descriptor: str = SAFE_DESCRIPTOR, *, footer: bytes | None = None, sectors: int = 20480) -> bytes:
    """A sparse VMDK of little more than header and description; *footer*: three sectors at its end."""
    at_end = 0xFFFFFFFFFFFFFFFF
    header = vmdk_header(at_end if footer is not None else 21, sectors)
    text = descriptor.encode("latin-1")
    return header + text + bytes(20 * SECTOR - len(text)) + bytes(4 * SECTOR) + (footer or b"")


def vmdk_header(directory_at: int, sectors: int = 20480, version: int = 1, descriptor_at: int = 1) -> bytes:
    fields = (b"KDMV", version, 3, sectors, 128, descriptor_at, 20, 512, 0, directory_at)
    return struct.pack("<4sIIQQQQIQQ", *fields).ljust(SECTOR, b"\0")


def vmdk_footer(directory_at: int = 21, version: int = 1, descriptor_at: int = 1, kind: int = 3, end: int = 0) -> bytes:
    marker = struct.pack("<QII", 1, 0, kind).ljust(SECTOR, b"\0")
    header = vmdk_header(directory_at, version=version, descriptor_at=descriptor_at)
    return marker + header + struct.pack("<QII", 0, 0, end).ljust(SECTOR, b"\0")


def qed() -> bytes:
    return b"QED\0".ljust(1024, b"\0")


def partition(kind: int, *, boot: int = 0, first: int = 2048, start: bytes = b"\0\2\0") -> bytes:
    return struct.pack("<B3sB3sII", boot, start, kind, b"\0\0\0", first, 4096)


def mbr(*partitions: bytes) -> bytes:
    """A disk with a partition table and little else."""
    table = b"".join(partitions).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa" + bytes(4096)


LINUX = partition(0x83, boot=0x80)
PROTECTIVE = partition(0xEE, first=1)


def iso(blocks: int = 32) -> bytes:
    """The volume descriptor of an ISO 9660 file system, no partition table before it."""
    descriptor = bytearray(2048)
    descriptor[0:7] = b"\1CD001\1"
    struct.pack_into("<I", descriptor, 80, blocks)
    struct.pack_into("<H", descriptor, 128, 2048)
    return bytes(32 * 1024) + bytes(descriptor) + bytes(4096)


def luks(version: int = 1) -> bytes:
    return b"LUKS\xba\xbe" + struct.pack(">H", version) + bytes(8192)
