"""Ten small healthy videos of different codecs and containers, to be damaged."""

from collections.abc import Callable
from pathlib import Path

from tests.synthetic import pan, tone, write_video

FRAMES, HEIGHT, WIDTH = 40, 64, 96


def _made(name: str, codec: str, **more: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return write_video(folder / name, pan(FRAMES, 2, 1, HEIGHT, WIDTH), codec=codec, **more)  # type: ignore[arg-type]

    return make


_SOUND = tone(1.6, 600)
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}
SEEDS = (
    _made("b_frames.mp4", "libx264", audio=_SOUND, options={"g": "12", "bf": "3"}),
    _made("packed.avi", "mpeg4", audio=_SOUND, audio_codec="libmp3lame", options={"g": "8"}),
    _made(
        "deep.mkv",
        "libx265",
        pix_fmt="yuv420p10le",
        options={"x265-params": "log-level=none:keyint=10"},
    ),
    _made(
        "vp9.webm", "libvpx-vp9", audio=tone(1.6, 600, 48000), rate_hz=48000, audio_codec="libopus"
    ),
    _made("av1.mp4", "libsvtav1", options={"preset": "12", "svtav1-params": "keyint=10"}),
    _made(
        "interlaced.ts",
        "mpeg2video",
        audio=_SOUND,
        audio_codec="mp2",
        options={"flags": "+ildct+ilme", "bf": "2"},
    ),
    _made(
        "fragments.mp4", "libx264", audio=_SOUND, options={"g": "10"}, container_options=_FRAGMENTED
    ),
    _made("stills.mov", "mjpeg", pix_fmt="yuvj422p"),
    _made("old.flv", "flv", options={"g": "10"}),
    _made("raw.264", "libx264", options={"g": "10", "bf": "2"}),
)
