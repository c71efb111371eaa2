"""What data are taken for, and which are refused. Source: docs/api/v1.md, "What data may be"."""

import contextlib
import logging
import os
import random
import shutil
import struct
import subprocess
import tracemalloc
from pathlib import Path

import pytest

import disks
from calotype.blobs.inspection import inspection_of
from calotype.domain.errors import BadData

MIB = 1 << 20


def look(
    data: bytes,
    disk_format: str,
    *,
    container: str = "bare",
    require_match: bool = True,
    step: int = MIB,
) -> int | None:
    """The virtual size of *data*, shown in steps of *step* bytes."""
    inspection = inspection_of(disk_format, container, require_match=require_match)
    for first in range(0, len(data), step):
        inspection.feed(data[first : first + step])
    return inspection.finish()


@pytest.fixture(scope="module")
def qemu_img(request: pytest.FixtureRequest) -> str:
    program = shutil.which("qemu-img")
    if program is None:
        request.getfixturevalue("missing")("Debian's package qemu-utils")
    assert program is not None
    return program


@pytest.fixture(scope="module")
def ipxe_iso(request: pytest.FixtureRequest) -> bytes:
    path = Path("/usr/lib/ipxe/ipxe.iso")
    if not path.exists():
        request.getfixturevalue("missing")("Debian's package ipxe")
    return path.read_bytes()


REAL = [
    ("qcow2", "qcow2", ""),
    ("qcow2", "qcow2", "compat=0.10"),
    ("vhd", "vpc", "subformat=dynamic,force_size=on"),
    ("vhdx", "vhdx", ""),
    ("vmdk", "vmdk", "subformat=monolithicSparse"),
    ("vmdk", "vmdk", "subformat=streamOptimized"),
    ("vdi", "vdi", ""),
    ("raw", "raw", ""),
]


@pytest.mark.parametrize(("disk_format", "qemu_format", "options"), REAL)
@pytest.mark.parametrize("step", [MIB, 1000])
def test_a_real_disk_is_taken_as_what_it_is_with_its_virtual_size(
    qemu_img: str, tmp_path: Path, disk_format: str, qemu_format: str, options: str, step: int
) -> None:
    raw, disk = tmp_path / "disk.raw", tmp_path / "disk"
    raw.write_bytes(bytes(MIB) + os.urandom(3 * MIB))
    more = ["-o", options] if options else []
    subprocess.run([qemu_img, "convert", "-f", "raw", "-O", qemu_format, *more, raw, disk], check=True)

    assert look(disk.read_bytes(), disk_format, step=step) == 4 * MIB


