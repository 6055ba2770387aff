"""Options about the videos: where they are, which streams are read, how long clips are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.config import MAX_PICTURE_GAP_S, FeatureSettings, ReadSettings

INPUT = "Input"


def input_path(text: str) -> Path:
    """The path that an option names.

    Raises:
        typer.BadParameter: it is empty, as that of a variable that is not set: `Path` would take it
            for the current folder.
    """
    if not text:
        raise typer.BadParameter("the path is empty")
    return Path(text)


# str and not Path: a path may also be a URL, which is refused with an error of its own
Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Video files, folders (with all folders below), or - to read a list of paths from "
        "standard input, one per line."
    ),
]
# a pattern of the shell must be quoted, else the shell expands it before scsampler gets it
Glob = Annotated[
    str | None,
    typer.Option(
        metavar="PATTERN",
        help="In folders, take the files whose name matches, e.g. '*.mkv'. Default: files with the "
        "suffix of a video format.",
        rich_help_panel=INPUT,
    ),
]
# numbered within their kind, as FFmpeg's 0:v:N and 0:a:N are
VideoStream = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Number of the video stream to read, from 0. Default: the first one, cover art "
        "excluded.",
        rich_help_panel=INPUT,
    ),
]
AudioStream = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Number of the audio stream to read, from 0. Default: the first one.",
        rich_help_panel=INPUT,
    ),
]
# limits against damaged or hostile headers, far above what cameras write
MaxPixels = Annotated[
    int,
    typer.Option(
        min=0,
        help="Refuse videos with more pixels per frame. 0: no limit.",
        rich_help_panel=INPUT,
    ),
]
MaxFrames = Annotated[
    int,
    typer.Option(min=0, help="Refuse videos with more frames. 0: no limit.", rich_help_panel=INPUT),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Count a video as failed if any part of it cannot be decoded.",
        rich_help_panel=INPUT,
    ),
]
# without a default here: train has another one than the other commands
PFrames = Annotated[
    int,
    typer.Option(
        min=0,
        help="Number of P-frames read per clip. 0: all, as in the paper, which is slower.",
        rich_help_panel=INPUT,
    ),
]
# the range is checked by `FeatureSettings`, since 0 is allowed and 1 to 31 are not
ShortSide = Annotated[
    int,
    typer.Option(
        help="Short side of pictures, I-frames and residuals, in pixels, 32 to 4096. Larger frames "
        "are scaled down to it. 0: no scaling.",
        rich_help_panel=INPUT,
    ),
]
PictureGap = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0,
        max=MAX_PICTURE_GAP_S,
        help="Longest time between a keyframe and a later clip that takes its picture. A clip "
        "without a keyframe that near gets a frame of its own, which costs more. 0: only keyframes "
        "in the clip itself. Default: 10 where the encoder puts keyframes at cuts, and for 4K, "
        "else 2; where segments are looked for 0, except for 4K.",
        rich_help_panel=INPUT,
    ),
]
# 1024 frames are more than any clip network takes; more would only use up memory
ClipFrames = Annotated[
    int,
    typer.Option(min=1, max=1024, help="Number of frames per clip.", rich_help_panel=INPUT),
]
FrameStride = Annotated[
    int,
    typer.Option(
        min=1,
        max=1024,
        help="Take every N-th frame of the video into a clip.",
        rich_help_panel=INPUT,
    ),
]
# a stride of clips, where --frame-stride is one of frames in a clip
ClipStride = Annotated[
    int,
    typer.Option(min=1, help="Use every N-th clip, and skip the others.", rich_help_panel=INPUT),
]


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """The videos of a command."""

    paths: Paths = None
    glob: Glob = None


@dataclass(frozen=True, kw_only=True)
class VideoReadOptions:
    """Which pictures of a video are read, and which videos are refused."""

    video_stream: VideoStream = None
    max_pixels: MaxPixels = ReadSettings.max_pixels
    max_frames: MaxFrames = ReadSettings.max_frames
    strict: Strict = False

    def settings(self) -> ReadSettings:
        """The same as settings of the library."""
        return ReadSettings(
            video_stream=self.video_stream,
            max_pixels=self.max_pixels,
            max_frames=self.max_frames,
            strict=self.strict,
        )


@dataclass(frozen=True, kw_only=True)
class ReadOptions(VideoReadOptions):
    """Which streams of a video are read, and which videos are refused."""

    audio_stream: AudioStream = None

    def settings(self) -> ReadSettings:
        """The same as settings of the library."""
        return replace(super().settings(), audio_stream=self.audio_stream)


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """Length of clips, where no classifier sets it, and what is read of them."""

    p_frames: PFrames = FeatureSettings.p_frames
    short_side: ShortSide = FeatureSettings.short_side
    picture_gap: PictureGap = FeatureSettings.picture_gap
    clip_frames: ClipFrames = 16
    frame_stride: FrameStride = 1

    def features(self, inputs: tuple[str, ...] = FeatureSettings.inputs) -> FeatureSettings:
        """Settings of the features, of the given inputs (some of `config.INPUTS`)."""
        return FeatureSettings(
            inputs=inputs,
            p_frames=self.p_frames,
            short_side=self.short_side,
            picture_gap=self.picture_gap,
        )
