"""Plain demuxing and decoding, with nothing made of the result: what every other reader is measured against."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.media.container import decode_packets, open_video, read_packets


def demux(path: Path) -> int:
    """Read all packets of the picture stream; their number."""
    with open_video(path) as (container, stream):
        return sum(1 for _ in read_packets(container, stream, []))


def decode(path: Path) -> int:
    """Decode all pictures, by one thread, as the readers do; their number."""
    with open_video(path) as (container, stream):
        return sum(1 for _ in decode_packets(container, stream, []))
