"""The program is found, run without a shell, and ends with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import ffmpeg
import pytest

from scsampler_cli.errors import OutputError, ProgramError
from scsampler_cli.media.index import scan
from scsampler_cli.transcode import program
from scsampler_cli.transcode.atomic_output import replaced
from scsampler_cli.transcode.program import container_version, encoders, find_ffmpeg, name_of, run
from scsampler_cli.transcode.reel import check_program, write_reel
from tests.program import NAMED, named

FOREVER = "testsrc2=size=64x64:rate=25"


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing imageio_ffmpeg fails."""
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)


def wrapper(folder: Path, text: str) -> Path:
    """A program called ffmpeg that begins with a shell script."""
    path = folder / "bin" / "ffmpeg"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(not os.environ.get(NAMED), reason=f"{NAMED} names no program")
def test_the_tests_run_with_the_program_that_is_named() -> None:
    assert find_ffmpeg().resolve() == (named() or Path()).resolve()


def test_a_program_tells_which_library_writes_its_containers(tmp_path: Path) -> None:
    assert 59 <= container_version(find_ffmpeg()) < 1000
    other = wrapper(
        tmp_path, "echo ffmpeg version mine; echo 'libavformat    59. 27.100 / 60.  1.100'"
    )
    assert container_version(other) == 59
    (tmp_path / "silent").mkdir()
    with pytest.raises(ProgramError, match="does not print its version of libavformat") as caught:
        container_version(wrapper(tmp_path / "silent", "echo nothing"))
    assert "install" in (caught.value.hint or "")


def test_without_a_program_there_is_one_error_that_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_package: None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for work in (find_ffmpeg, lambda: check_program(tmp_path / "reel.mp4")):
        with pytest.raises(ProgramError, match="no program ffmpeg") as caught:
            work()
        hint = caught.value.hint or ""
        assert all(
            way in hint
            for way in (
                "apt install ffmpeg",
                "brew install ffmpeg",
                "pip install 'scsampler[ffmpeg]'",
            )
        )
        assert "\n" not in hint


def test_the_one_on_the_path_comes_first_then_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    packaged = find_ffmpeg()
    own = wrapper(tmp_path, f'exec "{packaged}" "$@"')
    monkeypatch.setenv("PATH", f"{own.parent}:/usr/bin:/bin")
    assert find_ffmpeg() == own


def test_a_program_that_is_too_old_is_passed_over_and_named_where_it_is_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    packaged = find_ffmpeg()
    old = wrapper(tmp_path, f'"{packaged}" "$@" | grep -v fps_mode')
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")
    assert find_ffmpeg() == packaged
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ProgramError, match=r"older than FFmpeg 5\.1") as caught:
        find_ffmpeg()
    assert str(old) in str(caught.value)


def test_something_else_of_that_name_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_package: None
) -> None:
    broken = wrapper(tmp_path, "echo no such thing >&2; exit 3")
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    with pytest.raises(ProgramError, match="exit code 3: no such thing"):
        find_ffmpeg()


