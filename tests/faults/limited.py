"""Run a module with a limit on the size of files: a disk that is full, for this process alone.

Called with the number of bytes, the module and its arguments.
"""

import resource
import runpy
import sys


def main() -> None:
    """A write that goes beyond the limit fails, as on a full disk; Python ignores the signal that comes with it."""
    most, module, *arguments = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
