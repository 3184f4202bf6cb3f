"""What an image says of itself in its first bytes: format, size in pixels, depth."""

from __future__ import annotations

import struct

PNG_COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
JPEG_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))


def image_info(head: bytes) -> list[tuple[str, str]]:
    """Facts about an image.

    Args:
        head: Its first kilobytes.

    Returns:
        `(label, value)` pairs, the format first; empty when it is no known image.
    """
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height, depth, colour, *_ = struct.unpack(">IIBB", head[16:26])
            more = [("animated", "yes")] if b"acTL" in head[:200] else []
            return [
                ("format", "PNG"),
                _pixels(width, height),
                ("depth", f"{depth} bits, {PNG_COLOURS.get(colour, '?')}"),
                *more,
            ]
        if head[:6] in (b"GIF87a", b"GIF89a"):
            width, height, flags = struct.unpack("<HHB", head[6:11])
            return [("format", head[:6].decode()), _pixels(width, height), ("colours", f"{2 << (flags & 7)}")]
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
        if head.startswith(b"\xff\xd8"):
            return _jpeg(head)
        if head.startswith(b"BM"):
            width, height, _, depth = struct.unpack("<iiHH", head[18:30])
            return [("format", "BMP"), _pixels(width, abs(height)), ("depth", f"{depth} bits")]
        if head.startswith(b"\0\0\1\0"):
            count = struct.unpack("<H", head[4:6])[0]
            sizes = [f"{head[6 + 16 * n] or 256}×{head[7 + 16 * n] or 256}" for n in range(min(count, 8))]
            return [("format", "ICO"), ("images", ", ".join(sizes))]
        if head[4:12] == b"ftypavif":
            at = head.find(b"ispe")
            return [
                ("format", "AVIF"),
                *([_pixels(*struct.unpack(">II", head[at + 8 : at + 16]))] if at > 0 else []),
            ]
    except (struct.error, IndexError):
        return []
    return []


def _jpeg(head: bytes) -> list[tuple[str, str]]:
    at, found = 2, [("format", "JPEG")]
    while at + 9 < len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], struct.unpack(">H", head[at + 2 : at + 4])[0]
        if marker in JPEG_FRAMES:
            depth, height, width, parts = struct.unpack(">BHHB", head[at + 4 : at + 10])
            way = "progressive" if marker == 0xC2 else "baseline"
            return [*found, _pixels(width, height), ("depth", f"{depth} bits, {parts} components, {way}")]
        if marker == 0xE1 and head[at + 4 : at + 8] == b"Exif":
            found.append(("Exif", "yes"))
        at += 2 + length
    return found


def _webp(head: bytes) -> list[tuple[str, str]]:
    kind = head[12:16]
    if kind == b"VP8X":
        flags = head[20]
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        more = [("animated", "yes")] if flags & 2 else []
        return [("format", "WebP"), _pixels(width, height), ("alpha", "yes" if flags & 16 else "no"), *more]
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return [("format", "WebP, lossless"), _pixels((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)]
    width, height = struct.unpack("<HH", head[26:30])
    return [("format", "WebP"), _pixels(width & 0x3FFF, height & 0x3FFF)]


def _pixels(width: int, height: int) -> tuple[str, str]:
    return "size", f"{width:,} × {height:,} pixels"
