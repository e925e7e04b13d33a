"""A git repository, and a server as there are many: HTTPS, a password, and git behind it."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import os
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GIT = str(shutil.which("git"))


class GitServer(ThreadingHTTPServer):
    """Serves the repositories below a folder to whoever has the password.

    Attributes:
        authorizations: What each request had in its header of that name.
        commands: The command lines of all processes, as they were at the requests with a password.
        moved_to: Where it sends everybody, if anywhere.
        is_dumb: Whether it hands out files alone, as any web server can.
    """

    daemon_threads = True

    def __init__(self, folder: Path, certificate: Path, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.folder = folder
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        self.wanted = "Basic " + base64.b64encode(password.encode()).decode()
        self.authorizations: list[str | None] = []
        self.commands: list[str] = []
        self.moved_to = ""
        self.is_dumb = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        given = self.headers["Authorization"]
        self.server.authorizations.append(given)
        if self.server.moved_to:
            self._answer(302, [("Location", self.server.moved_to + self.path)])
        elif given != self.server.wanted:
            self._answer(401, [("WWW-Authenticate", 'Basic realm="repositories"')])
        else:
            self.server.commands += _command_lines()
            (self._file if self.server.is_dumb else self._git)(body)

    do_POST = do_GET  # noqa: N815 - the base class asks for this name

    def _answer(
        self, status: int, fields: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self, _body: bytes) -> None:
        path = self.server.folder / urlsplit(self.path).path.lstrip("/")
        if path.is_file():
            self._answer(200, body=path.read_bytes())
        else:
            self._answer(404)

    def _git(self, body: bytes) -> None:
        url = urlsplit(self.path)
        done = subprocess.run(
            [GIT, "http-backend"],
            input=body,
            env={
                **os.environ,
                "GIT_PROJECT_ROOT": str(self.server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers["Content-Type"] or "",
                "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
            },
            capture_output=True,
            check=True,
        )
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(fields.pop("Status", "200").split()[0])
        self._answer(status, fields.items(), rest)

    def log_message(self, *_args: object) -> None:
        """Write nothing."""


@contextmanager
def serving(folder: Path, certificate: Path, password: str) -> Iterator[GitServer]:
    """Serve the repositories below a folder while the block runs."""
    server = GitServer(folder, certificate, password)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate(path: Path) -> Path:
    """Write a key and a certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    today = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _command_lines() -> list[str]:
    """Return the command lines of all processes on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return found


def git(folder: Path, *arguments: str) -> str:
    """Run git as someone with a name and no settings, and return what it says."""
    settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(
        [GIT, "-C", str(folder), *settings, *arguments],
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    """Make the bare repository `src.git`: two commits of what is in `work`, a branch and a tag."""
    work = folder / "work"
    files = {"src/train.py": "1", "src/lib/env.py": "1", "one.py": "1", "common/x.txt": "1"}
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    (work / "outside").symlink_to("/etc")
    git(folder, "init", "--quiet", "--initial-branch=main", "work")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message=first")
    git(work, "tag", "v1")
    git(work, "branch", "old/branch")
    (work / "src/train.py").write_text("2")
    git(work, "commit", "--quiet", "--all", "--message=second")
    git(folder, "clone", "--quiet", "--bare", "work", "src.git")
    git(folder / "src.git", "update-server-info")
    return folder / "src.git"
