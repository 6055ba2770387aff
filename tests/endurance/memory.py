"""Megabytes of a command's parent process and workers over time.

python -m tests.endurance.memory OUT.csv EVERY_S scsampler classify ...
"""

import subprocess
import sys
import time
from pathlib import Path

from scsampler_cli.batch.memory import resident_bytes


def family(pid: int) -> list[int]:
    """Processes that it started."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def main() -> None:
    out, every, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    records = Path(command[command.index("-o") + 1])
    process = subprocess.Popen(command)
    began = time.monotonic()
    with out.open("w") as file:
        file.write("s,records,parent_mb,largest_worker_mb,open_files\n")
        while process.poll() is None:
            workers = family(process.pid)
            done = records.read_bytes().count(b"\n") if records.exists() else 0
            largest = max(map(resident_bytes, workers), default=0)
            files = sum(
                len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in [process.pid, *workers]
            )
            numbers = [resident_bytes(process.pid) / 1e6, largest / 1e6]
            file.write(
                f"{time.monotonic() - began:.0f},{done},{numbers[0]:.0f},{numbers[1]:.0f},{files}\n"
            )
            file.flush()
            time.sleep(every)
    print(f"exit code {process.returncode} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
