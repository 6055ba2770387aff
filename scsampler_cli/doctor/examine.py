"""All checks of `scsampler doctor`, in the order in which they are shown."""

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
_MAX_PROBES = 4
"""Probes that run at the same time at most: each loads a torch of its own."""
CLASSIFIER = "actions6"
"""The classifier that tags the test video: the best of the bundled ones."""


def examine(cache: Path | None, limit_s: float = LIMIT_S) -> Generator[Check, None, None]:
    """Check everything; yield each result as soon as all results before it are known.

    Args:
        cache: folder of generated videos, features and scores; None without a home folder.
        limit_s: seconds after which a probe is killed.
    """
    yield machine.python()
    yield machine.scsampler()
    children = Children(limit_s)
    with ThreadPoolExecutor(min(_MAX_PROBES, cores())) as pool:
        try:
            # all probes start now, while their results are shown one after the other
            package_answers = {
                package.name: pool.submit(children.ask, "package", package.module)
                for package in packages.wanted()
            }
            answers = {
                "devices": pool.submit(children.ask, "devices"),
                "vectors": pool.submit(children.ask, "vectors"),
                "sound": pool.submit(children.ask, "sound"),
                "classify": pool.submit(children.ask, "classify", CLASSIFIER),
                "public-weights": pool.submit(children.ask, "public-weights"),
                "ffmpeg-program": pool.submit(children.ask, "ffmpeg-program"),
            }
            yield from _probe_checks(package_answers, answers)
        except BaseException:
            # Ctrl-C, or the reader of the output has gone: leave no process behind
            pool.shutdown(wait=False, cancel_futures=True)
            children.end()
            raise
    # these take no time, and need no process
    yield machine.cache(cache)
    yield machine.temporary()
    yield machine.memory()
    yield machine.open_files()


Answers = dict[str, Future[Answer]]


def _probe_checks(package_answers: Answers, answers: Answers) -> Iterator[Check]:
    """The checks that need processes of their own.

    Args:
        package_answers: answers of the probe "package", by the name of the package.
        answers: answers of the other probes, by the name of the probe.
    """
    torch_works = package_answers["torch"].result().problem is None
    checks = {}
    for package in packages.wanted():
        answer = package_answers[package.name].result()
        # waits for the probe, while the others run
        check = packages.examine(package, answer, torch_works=torch_works)
        checks[package.name] = check
        yield check
    yield parts.devices(answers["devices"].result())
    yield parts.vectors(answers["vectors"].result())
    yield parts.sound(answers["sound"].result(), checks["torchaudio"])
    yield weight_files.bundled()
    yield parts.tagging(answers["classify"].result())
    yield parts.public_weights(answers["public-weights"].result())
    yield parts.ffmpeg_program(answers["ffmpeg-program"].result(), checks["ffmpeg-python"])
