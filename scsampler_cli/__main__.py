"""`python -m scsampler_cli`, and the `scsampler` command."""

import sys


def main() -> None:
    """Run the command line; an interrupt is no traceback, however early it comes."""
    try:
        from scsampler_cli.cli.app import run

        code = run()
    except KeyboardInterrupt:
        code = 130  # `cli.batch.INTERRUPTED`, which may not be imported yet
    sys.exit(code)


if __name__ == "__main__":
    main()
