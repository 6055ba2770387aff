"""SubRip subtitles, as players read them."""

import av
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.output.cuts.srt import render
from tests.output.cuts.making import clip, record


def test_subtitles_are_numbered_in_time_order_from_where_players_count() -> None:
    made = record(
        clip(9, 3661.5, 3662.14),
        clip(1, 10.64, 11.28, label="a, b"),
        start_s=10.08,
        file_start_s=10.0,
    )
    assert render(made) == (
        "1\n00:00:00,640 --> 00:00:01,280\na, b 75% (visual 0.500)\n"
        "\n2\n01:00:51,500 --> 01:00:52,140\narchery 75% (visual 0.500)\n"
    )


def test_touching_clips_are_one_subtitle_only_where_they_show_the_same() -> None:
    said = [
        clip(0, 0.0, 0.64),
        clip(1, 0.64, 1.28),
        clip(2, 1.28, 1.92, label="bowls"),
        clip(4, 2.56, 3.2, label="bowls"),
    ]
    times = [line for line in render(record(*said)).splitlines() if "-->" in line]
    assert times == [
        "00:00:00,000 --> 00:00:01,280",
        "00:00:01,280 --> 00:00:01,920",
        "00:00:02,560 --> 00:00:03,200",
    ]


def test_an_older_feature_file_counts_from_its_picture() -> None:
    assert "00:00:00,000 --> 00:00:00,640" in render(
        record(clip(0, 90000.5, 90001.14), start_s=90000.5)
    )


def test_no_clip_is_no_text() -> None:
    assert render(record()) == ""


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(0, 10**6)),
        min_size=1,
        max_size=9,
    )
)
def test_a_player_finds_each_subtitle_and_none_overlap(tmp_path_factory, steps) -> None:  # type: ignore[no-untyped-def]
    clips, now = [], 0
    for number, (gap, length, label) in enumerate(steps):
        now += gap
        clips.append(clip(number, now / 1e6, (now + length) / 1e6, label=f"label {label} {number}"))
        now += length
    path = tmp_path_factory.mktemp("srt") / "v.srt"
    path.write_text(render(record(*clips)), encoding="utf-8")
    with av.open(str(path)) as container:
        found = [packet for packet in container.demux() if packet.size]
    assert [bytes(packet).decode() for packet in found] == [
        f"{c['label']} 75% (visual 0.500)" for c in clips
    ]
    for packet, following in zip(found, [*found[1:], None], strict=True):
        assert packet.duration > 0
        assert following is None or packet.pts + packet.duration <= following.pts
