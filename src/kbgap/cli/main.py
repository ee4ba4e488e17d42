"""The command line's entry: read the arguments, run one command, turn errors into one line and an exit code.

Exit codes: 0 nothing missing; 1 something missing (``audit``, ``missing --fail``); 2 usage, or some input was bad;
3 something that kbgap needs is missing or failed; 4 nothing missing, but something unknown or outside the catalogue.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from kbgap.cli.arguments import parser
from kbgap.core.errors import Denied, Invalid, KbgapError, NotFound, Unavailable

BAD_INPUT = 2
FAILED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer that scripts read."""
    options = parser().parse_args(arguments)
    try:
        command = import_module(f"kbgap.cli.{options.module}")  # each command imports only what it needs
        return int(getattr(command, options.function)(options))
    except KbgapError as error:
        print(f"kbgap: {error}", file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: nothing more to say
        return 0
    except KeyboardInterrupt:
        print("kbgap: interrupted", file=sys.stderr)
        return FAILED


def exit_code(error: KbgapError) -> int:
    """Bad input and names that do not exist are the caller's to mend; the rest is not."""
    match error:
        case Invalid() | NotFound():
            return BAD_INPUT
        case Denied() | Unavailable():
            return FAILED
        case _:
            return FAILED


if __name__ == "__main__":
    sys.exit(main())
