"""The options --frames, --frames-each and --frames-size, and where the frames of a batch lie."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.artifacts.frame_manifest import (
    FRAME_FILES,
    MANIFEST,
    OF_CLIP,
    OF_SEGMENT,
    FrameSettings,
    is_manifest,
)
from scsampler_cli.cli import output_targets
from scsampler_cli.cli.output_options import OUTPUT
from scsampler_cli.files.marks import is_marked

# for models that look at pictures: what they are shown is what matters
Frames = Annotated[
    Path | None,
    typer.Option(
        parser=output_targets.output_path,
        metavar="FOLDER",
        help="Folder for frames of the selected clips, or with --segments of the segments, as JPEG "
        "files. Each video has a folder in it; manifest.jsonl lists the frames with time, score "
        "and label.",
        rich_help_panel=OUTPUT,
    ),
]
FramesEach = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1024,
        help="Number of frames that --frames writes of each clip or segment, evenly spaced. "
        f"Default: {OF_CLIP} of a clip, which lasts about half a second, {OF_SEGMENT} of a "
        "segment.",
        rich_help_panel=OUTPUT,
    ),
]
FramesSize = Annotated[
    int | None,
    typer.Option(
        min=16,
        metavar="PIXELS",
        help="Longest side of the pictures of --frames. Larger frames are scaled down to it. "
        "Default: no scaling.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True, kw_only=True)
class FrameOptions:
    """Frames of the selected clips, or of the segments."""

    frames: Frames = None
    frames_each: FramesEach = None
    frames_size: FramesSize = None

    @property
    def frame_settings(self) -> FrameSettings | None:
        """Which frames are written; None for none."""
        if self.frames is None:
            return None
        return FrameSettings(each=self.frames_each, size=self.frames_size)


def is_artifact(path: Path) -> bool:
    """True for a file that scsampler has made."""
    return is_marked(path) or is_manifest(path)


def batch_manifest(folder: Path, shard: str | None) -> Path:
    """The list of the frames of all videos; each shard has one of its own."""
    if shard is None:
        return Path(folder, MANIFEST)
    # two runs must not write one file
    return Path(folder, MANIFEST).with_stem(f"manifest-{shard.replace('/', '-of-')}")


def manifests_of(folders: Mapping[Path, Path]) -> dict[Path, Path]:
    """Video -> the list of its frames; `folders` has the folder of each video."""
    return {path: folder / MANIFEST for path, folder in folders.items()}


def earlier_frames(manifests: Sequence[Path]) -> list[Path]:
    """Frames that exist in the folders of videos: they would be replaced."""
    folders = [path.parent for path in manifests if os.path.isdir(path.parent)]  # noqa: PTH112
    return [frame for folder in folders for frame in sorted(folder.glob(FRAME_FILES))]
