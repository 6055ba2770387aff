"""Shares of files: none twice, none left out, whatever the list."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.batch.shards import Shard, in_shard, parse
from scsampler_cli.errors import SettingsError

NAMES = st.binary(min_size=1, max_size=60).map(
    lambda data: Path(os.fsdecode(data.replace(b"\0", b"_")))
)


@given(NAMES, st.integers(1, 200))
def test_every_path_is_in_exactly_one_shard(path: Path, count: int) -> None:
    assert sum(in_shard(path, Shard(i, count)) for i in range(1, count + 1)) == 1


def test_shards_stay_what_they_are() -> None:
    # pinned: if a newer version divided the files in another way, a run that it continues would
    # do half of the files twice
    names = [f"clips/{i}.mp4" for i in range(12)]
    assert [i for i, name in enumerate(names) if in_shard(Path(name), Shard(1, 3))] == [
        2,
        3,
        6,
        7,
        9,
    ]
    assert in_shard(Path("./clips/0.mp4"), Shard(1, 3)) == in_shard(
        Path("clips/0.mp4"), Shard(1, 3)
    )


def test_shards_of_many_files_are_about_equal() -> None:
    paths = [Path(f"archive/{i:05d}.mp4") for i in range(4000)]
    sizes = [sum(in_shard(path, Shard(i, 8)) for path in paths) for i in range(1, 9)]
    assert sum(sizes) == 4000
    assert min(sizes) > 400
    assert max(sizes) < 600


def test_a_shard_reads_as_it_is_written() -> None:
    assert parse("2/4") == Shard(2, 4)
    assert str(parse("1/1")) == "1/1"


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "x", "", "1", "1/0", "-1/4", "1/4/2", " 1/4", "1.0/4", "1/4\n", "²/4"]
)
def test_what_is_no_shard_is_said(text: str) -> None:
    with pytest.raises(SettingsError, match="invalid shard") as error:
        parse(text)
    assert error.value.hint
