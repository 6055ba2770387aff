"""Chapters in FFmpeg's metadata format, read back by FFmpeg."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scsampler_cli.output.cuts.ffmetadata import escaped, render
from tests.output.cuts.making import clip, record
from tests.synthetic import pan, write_video


def read(path: Path) -> list[tuple[Fraction, Fraction, str]]:
    form = "ffmetadata" if path.suffix == ".ffmeta" else None
    with av.open(str(path), format=form) as container:
        return [
            (c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"]["title"])
            for c in container.chapters()
        ]


def test_chapters_follow_one_another_from_where_players_count_to_the_end(tmp_path: Path) -> None:
    made = record(
        *(clip(3, 12.0, 12.64, audio=1.0), clip(0, 10.08, 10.72), clip(1, 10.72, 11.36)),
        start_s=10.08, file_start_s=10.0, duration_s=20.0,
    )  # fmt: skip
    text = render(made)
    assert text.splitlines()[:6] == [
        *(";FFMETADATA1", "[CHAPTER]", "TIMEBASE=1/1000000", "START=0", "END=80000", "title=-")
    ]
    (tmp_path / "v.ffmeta").write_text(text)
    assert [
        (float(start), float(end), title) for start, end, title in read(tmp_path / "v.ffmeta")
    ] == [
        (0.0, 0.08, "-"),
        (0.08, 1.36, "archery 75% (visual 0.500)"),
        (1.36, 2.0, "-"),
        (2.0, 2.64, "archery 75% (visual 0.500, audio 1.000)"),
        (2.64, 20.08, "-"),
    ]


def test_a_video_without_a_taken_clip_has_no_chapter(tmp_path: Path) -> None:
    (tmp_path / "v.ffmeta").write_text(render(record()))
    assert read(tmp_path / "v.ffmeta") == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_chapters_muxed_into_a_video_are_found_there(tmp_path: Path, suffix: str) -> None:
    video = write_video(tmp_path / "plain.mp4", pan(80, 3, 0, 96, 128))
    label = r"a=b; #1 \ c"
    (tmp_path / "v.ffmeta").write_text(
        render(record(clip(1, 0.64, 1.28, label=label), clip(3, 1.92, 2.56), duration_s=3.2))
    )
    with av.open(str(tmp_path / "v.ffmeta"), format="ffmetadata") as chapters:
        known = chapters.chapters()
    with av.open(str(video)) as source, av.open(str(tmp_path / f"out{suffix}"), "w") as out:
        out.set_chapters(known)
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert [
        (float(start), float(end), title) for start, end, title in read(tmp_path / f"out{suffix}")
    ] == [
        (0.0, 0.64, "-"),
        (0.64, 1.28, rf"{label} 75% (visual 0.500)"),
        (1.28, 1.92, "-"),
        (1.92, 2.56, "archery 75% (visual 0.500)"),
        (2.56, 3.2, "-"),
    ]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=40))
@example("\\")
def test_every_title_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, title: str
) -> None:
    path = tmp_path_factory.mktemp("escaped") / "v.ffmeta"
    block = f"[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1\ntitle={escaped(title)}\n"
    path.write_text(f";FFMETADATA1\n{block}", encoding="utf-8", newline="\n")
    assert read(path) == [(0, Fraction(1, 1000), f"{title} " if title.endswith("\\") else title)]
