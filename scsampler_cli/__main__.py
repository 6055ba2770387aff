"""`python -m scsampler_cli`, and the `scsampler` command."""

import sys


def main() -> None:
    """Run the command line; an interrupt is no traceback, however early it comes."""
    try:
        code = _run()
    except KeyboardInterrupt:
        code = 130  # `cli.command_guard.INTERRUPTED`, which may not be imported yet
    sys.exit(code)


def _run() -> int:
    try:
        from scsampler_cli.cli.app import run
    except Exception as error:  # a package that the command line needs is missing or broken
        from scsampler_cli.cli.diagnosis import without_commands

        return without_commands(error, sys.argv[1:])
    return run()


if __name__ == "__main__":
    main()
