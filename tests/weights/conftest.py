"""A server of files on this machine, and a cache of its own for what is fetched from it."""

import http.server
import threading

import pytest

from src.weights import download


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`; what else a path does, its first part says."""

    def do_GET(self):
        self.server.asked.append(self.path)
        kind, name = self.path.strip("/").split("/", 1)
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", self.server.target)
            self.end_headers()
            return
        tries = sum(path == self.path for path in self.server.asked)
        if kind == "missing" or kind == "failing" or (kind == "busy" and tries < 3):
            self.send_error(404 if kind == "missing" else 503)
            return
        content = self.server.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        partial = kind == "cut" or (kind == "unsteady" and tries < 2)
        self.wfile.write(content[: len(content) // 2] if partial else content)

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("MINDFRAMES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.files, served.asked, served.target = {}, [], ""
        served.root = f"http://127.0.0.1:{served.server_port}"
        thread = threading.Thread(target=served.serve_forever, args=(0.02,))
        thread.start()
        yield served
        served.shutdown()
        thread.join()
