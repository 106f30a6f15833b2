"""The command line: parse, one driver call, print. Results go to stdout, talk to stderr."""

from edgec.cli.app import main

__all__ = ["main"]
