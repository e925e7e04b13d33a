"""A real `/opt/ml` and the host's contract name, for this process and all that it starts.

Both need namespaces, for mounts and for the host name: an administrator makes them at once, anybody
else inside a user namespace, where the kernel allows that. The machine itself stays as it is, and
everything is gone with the last process. Python 3.6, standard library alone.
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import sys
from typing import Any, Callable, List, Optional

TREE = "/opt/ml"
_PARENT = "/opt"
_HOSTS = "/etc/hosts"

_MADE = "made"

_NEW_MOUNTS, _NEW_NAMES, _NEW_USERS = 0x00020000, 0x04000000, 0x10000000
_NO_SETUID, _NO_DEVICES, _BIND, _RECURSIVE, _SLAVE = 2, 4, 4096, 16384, 1 << 19


def enter(root: pathlib.Path, host: str) -> Optional[str]:
    """Make *root* this process's `/opt/ml` and *host* its name; return why not, None if it is so.

    A child makes the namespaces, and we join it when all is well: what fails half-way cannot be
    taken back.
    """
    if _is(root):
        return None
    if TREE in _around(root):
        return "the job's own files are below {}".format(TREE)
    if not pathlib.Path(_PARENT).is_dir():
        return "this machine has no folder {}".format(_PARENT)
    told, telling = os.pipe()
    waiting, joined = os.pipe()
    child = os.fork()
    if not child:
        os.close(joined)
        os.write(telling, _attempt(_move, root, host).encode("utf-8", "replace"))
        os.close(telling)
        os.read(waiting, 1)  # until we have joined
        os._exit(0)
    os.close(telling)
    os.close(waiting)
    with open(told, "rb") as file:  # noqa: PTH123 - a descriptor
        said = file.read().decode("utf-8")
    if said == _MADE:
        said = _attempt(_join, child)
    os.close(joined)
    os.waitpid(child, 0)
    return None if said == _MADE else said or "the attempt was killed"


def _is(root: pathlib.Path) -> bool:
    with contextlib.suppress(OSError):
        return root.samefile(TREE)
    return False


def _around(root: pathlib.Path) -> List[str]:
    """Return every folder around what the job needs and the mount would hide."""
    python = pathlib.Path(sys.executable)
    needed = (root, python, python.resolve())
    return [str(folder) for path in needed for folder in path.parents]


def _attempt(step: Callable[..., None], *given: Any) -> str:
    """Take a step, and return `_MADE` or why it could not be taken."""
    try:
        step(*given)
    except Exception as error:  # noqa: BLE001 - the job runs without, and tells why
        return _reason(error)
    return _MADE


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    # What the kernel says of a limit on namespaces would be taken for a full disk.
    cause = "too many" if error.errno == errno.ENOSPC else error.strerror
    return "the kernel refuses {} ({})".format(error.filename, cause)


def _join(process: int) -> None:
    """Enter every namespace of a process that is not ours already, and stay in its root folder."""
    inside = os.open("/proc/{}/root".format(process), os.O_RDONLY)
    for kind in ("user", "mnt", "uts"):  # the first gives the right to the others
        path = pathlib.Path("/proc/{}/ns".format(process), kind)
        if not path.samefile("/proc/self/ns/" + kind):
            namespace = os.open(str(path), os.O_RDONLY)
            _check(_libc().setns(namespace, 0), "joining namespaces")
            os.close(namespace)
    # Entering the mounts leaves a `chroot` behind, which would show us the machine around it.
    os.fchdir(inside)
    os.chroot(".")
    os.close(inside)


def _move(root: pathlib.Path, host: str) -> None:
    """Enter namespaces of our own, and mount and name there."""
    _leave()
    # What is mounted outside later still comes in; nothing of ours goes out.
    _mount(None, "/", _RECURSIVE | _SLAVE)
    if not pathlib.Path(TREE).is_dir():
        _make_room()
    _mount(str(root), TREE, _BIND | _RECURSIVE)
    with contextlib.suppress(OSError):  # a machine without a file of hosts
        _rename(root, host)


def _leave() -> None:
    """Enter the namespaces, as an administrator or else with a user namespace."""
    user, group = os.geteuid(), os.getegid()
    try:
        _unshare(_NEW_MOUNTS | _NEW_NAMES)
    except PermissionError:
        _unshare(_NEW_MOUNTS | _NEW_NAMES | _NEW_USERS)
        # Everybody stays who they are, so that files belong to whom they should.
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", "{0} {0} 1".format(user))
        _write("/proc/self/gid_map", "{0} {0} 1".format(group))


def _make_room() -> None:
    """Put an empty folder of our own over `/opt`, with what was there and `ml` in it."""
    before = os.open(_PARENT, os.O_PATH | os.O_DIRECTORY)
    names = [path.name for path in pathlib.Path(_PARENT).iterdir() if str(path) != TREE]
    _mount("tmpfs", _PARENT, _NO_SETUID | _NO_DEVICES, kind="tmpfs", options="mode=0755")
    for name in names:
        source = pathlib.Path("/proc/self/fd/{}".format(before), name)
        _bring_back(source, pathlib.Path(_PARENT, name))
    os.close(before)
    pathlib.Path(TREE).mkdir()


def _bring_back(source: pathlib.Path, target: pathlib.Path) -> None:
    if source.is_symlink():
        target.symlink_to(os.readlink(str(source)))  # noqa: PTH115 - Path.readlink came with 3.9
        return
    if source.is_dir():
        target.mkdir()
    else:
        target.touch()
    _mount(str(source), str(target), _BIND | _RECURSIVE)


def _rename(root: pathlib.Path, host: str) -> None:
    """Take the host's name; first let it be found, beside the names that the machine knows."""
    hosts = root / ".hosts"
    hosts.write_bytes(
        pathlib.Path(_HOSTS).read_bytes().rstrip(b"\n") + "\n127.0.0.1 {}\n".format(host).encode()
    )
    hosts.chmod(0o644)  # users that an administrator's script turns into read it, too
    _mount(str(hosts), _HOSTS, _BIND)
    hosts.unlink()  # what is mounted stays; a script finds nothing of ours in its tree
    name = host.encode("utf-8")
    _check(_libc().sethostname(name, len(name)), "naming the host")


def _write(path: str, text: str) -> None:
    pathlib.Path(path).write_text(text)


def _unshare(flags: int) -> None:
    kind = "user namespaces" if flags & _NEW_USERS else "namespaces"
    _check(_libc().unshare(flags), kind)


def _mount(
    source: Optional[str], target: str, flags: int, kind: str = "", options: str = ""
) -> None:
    words = [
        word.encode("utf-8", "surrogateescape") if word else None
        for word in (source, target, kind, options)
    ]
    result = _libc().mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3])
    _check(result, "mounting {}".format(target))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
