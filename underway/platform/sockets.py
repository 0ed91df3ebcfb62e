"""The ports of a platform: those that are wanted, or free ones where they are taken."""

import dataclasses
import errno
import socket

from underway.platform.settings import Ports

HOST = "127.0.0.1"


@dataclasses.dataclass(frozen=True)
class Sockets:
    """Listening sockets, one for each port that the service itself answers on."""

    api: socket.socket
    registry: socket.socket
    http: socket.socket
    https: socket.socket
    rendezvous: socket.socket

    def ports(self, wanted: Ports) -> Ports:
        """The ports as they really are; the Postgres server takes its own."""
        taken = {name: sock.getsockname()[1] for name, sock in vars(self).items()}
        return dataclasses.replace(wanted, **taken)


def claim(wanted: Ports) -> Sockets:
    """Take the ports: from now on, nobody else can."""
    names = [field.name for field in dataclasses.fields(Sockets)]
    return Sockets(**{name: _listen(getattr(wanted, name)) for name in names})


def _listen(port: int) -> socket.socket:
    try:
        return _bound(port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return _bound(0)


def _bound(port: int) -> socket.socket:
    # Named, for asyncio sends without delay only where it sees that the protocol is TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        # Two sockets can be bound to one port until one listens.
        sock.listen(1024)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
