"""Plain demuxing and decoding, without use of the result: the baseline of speed measurements."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.config import DEFAULT_READING
from scsampler_cli.media.container import decode_packets, motion_vectors, open_video, read_packets
from scsampler_cli.media.damage import Damage


def demux(path: Path) -> int:
    """Read all packets of the video stream, and return their number."""
    with open_video(path, DEFAULT_READING) as (container, stream):
        return sum(1 for _ in read_packets(container, stream, Damage()))


def decode(path: Path) -> int:
    """Decode all pictures with one thread, as the readers do, and return their number."""
    with open_video(path, DEFAULT_READING) as (container, stream):
        return sum(1 for _ in decode_packets(container, stream, Damage(), reading=DEFAULT_READING))


def vectors(path: Path) -> int:
    """Decode all pictures with their motion vectors.

    Returns:
        number of vectors; 0 for codecs without.
    """
    count = 0
    with open_video(path, DEFAULT_READING, {"flags2": "+export_mvs"}) as (container, stream):
        for frame in decode_packets(container, stream, Damage(), reading=DEFAULT_READING):
            found = motion_vectors(frame)
            count += 0 if found is None else len(found)
    return count
