"""The command line: options -> settings -> one library call -> output. The only package that imports typer."""
