"""The addresses of the server: the page, and what it asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

import src.report
from src.errors import InputError, MindFramesError, ResourceError, UsageError
from src.serve.guard import Guard
from src.serve.task import DONE, SENDING, Task
from src.serve.tasks import Tasks
from src.video.options import ENLARGING
from src.video.publish import FULL_DISK, VIDEO_FORMATS

FOLDER = Path(__file__).parent
REPORT = Path(src.report.__file__).parent
# The look and the slider between two pictures are those of an evaluation's report.
FILES = {
    "/": FOLDER / "page.html",
    "/look.css": REPORT / "page.css",
    "/slider.js": REPORT / "page.js",
    **{f"/{name}": FOLDER / name for name in ("page.css", "page.js", "server.js", "words.js")},
}
TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska"}
STATUS = {InputError: 422, UsageError: 422, ResourceError: 507}


def make_app(tasks: Tasks, networks: list[str], hosts: set[str] | None) -> Starlette:
    """Return the ASGI application. hosts: the names that it may be called by; None for any."""
    addresses = _Addresses(tasks, networks)
    return Starlette(
        routes=[
            *[Route(path, addresses.file) for path in FILES],
            Route("/choices", addresses.choices),
            Route("/tasks", addresses.add, methods=["POST"]),
            Route("/tasks/{identity}", addresses.tell),
            Route("/tasks/{identity}", addresses.remove, methods=["DELETE"]),
            Route("/tasks/{identity}/cancel", addresses.cancel, methods=["POST"]),
            Route("/tasks/{identity}/video", addresses.take, methods=["PUT"]),
            Route("/tasks/{identity}/result", addresses.result),
            Route("/tasks/{identity}/report", addresses.report),
            Route("/tasks/{identity}/stills", addresses.stills),
            Route("/tasks/{identity}/stills/{number:int}/{side}", addresses.still),
        ],
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers={MindFramesError: _refuse},
    )


def _refuse(request, error):
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse({"code": error.exit_code, "message": str(error)}, status)


class _Addresses:
    """Answers requests; those that are no coroutines run in threads."""

    def __init__(self, tasks, networks):
        self._tasks = tasks
        self._networks = [{"name": name, "enlarges": name in ENLARGING} for name in networks]

    def file(self, request: Request) -> Response:
        return FileResponse(FILES[request.url.path], headers={"Cache-Control": "no-cache"})

    def choices(self, request: Request) -> Response:
        return JSONResponse({"networks": self._networks, "suffixes": list(VIDEO_FORMATS)})

    async def add(self, request: Request) -> Response:
        try:
            asked = await request.json()
            name, choices, suffix = asked["name"], asked["choices"], asked["suffix"]
            values = [name, suffix, *choices, *choices.values()]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError("a task has name, choices and suffix") from error
        if not all(isinstance(value, str) and "\0" not in value for value in values):
            raise UsageError("name, choices and suffix of a task are texts")
        return JSONResponse(self._tasks.add(name, choices, suffix).told(), 201)

    async def take(self, request: Request) -> Response:
        task = self._task(request)
        if task.state != SENDING or task.source.exists():
            raise UsageError("the video of this task is here already")
        try:
            await self._store(request, task)
        except BaseException:
            self._tasks.remove(task)
            raise
        self._tasks.begin(task)
        return JSONResponse(task.told(), 202)

    async def _store(self, request, task):
        size, free = int(request.headers.get("content-length", 0)), shutil.disk_usage(task.folder).free
        if size >= free:
            raise ResourceError(f"{task.name}: needs {size} bytes of the disk, which has {free} free")
        try:
            with open(task.source, "xb") as file:
                async for part in request.stream():
                    if task.unwanted:
                        raise UsageError(f"{task.name}: is not wanted any more")
                    await run_in_threadpool(file.write, part)
        except ClientDisconnect as error:
            raise HTTPException(400) from error
        except OSError as error:
            if error.errno in FULL_DISK:
                raise ResourceError(f"{task.name}: the disk takes no more") from error
            raise

    def tell(self, request: Request) -> Response:
        task = self._task(request)
        return JSONResponse({**task.told(), "ahead": self._tasks.ahead(task)})

    def cancel(self, request: Request) -> Response:
        task = self._task(request)
        self._tasks.cancel(task)
        return JSONResponse(task.told())

    def remove(self, request: Request) -> Response:
        self._tasks.remove(self._task(request))
        return Response(status_code=204)

    def result(self, request: Request) -> Response:
        task = self._done(request)
        kind = TYPES.get(task.result.suffix, "video/webm")
        if "watch" in request.query_params:
            return FileResponse(task.result, media_type=kind)
        return FileResponse(task.result, media_type=kind, filename=task.result_name)

    def report(self, request: Request) -> Response:
        return JSONResponse(self._done(request).report())

    def stills(self, request: Request) -> Response:
        return JSONResponse({"count": self._done(request).stills.count})

    def still(self, request: Request) -> Response:
        task, number, side = self._done(request), request.path_params["number"], request.path_params["side"]
        if number >= task.stills.count or side not in ("before", "after"):
            raise HTTPException(404)
        kept = {"Cache-Control": "private, max-age=86400, immutable"}
        return Response(task.stills.png(number, side), media_type="image/png", headers=kept)

    def _task(self, request) -> Task:
        task = self._tasks.get(request.path_params["identity"])
        if task is None:
            raise HTTPException(404)
        return task

    def _done(self, request) -> Task:
        task = self._task(request)
        if task.state != DONE:
            raise HTTPException(404)
        return task
