"""All checks, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from scsampler_cli.batch.cores import cores
from scsampler_cli.doctor import machine, packages, parts, weight_files
from scsampler_cli.doctor.check import Check
from scsampler_cli.doctor.child import Answer, Children

LIMIT_S = 120.0
"""Seconds for one probe; torch with CUDA from a slow disk takes half a minute to load."""
_AT_ONCE = 4
"""Probes that run at once at most: each holds a torch of its own."""
CLASSIFIER = "actions6"
"""That tags the test video: the best that is bundled."""


def examine(cache: Path | None, limit_s: float = LIMIT_S) -> Generator[Check, None, None]:
    """Check everything; each result is yielded when those before it are known.

    Args:
        cache: the folder of generated videos, features and scores; None without a home folder.
        limit_s: seconds after which a probe counts as hanging.
    """
    yield machine.python()
    yield machine.scsampler()
    children = Children(limit_s)
    with ThreadPoolExecutor(min(_AT_ONCE, cores())) as pool:
        try:
            tried = {
                package.name: pool.submit(children.ask, "package", package.module)
                for package in packages.wanted()
            }
            asked = {
                "devices": pool.submit(children.ask, "devices"),
                "vectors": pool.submit(children.ask, "vectors"),
                "sound": pool.submit(children.ask, "sound"),
                "classify": pool.submit(children.ask, "classify", CLASSIFIER),
                "public-weights": pool.submit(children.ask, "public-weights"),
                "ffmpeg-program": pool.submit(children.ask, "ffmpeg-program"),
            }
            yield from _with_probes(tried, asked)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            children.end()
            raise
    yield machine.cache(cache)
    yield machine.temporary()
    yield machine.memory()
    yield machine.open_files()


Answers = dict[str, Future[Answer]]


def _with_probes(tried: Answers, asked: Answers) -> Iterator[Check]:
    """The checks that need processes of their own.

    Args:
        tried: of each package, by its name.
        asked: of each other probe, by its name.
    """
    torch_works = tried["torch"].result().problem is None
    known = {}
    for package in packages.wanted():
        check = packages.examine(package, tried[package.name].result(), torch_works=torch_works)
        known[package.name] = check
        yield check
    yield parts.devices(asked["devices"].result())
    yield parts.vectors(asked["vectors"].result())
    yield parts.sound(asked["sound"].result(), known["torchaudio"])
    yield weight_files.bundled()
    yield parts.tagging(asked["classify"].result())
    yield parts.public_weights(asked["public-weights"].result())
    yield parts.ffmpeg_program(asked["ffmpeg-program"].result(), known["ffmpeg-python"])