def test_a_program_without_x264_writes_mpeg4_and_one_without_an_encoder_for_webm_says_so(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = find_ffmpeg()
    poor = wrapper(
        tmp_path,
        f'case "$*" in *-encoders*) "{packaged}" "$@" | grep -v "264\\|vpx";; '
        f'*) exec "{packaged}" "$@";; esac',
    )
    monkeypatch.setenv("PATH", f"{poor.parent}:/usr/bin:/bin")
    assert {"libx264", "aac"} <= encoders(packaged)
    made = write_reel(clip, tmp_path / "reel.mp4", [(1, 2)], video_stream=0, audio_stream=0)
    assert (made.video_encoder, scan(made.path).info.codec, made.frames) == ("mpeg4", "mpeg4", 25)
    assert [made.path.name, "bin"] == sorted(
        (path.name for path in tmp_path.iterdir()), reverse=True
    )
    with pytest.raises(ProgramError, match="no encoder libvpx-vp9 or libvpx") as caught:
        check_program(tmp_path / "reel.webm")
    assert ".mkv" in (caught.value.hint or "")


def test_a_failure_is_one_error_with_the_last_lines_and_leaves_nothing(
    clip: Path, tmp_path: Path
) -> None:
    video = tmp_path / "v.mp4"
    video.write_bytes(clip.read_bytes())
    index = scan(video)
    video.write_bytes(b"nothing of the kind" * 1000)
    with pytest.raises(ProgramError, match="Invalid data found") as caught:
        write_reel(
            video,
            tmp_path / "reel.mp4",
            [(1, 2)],
            video_stream=0,
            audio_stream=0,
            index=index,
            demuxer="mov,mp4",
        )
    assert "exit code" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == [video]


def test_what_a_program_says_is_kept_short(tmp_path: Path) -> None:
    loud = wrapper(
        tmp_path, "yes 'nothing works here at all' | head -c 3000000 >&2; echo the end >&2; exit 1"
    )
    graph = ffmpeg.input("x").output(name_of(tmp_path / "o.mp4"))
    with pytest.raises(ProgramError, match="the end") as caught:
        run(graph, loud)
    assert len(str(caught.value)) < 500
    quiet = wrapper_that_succeeds(tmp_path)
    assert run(graph, quiet) == ("I went on all the same",)


def wrapper_that_succeeds(folder: Path) -> Path:
    (folder / "other").mkdir()
    return wrapper(folder / "other", "yes 'I went on all the same' | head -n 100000 >&2")


def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    full = wrapper(
        tmp_path, "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 228"
    )
    with pytest.raises(ProgramError) as caught:
        run(ffmpeg.input("x").output("y"), full)
    assert caught.value.hint == "the disk is full"


def endless(target: Path) -> object:
    """A graph that never ends."""
    return ffmpeg.input(FOREVER, format="lavfi").output(
        name_of(target), format="matroska", **{"c:v": "mpeg4"}
    )


def children() -> list[int]:
    """Processes that this one has started and that have not been waited for."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(number) for number in found.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_an_interrupt_kills_the_program_and_removes_what_it_has_written(tmp_path: Path) -> None:
    before = children()
    target = tmp_path / "v.mkv"
    threading.Timer(
        1.0, signal.pthread_kill, [threading.main_thread().ident, signal.SIGINT]
    ).start()
    with pytest.raises(KeyboardInterrupt), replaced(target) as part:
        run(endless(part), find_ffmpeg())
    assert children() == before
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import sys
from pathlib import Path
from tests.transcode.test_program import endless
from scsampler_cli.transcode.program import find_ffmpeg, run
print("begun", flush=True)
run(endless(Path(sys.argv[1])), find_ffmpeg())
"""


def grown(path: Path, at_least: int) -> bool:
    """Waits until a file is that large."""
    for _ in range(200):
        if path.exists() and path.stat().st_size > at_least:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(
    sys.platform != "linux", reason="the death of the parent is followed on Linux alone"
)
def test_the_program_dies_with_a_parent_that_is_killed_and_ctrl_c_is_not_for_it(
    tmp_path: Path,
) -> None:
    target = tmp_path / "v.mkv"
    parent = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(target)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert grown(target, 1 << 16)
        (child,) = map(
            int, Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        )
        os.kill(child, signal.SIGINT)
        assert grown(target, target.stat().st_size + (1 << 16))
    finally:
        parent.kill()
        parent.communicate()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text():
            break
        time.sleep(0.05)
    else:
        pytest.fail("the program goes on")


def test_a_link_planted_under_the_temporary_name_is_not_followed(
    clip: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "reel.part.mp4").symlink_to(precious)
    write_reel(clip, tmp_path / "reel.mp4", [(1, 2)], video_stream=0, audio_stream=None)
    assert precious.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "reel.mp4"]


def test_a_place_that_cannot_be_written_is_an_error_with_a_hint(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "away.mp4").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.mp4")
    for target in ("folder.mp4", "away.mp4", "pipe.mp4", "none/reel.mp4", f"{'x' * 252}.mp4"):
        with pytest.raises(OutputError) as caught:
            write_reel(clip, tmp_path / target, [(1, 2)], video_stream=0, audio_stream=None)
        assert caught.value.hint


def test_an_earlier_result_stays_until_the_new_one_is_complete(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "reel.mp4"
    target.write_bytes(b"earlier")
    with pytest.raises(ZeroDivisionError), replaced(target) as part:
        part.write_bytes(bytes(1 // 0))
    assert target.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [target]
    target.chmod(0o640)
    write_reel(clip, target, [(1, 2)], video_stream=0, audio_stream=None)
    assert scan(target).info.codec == "h264"
    assert target.stat().st_mode & 0o777 == 0o640


def test_the_packaged_program_never_asks_the_network() -> None:
    """Its package is asked for a file that it carries."""
    from imageio_ffmpeg import get_ffmpeg_exe

    assert Path(get_ffmpeg_exe()).parent.name == "binaries"
    assert program._packaged() == get_ffmpeg_exe()
