"""Plain demuxing and decoding, with nothing made of the result: what every other reader is measured
against."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.config import DEFAULT_READING
from scsampler_cli.media.container import decode_packets, motion_vectors, open_video, read_packets
from scsampler_cli.media.damage import Damage


def demux(path: Path) -> int:
    """Read all packets of the picture stream; their number."""
    with open_video(path, DEFAULT_READING) as (container, stream):
        return sum(1 for _ in read_packets(container, stream, Damage()))


def decode(path: Path) -> int:
    """Decode all pictures, by one thread, as the readers do; their number."""
    with open_video(path, DEFAULT_READING) as (container, stream):
        return sum(1 for _ in decode_packets(container, stream, Damage(), reading=DEFAULT_READING))


def vectors(path: Path) -> int:
    """Decode all pictures and read the motion vectors that come with them; the number of vectors, 0
    for codecs without."""
    with open_video(path, DEFAULT_READING, {"flags2": "+export_mvs"}) as (container, stream):
        found = (
            motion_vectors(frame)
            for frame in decode_packets(container, stream, Damage(), reading=DEFAULT_READING)
        )
        return sum(len(some) for some in found if some is not None)
