"""The player of a page: the video itself by its relative path, or a still where none can play it.

Nothing of the video is in the page, and nothing of it is loaded before a click. Not handled here:
the script, which seeks, and which shows a still where the browser reports an error.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.pages.markup import embedded, link, text

Record = dict[str, Any]
# Codecs that at least one of Chrome, Firefox and Safari decodes
_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp8", "vp9", "theora", "mpeg4", "h263", "mjpeg", "prores")
)
# Containers that none of them opens; other suffixes, or none, say too little
_CONTAINERS = frozenset(
    (
        *(".avi", ".asf", ".wmv", ".flv", ".f4v", ".swf", ".rm", ".rmvb", ".mxf", ".nut", ".dv"),
        *(".mpg", ".mpeg", ".mpe", ".vob", ".ts", ".m2ts", ".mts"),
        # streams without a container
        *(".m1v", ".m2v", ".264", ".h264", ".avc", ".265", ".h265", ".hevc", ".ivf", ".obu"),
        *(".mjpeg", ".mjpg", ".y4m"),
    )
)


def obstacle(path: str, codec: str) -> str:
    """Why no browser plays a video; empty where one may play it.

    Example: obstacle("a.avi", "h264") -> "Browsers do not play .avi files."
    """
    suffix = PurePath(path).suffix.lower()
    if suffix in _CONTAINERS:
        return f"Browsers do not play {suffix} files."
    if codec not in _CODECS:
        return f"Browsers do not play {codec} video."
    return ""


def player(record: Record, source: str, picture: bytes | None, *, at_ms: int) -> str:
    """The player, as HTML.

    Args:
        record: with "path" and "video".
        source: relative link to the video, quoted as in a URL.
        picture: JPEG that is shown before a click; None for none.
        at_ms: time of the picture on the clock of the file.
    """
    video, open_it = record["video"], f'<a href="{link(source)}">Open the file</a>'
    # the script finds out whether the browser's clock begins at 0, or where that of the file does
    first = round(1000 * video["start_s"])
    begin = f'data-from="{round(1000 * _file_start(video))}" data-first="{first}"'
    reason = obstacle(record["path"], video["codec"])
    if reason:
        return (
            f'<figure id="player" {begin}><div id="still"></div>'
            f'<figcaption class="soft small"><span id="cannot">{text(reason)}</span> {open_it} '
            "in a player for videos.</figcaption></figure>"
        )
    poster = "" if picture is None else f'poster="{embedded(picture)}" data-at="{at_ms}" '
    width, height = _shown_size(video)
    return (
        f'<figure id="player" {begin}><video id="video" controls playsinline preload="none" '
        f'width="{width}" height="{height}" src="{link(source)}" {poster}'
        f'aria-label="{text(PurePath(record["path"]).name)}"></video>'
        f'<div id="still" hidden></div><figcaption class="soft small" hidden>'
        f'<span id="cannot" role="status"></span> {open_it} in a player for videos.</figcaption>'
        "</figure>"
    )


def _file_start(video: Record) -> float:
    """Seconds on the clock of the file at which it begins; older records lack it."""
    start = video.get("file_start_s")
    return float(video["start_s"] if start is None else start)


def _shown_size(video: Record) -> tuple[int, int]:
    """(width, height) in square pixels, upright: the room for the player before it is loaded."""
    width = max(1, round(video["width"] * Fraction(video["pixel_aspect"])))
    height = video["height"]
    return (height, width) if video["rotation"] % 180 else (width, height)


def at(source: str | None, seconds: float) -> str:
    """Link to a second of a video, for an `href`; to the chart where there is no video.

    Browsers understand it without scripts (W3C Media Fragments).
    """
    return "#timeline" if source is None else f"{link(source)}#t={seconds:g}"