@pytest.mark.parametrize("declared", ["raw", "vmdk", "iso"])
def test_a_real_qcow2_with_a_backing_file_is_refused_whatever_it_is_called(
    qemu_img: str, tmp_path: Path, declared: str
) -> None:
    subprocess.run([qemu_img, "create", "-q", "-f", "raw", tmp_path / "base", "1M"], check=True)
    overlay = tmp_path / "overlay"
    subprocess.run([qemu_img, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base", overlay], check=True)

    with pytest.raises(BadData):
        look(overlay.read_bytes(), declared)


def test_a_real_qcow2_with_an_external_data_file_is_refused(qemu_img: str, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    options = f"data_file={tmp_path / 'data'}"
    subprocess.run([qemu_img, "create", "-q", "-f", "qcow2", "-o", options, disk, "1M"], check=True)

    with pytest.raises(BadData, match="data_file"):
        look(disk.read_bytes(), "qcow2")


def test_a_bootable_iso_with_a_partition_table_is_an_iso(ipxe_iso: bytes) -> None:
    assert look(ipxe_iso, "iso") == len(ipxe_iso)
    assert look(ipxe_iso, "raw") == len(ipxe_iso)


def test_an_iso_has_its_byte_count_as_virtual_size() -> None:
    assert look(disks.iso(blocks=99_999), "iso") == len(disks.iso())


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"just text\n",
        bytes(511),
        bytes(512),
        os.urandom(100_000),
        disks.mbr(disks.LINUX),
        disks.mbr(disks.PROTECTIVE),
    ],
    ids=["one byte", "text", "511 zeros", "512 zeros", "noise", "partitions", "GPT"],
)
def test_anything_harmless_may_be_raw_with_its_byte_count_as_virtual_size(data: bytes) -> None:
    assert look(data, "raw") == len(data)


def test_a_safe_qcow2_may_be_called_raw_and_then_counts_as_raw() -> None:
    assert look(disks.qcow2(), "raw") == 1024


MATCHES = {"qcow2": disks.qcow2(), "vmdk": disks.vmdk(), "iso": disks.iso(), "raw": os.urandom(70_000)}


@pytest.mark.parametrize("declared", ["qcow2", "vmdk", "iso", "vhd", "vhdx", "vdi"])
@pytest.mark.parametrize("found", MATCHES)
def test_data_of_another_format_than_declared_are_refused(declared: str, found: str) -> None:
    if declared == found:
        look(MATCHES[found], declared)
        return

    with pytest.raises(BadData, match=f"the data are of format {found}"):
        look(MATCHES[found], declared)


@pytest.mark.parametrize("declared", ["qcow2", "iso"])
def test_no_data_at_all_are_of_no_format_but_raw(declared: str) -> None:
    assert look(b"", "raw") is None
    with pytest.raises(BadData, match="of format raw"):
        look(b"", declared)


@pytest.mark.parametrize("declared", ["ami", "aki", "ari", "ploop", "zvhd"])
def test_a_format_that_cannot_be_recognised_must_look_like_no_other(declared: str) -> None:
    assert look(os.urandom(70_000), declared) is None
    with pytest.raises(BadData, match="of format gpt"):
        look(disks.mbr(disks.LINUX), declared)
    with pytest.raises(BadData, match="of format qcow2"):
        look(disks.qcow2(), declared)


def test_two_formats_at_once_are_refused_even_as_raw() -> None:
    both = bytearray(disks.iso())
    both[: len(disks.qcow2())] = disks.qcow2()

    for declared in ("raw", "iso", "qcow2"):
        with pytest.raises(BadData, match="several formats at once: iso, qcow2"):
            look(bytes(both), declared)


UNSAFE = {
    "qcow2 with a backing file": ("qcow2", disks.qcow2(backing=b"/etc/passwd"), "backing_file"),
    "qcow2 with the data file bit": ("qcow2", disks.qcow2(features=4), "data_file"),
    "qcow2 with a data file extension": (
        "qcow2",
        disks.qcow2(extensions=disks.extension(0x6803F857, b"names") + disks.extension(0x44415441, b"/etc/passwd")),
        "data_file",
    ),
    "qcow2 with unknown features": ("qcow2", disks.qcow2(features=1 << 40), "unknown_features"),
    "qcow2 of version 1": ("qcow2", disks.qcow2(version=1), "unknown_features"),
    "short qcow2 with a backing file": ("qcow2", disks.qcow2(backing=b"/etc/passwd", length=400), "backing_file"),
    "vmdk in 54 bytes of text": (
        "vmdk",
        b'version=1\ncreateType="monolithicFlat"\nRW 1 FLAT "p" 0',
        "descriptor",
    ),
    "vmdk of another kind": ("vmdk", disks.vmdk(disks.SAFE_DESCRIPTOR.replace("Sparse", "Flat")), "descriptor"),
    "vmdk without description": ("vmdk", disks.vmdk(""), "descriptor"),
    "vmdk without extents": ("vmdk", disks.vmdk('createType="monolithicSparse"\n'), "descriptor"),
    "vmdk with a path as extent": (
        "vmdk",
        disks.vmdk(disks.SAFE_DESCRIPTOR.replace("disk.vmdk", "/etc/passwd")),
        "descriptor",
    ),
    "vmdk with an odd line": ("vmdk", disks.vmdk(disks.SAFE_DESCRIPTOR + "do what you like\n"), "descriptor"),
    "vmdk whose footer has another version": ("vmdk", disks.vmdk(footer=disks.vmdk_footer(version=2)), "footer"),
    "vmdk whose footer moves the description": (
        "vmdk",
        disks.vmdk(footer=disks.vmdk_footer(descriptor_at=9)),
        "footer",
    ),
    "vmdk whose footer names a footer": ("vmdk", disks.vmdk(footer=disks.vmdk_footer(2**64 - 1)), "footer"),
    "vmdk whose footer is no footer": ("vmdk", disks.vmdk(footer=disks.vmdk_footer(kind=2)), "footer"),
    "vmdk whose end is no end": ("vmdk", disks.vmdk(footer=disks.vmdk_footer(end=1)), "footer"),
    "qed": ("qed", disks.qed(), "banned"),
    "partition with a wrong boot flag": ("gpt", disks.mbr(disks.partition(0x83, boot=1)), "mbr"),
    "no partition": ("gpt", disks.mbr(), "mbr"),
    "protective partition elsewhere": ("gpt", disks.mbr(disks.partition(0xEE, first=2)), "mbr"),
    "protective partition with wrong CHS": ("gpt", disks.mbr(disks.partition(0xEE, first=1, start=b"\1\1\1")), "mbr"),
    "protective partition beside others": ("gpt", disks.mbr(disks.PROTECTIVE, disks.LINUX), "mbr"),
    "luks of version 2": ("luks", disks.luks(2), "version"),
}


@pytest.mark.parametrize("case", UNSAFE)
@pytest.mark.parametrize("require_match", [True, False])
@pytest.mark.parametrize("declared_as", ["itself", "raw"])
def test_unsafe_data_are_refused_under_their_own_name_and_as_raw(
    case: str, require_match: bool, declared_as: str
) -> None:
    found, data, check = UNSAFE[case]
    declared = found if declared_as == "itself" else "raw"

    with pytest.raises(BadData, match=rf"safety checks of {found}: .*{check}"):
        look(data, declared, require_match=require_match)


@pytest.mark.parametrize("case", UNSAFE)
def test_unsafe_data_are_refused_under_a_wrong_name_even_where_names_may_be_wrong(case: str) -> None:
    found, data, check = UNSAFE[case]

    with pytest.raises(BadData, match=rf"safety checks of {found}: .*{check}"):
        look(data, "iso", require_match=False)


def test_a_stream_optimised_vmdk_with_an_honest_footer_is_taken() -> None:
    text = disks.SAFE_DESCRIPTOR.replace("monolithicSparse", "streamOptimized")

    assert look(disks.vmdk(text, footer=disks.vmdk_footer()), "vmdk") == 20480 * 512


TEXT_VMDK = disks.SAFE_DESCRIPTOR.replace("disk.vmdk", "/etc/passwd").encode()


@pytest.mark.parametrize("first", [1, 3, 10, 64, 300, 511])
@pytest.mark.parametrize("data", [TEXT_VMDK, disks.qcow2(backing=b"/etc/passwd"), b"#" * 600_000 + b"\n" + TEXT_VMDK])
def test_no_choice_of_steps_hides_what_data_are(data: bytes, first: int) -> None:
    inspection = inspection_of("raw", "bare", require_match=True)

    with pytest.raises(BadData, match="safety checks"):  # noqa: PT012 - whichever step gives it away
        inspection.feed(data[:first])
        inspection.feed(data[first:])
        inspection.finish()


def test_data_are_refused_as_soon_as_they_are_known_for_what_they_are() -> None:
    inspection = inspection_of("iso", "bare", require_match=True)

    with pytest.raises(BadData, match="of format qcow2"):
        inspection.feed(disks.qcow2(length=MIB))


def test_a_mismatch_may_be_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert look(disks.qcow2(), "vmdk", require_match=False) == 1 << 30

    assert caplog.messages == ["Data declared as vmdk are of format qcow2."]


@pytest.mark.parametrize("container", ["ami", "ovf", "ova", "docker", "compressed"])
def test_only_a_bare_container_is_looked_into(container: str) -> None:
    assert look(disks.qcow2(backing=b"/etc/passwd"), "raw", container=container) is None


@pytest.mark.parametrize("virtual_size", [2**63, 2**64 - 1])
def test_a_virtual_size_that_no_disk_has_is_refused(virtual_size: int) -> None:
    with pytest.raises(BadData, match="virtual size"):
        look(disks.qcow2(virtual_size=virtual_size), "qcow2")


def test_a_vmdk_of_more_sectors_than_there_are_numbers_is_refused() -> None:
    with pytest.raises(BadData, match="virtual size"):
        look(disks.vmdk(sectors=2**63), "vmdk")


def test_a_vhdx_with_a_broken_region_table_cannot_be_inspected() -> None:
    with pytest.raises(BadData, match="cannot be inspected as vhdx"):
        look(b"vhdxfile".ljust(300 * 1024, b"\0"), "vhdx")


def test_a_truncated_vhdx_cannot_be_inspected() -> None:
    with pytest.raises(BadData, match="cannot be inspected as vhdx"):
        look(b"vhdxfile".ljust(1024, b"\0"), "vhdx")


def test_a_text_description_that_is_no_ascii_cannot_be_inspected() -> None:
    with pytest.raises(BadData, match="cannot be inspected"):
        look(TEXT_VMDK.ljust(600, b"\n") + b"\xff", "raw")


def test_noise_behind_any_signature_is_judged_without_another_error() -> None:
    """Bytes of all kinds behind headers that the inspectors follow."""
    noise = random.Random(4)
    heads = [b"QFI\xfb", b"KDMV", b"vhdxfile", b"conectix", b"LUKS\xba\xbe", b"QED\0", b"# Disk DescriptorFile\n", b""]
    regions = struct.pack("<IIII", 0x69676572, 0, 2047, 0)
    for number in range(160):
        head, size = heads[number % len(heads)], noise.choice([1, 100, 511, 600, 5000, 300_000])
        data = bytearray(head + noise.randbytes(size))
        if head == b"vhdxfile" and len(data) > 200_000:
            data[196_608 : 196_608 + len(regions)] = regions
        declared = noise.choice(["raw", "qcow2", "vmdk", "vhdx", "ploop"])
        with contextlib.suppress(BadData):
            look(bytes(data), declared, require_match=number % 3 == 0, step=noise.choice([999, MIB]))


@pytest.mark.parametrize("head", [disks.vmdk_header(21), disks.vmdk_header(2**64 - 1), b"vhdxfile", b"# text\n" * 100])
def test_little_is_held_of_data_without_end(head: bytes) -> None:
    inspection = inspection_of("raw", "bare", require_match=True)
    tracemalloc.start()

    with contextlib.suppress(BadData):
        inspection.feed(head)
        for _ in range(32):
            inspection.feed(head.ljust(MIB, head[-1:]))

    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4 * MIB
