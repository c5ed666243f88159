"""Serves the page until it is interrupted."""

from __future__ import annotations

import ipaddress
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from src.errors import EnvironmentFault
from src.serve.options import ServeOptions
from src.serve.tasks import Tasks
from src.video.progress import note

SECONDS_TO_FINISH = 2  # for answers under way when the server ends


def serve_page(options: ServeOptions, main: Callable[[list[str]], None]) -> None:
    """Serve the page, which runs `main` with arguments of infer.py; ends by the signal that ends it.

    `main` can be imported by another process. Raises EnvironmentFault without the libraries, or where the address
    cannot be listened on. All files of the page lie in one temporary folder, which is gone afterwards.
    """
    try:
        import uvicorn

        from src.serve.app import make_app
    except ImportError as error:
        raise EnvironmentFault(
            f"--serve needs starlette and uvicorn, of which {error.name} is missing: "
            "pip install -r requirements-serve.txt"
        ) from error
    with _listening(options) as listener, tempfile.TemporaryDirectory(prefix="mindframes-") as folder:
        tasks = Tasks(main, options, Path(folder))
        try:
            names = {options.host, "127.0.0.1", "localhost", "[::1]"} if options.is_local else None
            app = make_app(tasks, list(options.networks()), names)
            settings = uvicorn.Config(
                app,
                lifespan="off",
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
            _announce(options, listener.getsockname()[1])
            uvicorn.Server(settings).run(sockets=[listener])
        finally:
            tasks.close()


def _listening(options):
    kind = socket.AF_INET6 if _is_ip6(options.host) else socket.AF_INET
    listener = socket.socket(kind, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen()  # whoever reads the address may come at once
    except OSError as error:
        listener.close()
        raise EnvironmentFault(
            f"--host {options.host} --port {options.port}: cannot be listened on: {error.strerror}"
        ) from error
    return listener


def _is_ip6(host):
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _announce(options, port):
    host = f"[{options.host}]" if _is_ip6(options.host) else options.host
    print(f"http://{host}:{port} is the page; Ctrl-C ends it", flush=True)
    if not options.is_local:
        note(f"anyone who reaches {host}:{port} can use the page and this machine's time; there is no password")
