"""As whose PostgreSQL and RabbitMQ run: both refuse root, so root starts them as the users that their packages made."""

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from summit_inference.errors import ConfigurationError

_OTHERS_ENTER = 0o001
_OURS_TO_ENTER = 0o711


def let_enter(folders: Iterable[Path]) -> None:
    """Let those users pass through folders of ours, which show them nothing."""
    if user_of("postgres"):
        for folder in folders:
            folder.chmod(_OURS_TO_ENTER)


def user_of(package_user: str) -> str:
    """Whose process it shall be; empty: the caller's own."""
    return "" if os.geteuid() else package_user


def make_folder(folder: Path, user: str) -> None:
    """The folder, for its user's eyes only.

    Raises:
        ConfigurationError: the user is another one, who cannot enter it; the sentence says what to do.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user:
        closed = [each for each in folder.parents if not each.stat().st_mode & _OTHERS_ENTER]
        if closed:
            raise ConfigurationError(
                f"{user} does not run as root, and its own user cannot enter {closed[-1]}; "
                "let others enter, or keep the state elsewhere: export SUMMIT_HOME=/var/lib/summit"
            )
        give(folder, user)


def give(path: Path, user: str) -> None:
    """Make the user the owner of the file or folder, with all that is in it; nobody is named: it stays as it is."""
    if user:
        owner = pwd.getpwnam(user)
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.pw_uid, owner.pw_gid)
