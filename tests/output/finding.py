"""Results of `find`, made by hand."""

from fractions import Fraction
from typing import Any

from scsampler_cli.errors import VideoError
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_clip import FoundClip
from scsampler_cli.output.records import Failure

MODEL = {
    "name": "hf:example/clip",
    "weights": "model.safetensors",
    "sha256": "ab" * 32,
    "dimensions": 512,
}

SETTINGS = {
    "find": {"top": 20, "apart_s": 10.0, "picture_gap": 2.0, "prompts": ["{}"]},
    "clip_frames": 16,
    "frame_stride": 1,
    "reading": {"video_stream": None, "strict": False},
    "device": "cpu",
    "precision": "fp32",
}


def found(
    rank: int, path: str, start: Fraction | int, end: Fraction | int, **how: Any
) -> FoundClip:
    """A found clip of four clips, whose picture is at its start."""
    start = Fraction(start)
    given = {"similarity": 0.5 - rank / 10, "exact_picture": start, "clip": 3, "clips": 4, **how}
    return FoundClip(rank, path, start, exact_end=Fraction(end), **given)


CLIPS = (
    found(1, "a/dive.mp4", Fraction(27, 2), Fraction(46, 3)),
    found(2, "b/long.mp4", 13761, 13765, exact_picture=None, clips=1),
    found(3, "a/dive.mp4", 2, 4, similarity=-0.0625),
)


def result(clips: tuple[FoundClip, ...] = CLIPS, **changed: Any) -> FindResult:
    """Two videos searched, one of them embedded now, and one that failed."""
    bad = VideoError("c/bad.mp4: not a video", hint="is it one?")
    fields: dict[str, Any] = {
        "sentence": "a dog jumps into water",
        "videos": 2,
        "embedded": 1,
        "failures": (Failure("find", "c/bad.mp4", bad),),
        "model": MODEL,
        "settings": SETTINGS,
        "notes": ("one video has no sound",),
        "timings_s": {"embed": 1.25, "rank": 0.01},
        "versions": {"scsampler": "0.1", "av": "17", "ffmpeg": "8.1"},
    }
    return FindResult(clips=clips, **fields | changed)
