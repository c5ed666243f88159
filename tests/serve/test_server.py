"""The server as a program: what it does with videos, whom it refuses, and how it ends."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from tests.runs import ROOT
from tests.serve.conftest import PATIENCE
from tests.video.clips import decoded, gray_levels, levels_of


def left(server):
    """Return the names of all that the server has on the disk below its folder."""
    return sorted(path.name for folder in server.folder.iterdir() for path in folder.rglob("*"))


def result_of(server, task, tmp_path):
    status, content = server.ask("GET", f"{task}/result")
    assert status == 200
    (tmp_path / "result.mp4").write_bytes(content)
    return tmp_path / "result.mp4"


@pytest.mark.parametrize(
    ("choices", "name", "levels"),
    [
        ({"multi": "3"}, "clip-x3.mp4", np.interp(np.arange(22) / 3, range(8), gray_levels(8))),
        ({"slow": "2"}, "clip-slow2.mp4", np.interp(np.arange(15) / 2, range(8), gray_levels(8))),
        ({"fps": "50"}, "clip-50fps.mp4", np.interp(np.arange(16) / 2, range(8), gray_levels(8))),
    ],
)
def test_a_result_is_what_the_command_makes(server, video, tmp_path, choices, name, levels):
    task = server.hand_in(video, **choices)
    told = server.wait(task, "done")
    assert told["result_name"] == name and told["error"] is None and told["done"] == told["total"] == len(levels)
    np.testing.assert_allclose(levels_of(result_of(server, task, tmp_path)), levels, atol=2.5)
    report = server.ask("GET", f"{task}/report")[1]
    assert report["frames"]["found"] == len(levels) and report["broken"] == []
    assert (report["options"]["input"], report["options"]["output_path"]) == ("clip.mp4", name)
    assert str(server.folder) not in json.dumps(report)
    assert server.ask("DELETE", task)[0] == 204 and server.ask("GET", task)[0] == 404 and left(server) == []


def test_progress_tells_frames_rate_and_time_left(server, video):
    task = server.hand_in(video, multi="8")
    seen = []
    while not seen or seen[-1]["state"] != "done":
        seen.append(server.ask("GET", task)[1])
        time.sleep(0.02)
    working = [told for told in seen if told["state"] == "working"]
    assert {told["total"] for told in working} == {57}
    assert [told["done"] for told in working] == sorted(told["done"] for told in working)
    assert any(0 < told["done"] < 57 and told["rate"] and told["left"] for told in working)
    server.ask("DELETE", task)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"this is no video\n", "is not a video that can be read, or is damaged"),
        (b"", "needs a video; got an empty file"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line_that_names_no_path(server, tmp_path, content, line):
    (tmp_path / "text").write_bytes(content)
    told = server.wait(server.hand_in(tmp_path / "text", name="holiday.mp4"), "failed")
    assert told["error"] == {"code": 3, "message": f"holiday.mp4: {line}"}
    assert left(server) == []


@pytest.mark.parametrize(
    ("choices", "line"),
    [
        ({"multi": "1"}, "multi is at least 2; got 1"),
        ({"fps": "fast"}, "fps is a number or a fraction such as 60000/1001; got 'fast'"),
        ({"fps": "1e9999"}, "fps is a number or a fraction such as 60000/1001; got '1e9999'"),
        ({"ckpt_path": "/etc/passwd"}, "got ckpt_path"),
        ({"model": "../../x"}, "model is one of ifrnet_s; got '../../x'"),
        ({"model": "tdan_x4"}, "model is one of ifrnet_s; got 'tdan_x4'"),
    ],
)
def test_choices_are_refused_with_the_line_of_the_command(server, choices, line):
    status, told = server.add(**choices)
    assert status == 422 and told["code"] == 2 and line in told["message"] and left(server) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"name": 1, "suffix": "", "choices": {}}', b"\xff"])
def test_a_broken_request_is_a_line_too(server, body):
    status, told = server.ask("POST", "/tasks", body)
    assert status == 422 and told["code"] == 2


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../etc/cron.d/x.mp4", "x.mp4"),
        ("C:\\videos\\a.mp4", "a.mp4"),
        ("$(touch x); `y` & z.mp4", "$(touch x); `y` & z.mp4"),
        ("<img src=x onerror=alert(1)>.mp4", "img src=x onerror=alert(1).mp4"),
        ("a\r\nSet-Cookie: b.mp4", "aSet-Cookie b.mp4"),
        ("..", "video"),
        ("片" * 300 + ".mp4", "片" * 96 + ".mp4"),
    ],
)
def test_a_name_is_shown_and_never_a_path(server, name, shown):
    status, told = server.add(name)
    assert status == 201 and told["name"] == shown and told["result_name"] == shown.removesuffix(".mp4") + "-x2.mp4"
    assert [re.fullmatch("[0-9a-f]{16}", each) is not None for each in left(server)] == [True]
    server.ask("DELETE", f"/tasks/{told['id']}")


def test_one_video_is_worked_on_at_a_time_and_those_that_wait_can_be_cancelled(server, video):
    first, second, third = (server.hand_in(video, multi="8") for _ in range(3))
    assert server.wait(first, "starting", "working")["ahead"] == 0
    waiting = server.ask("GET", third)[1]
    assert (waiting["state"], waiting["ahead"]) == ("waiting", 2)
    assert server.ask("POST", f"{second}/cancel")[1]["state"] == "cancelled"
    assert server.ask("GET", third)[1]["ahead"] == 1
    server.wait(first, "working")
    server.ask("POST", f"{first}/cancel")
    assert server.wait(first, "cancelled")["error"] is None
    server.wait(third, "done")
    assert server.ask("GET", f"{first}/result")[0] == 404
    for task in (first, second, third):
        server.ask("DELETE", task)
    assert left(server) == []


def test_a_video_that_stops_coming_leaves_nothing(server):
    told = server.add()[1]
    with socket.create_connection(server.address.split(":")) as connection:
        head = f"PUT /tasks/{told['id']}/video HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 100)
        while left(server)[1:] != ["source"]:
            time.sleep(0.02)
    while server.ask("GET", f"/tasks/{told['id']}")[0] != 404:
        time.sleep(0.02)
    assert left(server) == []


def test_a_video_larger_than_the_disk_is_refused_before_it_comes(server):
    told = server.add()[1]
    with socket.create_connection(server.address.split(":")) as connection:
        head = f"PUT /tasks/{told['id']}/video HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: {1 << 60}\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        while b'"code"' not in answer and (more := connection.recv(1 << 16)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 507") and b'"code":6' in answer
    assert left(server) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_other_sites_are_refused(server, headers):
    for method, path in (("GET", "/"), ("GET", "/choices"), ("POST", "/tasks")):
        assert server.ask(method, path, **headers)[0] == 403
    assert server.ask("GET", "/", Origin=server.url)[0] == 200


@pytest.mark.parametrize("path", ["/../infer.py", "/%2e%2e/infer.py", "/tasks/..", "/tasks/x/result", "/page.py"])
def test_only_its_own_files_are_given_out(server, path):
    assert server.ask("GET", path)[0] == 404


def test_every_answer_keeps_the_browser_to_this_server(server):
    connection = http.client.HTTPConnection(server.address)
    for path in ("/", "/page.js", "/choices", "/nothing"):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()


def test_networks_that_enlarge_are_offered_when_their_weights_are_given(start, video, tmp_path):
    (tmp_path / "tdan.ckpt").touch()
    server = start("--weights", f"tdan_x4={tmp_path}/tdan.ckpt")
    offered = {each["name"]: each["enlarges"] for each in server.ask("GET", "/choices")[1]["networks"]}
    assert offered == {"ifrnet_s": False, "tdan_x4": True}
    task = server.hand_in(video, model="tdan_x4")
    assert server.wait(task, "done")["result_name"] == "clip-x4.mp4"
    frames = [planes for planes, _ in decoded(result_of(server, task, tmp_path))]
    assert [frame.shape for frame in frames] == [(128, 192)] * 8
    pictures = [server.ask("GET", f"{task}/stills/0/{side}")[1] for side in ("before", "after")]
    sizes = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).shape[:2] for each in pictures]
    assert sizes == [(32, 48), (128, 192)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_of_a_run_leaves_neither_process_nor_file(start, video, number, code):
    server = start(seconds=30)
    server.wait(server.hand_in(video), "working")
    returned, said = server.end(number)
    assert returned == code and "Traceback" not in said, said
    assert list(server.folder.iterdir()) == []
    deadline = time.monotonic() + PATIENCE
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:  # the last to go is a helper of multiprocessing
            os.killpg(server.process.pid, 0)
            time.sleep(0.02)


def test_another_host_is_listened_on_with_a_note(start):
    server = start("--host", "0.0.0.0")
    port = server.address.rpartition(":")[2]
    server.address = f"127.0.0.1:{port}"
    assert server.ask("GET", "/choices", Host="some.name")[0] == 200
    code, said = server.end()
    assert code == 130 and f"note: anyone who reaches 0.0.0.0:{port} can use the page" in said


@pytest.fixture
def libraries():
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")


def command(*flags, **environment):
    return subprocess.run(
        [sys.executable, "infer.py", "--serve", *flags],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_a_port_that_is_taken_is_one_line_and_code_5(libraries):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = command("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 5 and ended.stderr.count("\n") == 1 and "in use" in ended.stderr


def test_a_missing_library_is_one_line_and_code_5(tmp_path):
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')")
    ended = command("--port", "0", PYTHONPATH=str(tmp_path))
    assert ended.returncode == 5 and ended.stderr.count("\n") == 1
    assert "pip install -r requirements-serve.txt" in ended.stderr
