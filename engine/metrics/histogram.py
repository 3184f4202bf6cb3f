"""A histogram of durations in logarithmic buckets, as HdrHistogram has them: 16 to each power of two.

A value is at most 6.25 % away from its bucket's other end, so a percentile given as the bucket's middle is
right to about 3 %; below 32 µs it is exact. Only buckets that were hit take memory; there are at most 528.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

#: Longer durations (microseconds; 19 hours) count as this one.
LONGEST: Final = 2**36 - 1


class Histogram:
    """Counts of durations.

    Attributes:
        counts: how often each bucket was hit, by its number.
        count: how many durations there were.
        sum: of all of them, microseconds.
        longest: the longest of them, microseconds.
    """

    __slots__ = ("count", "counts", "longest", "sum")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.count = self.sum = self.longest = 0

    def add(self, duration: int) -> None:
        """Count a duration (whole microseconds)."""
        if duration < 32:
            bucket = duration = max(0, duration)
        else:
            duration = min(duration, LONGEST)
            shift = duration.bit_length() - 5
            bucket = (shift << 4) + (duration >> shift)
        counts = self.counts
        counts[bucket] = counts.get(bucket, 0) + 1
        self.count += 1
        self.sum += duration
        if duration > self.longest:
            self.longest = duration

    def merge(self, other: Histogram) -> None:
        """Count everything that another one has counted."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.sum += other.sum
        self.longest = max(self.longest, other.longest)

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """The durations (milliseconds) that these shares of all stay within; None where nothing was counted.

        Args:
            shares: rising, each above 0 and at most 1, e.g. (0.5, 0.9, 0.99).
        """
        if not self.count:
            return [None] * len(shares)
        found: list[float | None] = []
        seen = 0
        buckets = iter(sorted(self.counts.items()))
        bucket = 0
        for share in shares:
            rank = max(1, math.ceil(share * self.count))
            while seen < rank:
                bucket, count = next(buckets)
                seen += count
            low, high = bounds(bucket)
            found.append(min((low + high - 1) / 2, self.longest) / 1000)
        return found

    def below(self, exponents: Iterable[int]) -> list[int]:
        """How many durations were under 2^n microseconds, for each n (rising); that is exact."""
        found = []
        seen = 0
        rest = sorted(self.counts.items(), reverse=True)
        for exponent in exponents:
            limit = 2**exponent
            while rest and bounds(rest[-1][0])[1] <= limit:
                seen += rest.pop()[1]
            found.append(seen)
        return found

    def to_json(self) -> list[object]:
        """All of it as JSON: `[sum, longest, [bucket, count, bucket, count, …]]`."""
        return [self.sum, self.longest, [number for pair in self.counts.items() for number in pair]]

    @staticmethod
    def from_json(value: Sequence[object]) -> Histogram:
        """What `to_json` gave. Raises ValueError or TypeError when it is something else."""
        made = Histogram()
        total, longest, flat = value
        if not isinstance(total, int) or not isinstance(longest, int) or not isinstance(flat, list):
            raise ValueError("not a histogram")
        made.counts = {int(bucket): int(count) for bucket, count in zip(flat[::2], flat[1::2], strict=True)}
        made.count, made.sum, made.longest = sum(made.counts.values()), total, longest
        return made


def bounds(bucket: int) -> tuple[int, int]:
    """The durations (microseconds) of a bucket: from the first up to, without it, the second."""
    if bucket < 32:
        return bucket, bucket + 1
    shift = (bucket >> 4) - 1
    low = ((bucket & 15) + 16) << shift
    return low, low + (1 << shift)
