"""A batch whose parent or worker is killed 50 times, and which is resumed each time, loses nothing.

python -m tests.endurance.kills FOLDER OUT [SEED]
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.endurance.memory import family

KILLS = 50
COMMAND = [
    "scsampler",
    "classify",
    "--classifier",
    "demo",
    "--device",
    "cpu",
    "--jobs",
    "2",
    "--quiet",
]


def records(path: Path) -> list[dict]:
    """Whole lines, without what differs from run to run."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith(b"\n")]
    for record in found:
        record.pop("timings_s", None)
    return found


def wait(process: subprocess.Popen[bytes], out: Path, chance: random.Random) -> None:
    """Wait for the moment of the kill.

    One time in five it is while the program starts, else after a few more files.
    """
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0.1, 6))
        return
    wanted = len(records(out)) + chance.randint(1, 7)
    while process.poll() is None and len(records(out)) < wanted:
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.7))


def main() -> None:
    folder, out = sys.argv[1:3]
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    whole, killed = Path(out) / "whole.jsonl", Path(out) / "killed.jsonl"
    if not whole.exists():
        subprocess.run([*COMMAND, folder, "-o", str(whole)], check=False)
    parents = workers = 0
    while parents + workers < KILLS:
        process = subprocess.Popen(
            [*COMMAND, folder, "-o", str(killed), "--resume"], stderr=subprocess.DEVNULL
        )
        wait(process, killed, chance)
        if chance.random() < 0.4 and (theirs := family(process.pid)):
            os.kill(chance.choice(theirs), signal.SIGKILL)
            workers += 1
            time.sleep(chance.uniform(0.1, 3))
        if process.poll() is not None:
            print(f"done early, after {parents + workers} kills: starting again")
            killed.unlink()
            continue
        process.kill()
        parents += 1
        process.wait()
        time.sleep(0.3)
        print(
            f"{parents} parents and {workers} workers killed, {len(records(killed))} records",
            flush=True,
        )
    last = subprocess.run(
        [*COMMAND, folder, "-o", str(killed), "--resume"], check=False, capture_output=True
    )
    same = records(killed) == records(whole)
    print(
        f"exit code {last.returncode}; {len(records(killed))} records, "
        f"equal to the uninterrupted run, in order: {same}"
    )
    leftovers = [
        path.name
        for path in Path(out).iterdir()
        if path.name.startswith("killed") and path != killed
    ]
    print(f"files left beside it: {leftovers}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
