"""Times, keyframes and packets of all frames, found by decoding the whole video stream.

Not handled here: frames without usable times; see `timeline.repaired_stamps`.
"""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scsampler_cli.config import ReadSettings
from scsampler_cli.media.container import decode_packets, open_video, packet_of
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.keyframes import StartPacketList, StartPackets, is_start_frame
from scsampler_cli.media.packet_scan import MAX_STAMP
from scsampler_cli.media.packets import FramePackets, frame_packets
from scsampler_cli.timeline import FrameTimeline


class DecodedFrames(NamedTuple):
    """Facts of all frames of a stream, in display order."""

    pts: list[int | None]
    starts: StartPackets
    packets: FramePackets
    last_duration: int
    """pts units that the last frame with a known duration lasts; 0 where none is known."""


def decode_all(path: Path, reading: ReadSettings, damage: Damage) -> DecodedFrames:
    """Decode the video stream once; no frame is kept.

    Raises:
        InputError, VideoError, LimitError: as `container.open_video`.
    """
    pts: list[int | None] = []
    keys, found = array("q"), StartPacketList()
    sizes, decode_indices = array("i"), array("q")
    last_duration = 0
    with open_video(path, reading) as (container, stream):
        for frame in decode_packets(container, stream, damage, reading=reading):
            packet = packet_of(frame)
            if frame.key_frame and packet.decode_index >= 0:
                keys.append(len(pts))
                found.add(packet.pts, packet.dts, packet.decode_index, size=packet.size)
            decode_indices.append(packet.decode_index)
            sizes.append(packet.size)
            # a stamp too far from 0 is damage
            pts.append(None if frame.pts is None or abs(frame.pts) > MAX_STAMP else frame.pts)
            last_duration = frame.duration or last_duration
    starts = found.at(np.array(keys, np.int64), np.ones(len(keys), bool), True)
    # bool [T]: frames at whose packet decoding can start
    packets = frame_packets(decode_indices, sizes, np.isin(np.arange(len(pts)), keys))
    return DecodedFrames(pts, starts, packets, last_duration=last_duration)


def decode_starts(path: Path, reading: ReadSettings, timeline: FrameTimeline) -> StartPackets:
    """Packets at which decoding can start, by a decoder that skips all other frames.

    Raises:
        InputError, VideoError, LimitError: as `container.open_video`.
    """
    found, positions = StartPacketList(), array("q")
    with open_video(path, reading) as (container, stream):
        stream.codec_context.skip_frame = "NONKEY"
        # a decoder that skips frames may report errors in frames that are not damaged
        for frame in decode_packets(container, stream, Damage(), reading=reading):
            position = None if frame.pts is None else timeline.find(frame.pts)
            packet = packet_of(frame)
            if position is not None and packet.decode_index >= 0 and is_start_frame(frame):
                positions.append(position)
                found.add(packet.pts, packet.dts, packet.decode_index, size=packet.size)
    return found.at(np.array(positions, np.int64), np.ones(len(positions), bool), True)
