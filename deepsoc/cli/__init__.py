"""The command line: `deepsoc COMMAND`, see docs/cli.md."""
