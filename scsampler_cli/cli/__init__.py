"""The command line: options, settings, one library call, output. Only this room imports Typer."""
