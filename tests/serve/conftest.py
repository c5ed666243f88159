"""A server in a process of its own, and words with it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.runs import ROOT
from tests.video.clips import flat_frames, gray_levels, write_clip

PATIENCE = 120  # seconds; for machines that are busy


class Server:
    """python -m tests.serve.slow_average --serve on a free port; `folder` is where its temporary files lie."""

    def __init__(self, folder, *flags, seconds=0.1):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serve.slow_average", "--serve", "--port", "0", *flags],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder), "SECONDS_OF_A_PREDICTION": str(seconds)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.url = self.process.stdout.readline().split()[0]
        self.address = self.url.rpartition("/")[2]

    def ask(self, method, path, body=None, **headers):
        """Return (status, body) of an answer; what is JSON is read."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(content) if is_json else content

    def add(self, name="clip.mp4", suffix="", **choices):
        words = {"name": name, "suffix": suffix, "choices": {"model": "ifrnet_s", **choices}}
        return self.ask("POST", "/tasks", json.dumps(words))

    def hand_in(self, video, name="clip.mp4", **choices):
        """Hand in a file and return the task's address."""
        status, told = self.add(name, **choices)
        assert status == 201, told
        status, after = self.ask("PUT", f"/tasks/{told['id']}/video", video.read_bytes())
        assert status == 202, after
        return f"/tasks/{told['id']}"

    def wait(self, task, *states):
        """Wait until a task is in one of the states and return what is told of it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self.ask("GET", task)[1]
            if told["state"] in states:
                return told
            assert time.monotonic() < deadline and told["state"] not in ("done", "failed", "cancelled"), told
            time.sleep(0.05)

    def end(self, number=signal.SIGINT):
        """Send a signal to the server and all that it started, as a terminal does; return (exit code, stderr)."""
        if self.process.returncode is not None:
            return self.process.returncode, ""
        os.killpg(self.process.pid, number)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    code, said = running.end()
    assert code == 130 and list(running.folder.iterdir()) == [], said


@pytest.fixture
def start(tmp_path):
    """Start further servers, which end with the test."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    started = []

    def start_server(*flags, **settings):
        started.append(Server(tmp_path / "files", *flags, **settings))
        return started[-1]

    yield start_server
    for each in started:
        each.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    return write_clip(path, flat_frames(gray_levels(8)), sounds=[440])
