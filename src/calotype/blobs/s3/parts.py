"""How data of unknown length are cut into the parts of an upload.

S3 takes 10,000 parts, of 5 MiB to 5 GiB each but for the last, and what is held of an upload is a part. So the first are
small and later ones grow: an image of up to 7.8 GiB is held in parts of 8 MiB, and 1 TiB still fits.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html.
"""

from typing import Final

MIB: Final = 1 << 20
MOST_PARTS: Final = 10_000

#: (parts up to this number, have so many MiB). Together 1.03 TiB.
_STAGES: Final = ((1000, 8), (2000, 16), (3000, 32), (4000, 64), (MOST_PARTS, 160))

FIRST_MIB: Final = _STAGES[0][1]
LARGEST_MIB: Final = _STAGES[-1][1]

SMALLEST_FIXED_MIB: Final = 5
LARGEST_FIXED_MIB: Final = 1024


def part_bytes(number: int, fixed_mib: int | None = None) -> int:
    """The length of part *number*, the first being 1; *fixed_mib* for servers whose parts must all be equally long.

    Raises ValueError for one that no upload may have.
    """
    if not 1 <= number <= MOST_PARTS:
        raise ValueError("an upload has no such part")
    if fixed_mib is not None:
        return fixed_mib * MIB
    return next(mib for last, mib in _STAGES if number <= last) * MIB
