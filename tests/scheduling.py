"""Which process of pytest-xdist runs what: a folder's tests stay together, so that what they share starts once.

The marks of `--dist=loadgroup` would do, but pytest 9.2 has no more use for what pytest-xdist 3.8 makes of them.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Folders, in the order of their names, each to the process that is free first; the quick unit tests fill the end.

    `config.option.loadscopereorder` must be off: it puts the folders with the most tests first, not the slowest.
    """

    def _split_scope(self, nodeid: str) -> str:
        return str(PurePosixPath(nodeid.partition("::")[0]).parent)
