"""Limits of the child process: memory, time, files, network (Linux).

Three mechanisms of the kernel that need no privilege and work in containers: resource limits
(setrlimit(2)), Landlock for files (kernel 5.13), a seccomp filter for sockets. A process that is
started later inherits all of them. Without one of the last two the child still runs, and
``webcitoyen doctor`` says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

# prctl(2)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 38, 22
_SECCOMP_MODE_FILTER = 2

# landlock(7); the numbers of its calls are the same on every architecture.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION_FLAG, _LANDLOCK_PATH_BENEATH = 1, 1
# Rights on files that each version knows, as the number of bits: execute, write, read, list, …
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_FILE_RIGHTS = 16
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_TCP_RIGHTS = 0b11  # bind and connect, version 4
_SCOPES = 0b11  # abstract sockets and signals out of the sandbox, version 6

# Programs, libraries and fonts; /proc leads to the process's own files in memory.
_READABLE = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_READABLE_DEVICES = ("/proc", "/dev/urandom", "/sys/devices/system/cpu")

# seccomp(2): numbers of the calls that are refused. Network, other processes, namespaces, and
# io_uring, which can open sockets without the call.
_REFUSED_CALLS = {
    "x86_64": (
        *(41, 42, 49, 425),  # socket, connect, bind, io_uring_setup
        *(101, 310, 311, 438),  # ptrace, process_vm_readv, process_vm_writev, pidfd_getfd
        *(165, 272, 308, 321),  # mount, unshare, setns, bpf
        *(248, 249, 250, 298, 323),  # add_key, request_key, keyctl, perf_event_open, userfaultfd
    ),
    "aarch64": (
        *(198, 203, 200, 425),
        *(117, 270, 271, 438),
        *(40, 97, 268, 280),
        *(217, 218, 219, 241, 282),
    ),
}
_AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000  # the same calls by the numbers of another ABI
# Instructions of the filter (linux/bpf_common.h) and its answers.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EACCES

_OPEN_FILES = 64
_LAST_SECONDS = 5


def end_with_parent() -> None:
    """Have this process end with the one that started it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def restrict(*, memory: int, cpu: int, file_bytes: int) -> None:
    """Restrict this process and those that it starts, for good.

    :param memory: bytes of address space; ``cpu``: seconds of processor; ``file_bytes``: longest
        file in memory.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    end_with_parent()
    # It leaves no core on the disk, and no program of the same user reads its memory.
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for limit, most, reserve in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES, 0),
        (resource.RLIMIT_FSIZE, file_bytes, 0),
        # The signal of the first limit says why; the kernel kills at the second.
        (resource.RLIMIT_CPU, cpu, _LAST_SECONDS),
        (resource.RLIMIT_AS, memory, 0),
    ):
        _, hard = resource.getrlimit(limit)
        is_free = hard == resource.RLIM_INFINITY
        resource.setrlimit(
            limit,
            (most, most + reserve) if is_free else (min(most, hard), min(most + reserve, hard)),
        )
    os.nice(10)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _restrict_files(libc)
    _restrict_calls(libc)


def _restrict_files(libc: ctypes.CDLL) -> None:
    """Refuse every file but programs and libraries, which can be read only."""
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG)
    if version < 1:
        return
    handled = (1 << _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)) - 1
    attributes = struct.pack(
        "=QQQ", handled, _TCP_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0
    )[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return
    for path in (*_READABLE, *_READABLE_DEVICES, sys.prefix, sys.base_prefix, *_code_paths()):
        folder_or_file = Path(path)
        rights = _READ if folder_or_file.is_dir() else _EXECUTE | _READ_FILE
        _allow(libc, rules, folder_or_file, rights)
    _allow(libc, rules, Path(os.devnull), _READ_FILE | _WRITE_FILE)
    libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _code_paths() -> list[str]:
    """The folders that this process imports from."""
    register = str(Path(__file__).resolve().parents[2])
    return [register, *(path for path in sys.path if Path(path).name in _PACKAGE_FOLDERS)]


_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    libc.syscall(
        _LANDLOCK_ADD, rules, _LANDLOCK_PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0
    )
    os.close(descriptor)


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def _restrict_calls(libc: ctypes.CDLL) -> None:
    """Refuse sockets, and calls that reach other processes."""
    machine = platform.machine()
    if machine not in _REFUSED_CALLS:
        return
    numbers = _REFUSED_CALLS[machine]
    instructions = [
        (_LOAD, 0, 0, 4),  # the architecture of the call
        (_IF_EQUAL, 1, 0, _AUDIT_ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # its number
        (_IF_AT_LEAST, len(numbers) + 1, 0, _X32_CALLS),
        *((_IF_EQUAL, len(numbers) - i, 0, number) for i, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    memory = ctypes.create_string_buffer(code, len(code))
    program = _FilterProgram(len(instructions), ctypes.addressof(memory))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def protections(secret_path: Path) -> dict[str, bool]:
    """What this restricted process is really kept from, by trying.

    :param secret_path: a file that it must not read.
    """
    return {"network": _is_refused(_open_socket), "files": _is_refused(secret_path.read_bytes)}


def _open_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _is_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
