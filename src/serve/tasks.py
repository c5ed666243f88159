"""The videos that were handed in: one is worked on, the others wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from src.errors import EnvironmentFault, ResourceError, UsageError
from src.serve.options import ServeOptions
from src.serve.task import CANCELLED, ENDED, FAILED, SENDING, STARTING, WAITING, Task
from src.serve.worker import Worker

MOST_OPEN = 20  # tasks that are sent, wait or are worked on
SECONDS_TO_SEND = 60  # from the making of a task until its video begins to come
MOST_ENDED = 10  # tasks whose results are kept


class Tasks:
    """Takes tasks and runs `main` with the arguments of one after the other, in a thread of its own until `close`."""

    def __init__(self, main: Callable[[list[str]], None], options: ServeOptions, folder: Path):
        self._main, self._folder = main, folder
        self._networks = options.networks()
        self._device = [f"--device_target={options.device_target}", f"--device_id={options.device_id}"]
        self._tasks: dict[str, Task] = {}  # in the order in which they came, or began to wait
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def add(self, name: str, choices: dict, suffix: str) -> Task:
        """Return a new task whose video is to be sent; raises UsageError as infer.py, ResourceError for too many."""
        model = choices.get("model")
        if model not in self._networks:
            raise UsageError(f"model is one of {', '.join(self._networks)}; got {model!r}")
        with self._changed:
            self._forget_unsent_ones()
            if sum(task.state not in ENDED for task in self._tasks.values()) >= MOST_OPEN:
                raise ResourceError(f"{MOST_OPEN} videos are waiting already: try again later")
            fixed = [f"--ckpt_path={self._networks[model]}", *self._device]
            task = Task(name, choices, suffix, fixed, self._folder)
            self._tasks[task.identity] = task
        return task

    def get(self, identity: str) -> Task | None:
        """Return a task by its identity, or None."""
        return self._tasks.get(identity)

    def begin(self, task: Task) -> None:
        """Let a task wait for its turn, now that its video is there."""
        with self._changed:
            if task.unwanted or self._tasks.pop(task.identity, None) is None:
                return
            self._tasks[task.identity] = task
            task.state = WAITING
            self._changed.notify_all()

    def ahead(self, task: Task) -> int:
        """Return how many tasks are worked on or wait before this one."""
        with self._changed:
            open_ones = [each for each in self._tasks.values() if each.state not in (*ENDED, SENDING)]
        return open_ones.index(task) if task in open_ones else 0

    def cancel(self, task: Task) -> None:
        """End a task; the one that is worked on takes some seconds."""
        with self._changed:
            task.unwanted = True
            if task.state in (SENDING, WAITING):
                task.state = CANCELLED
                task.remove_files()

    def remove(self, task: Task) -> None:
        """End a task if it has not ended, and forget it with its files."""
        self.cancel(task)
        with self._changed:
            if task.state in ENDED:
                self._tasks.pop(task.identity, None)
                task.remove_files()

    def close(self) -> None:
        """End all tasks and the thread."""
        with self._changed:
            self._closed = True
            for task in self._tasks.values():
                task.unwanted = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._next())
                if self._closed:
                    return
                task = self._next()
                task.state = STARTING
            self._run(task)
            self._forget_old_ones()

    def _next(self):
        return next((task for task in self._tasks.values() if task.state == WAITING), None)

    def _run(self, task):
        try:
            worker = Worker(self._main, task.arguments)
            for word in worker.said(lambda: task.unwanted):
                task.hear(word)
        except OSError as error:
            task.state = FAILED
            task.fail(EnvironmentFault.exit_code, f"the run could not be started: {error}")
            task.remove_files()
            return
        task.end(worker.exit_code)

    def _forget_unsent_ones(self):
        for task in list(self._tasks.values()):
            late = time.monotonic() - task.since > SECONDS_TO_SEND
            if task.state == SENDING and late and not task.source.exists():
                self._tasks.pop(task.identity)
                task.remove_files()

    def _forget_old_ones(self):
        with self._changed:
            ended = [task for task in self._tasks.values() if task.state in ENDED]
            for task in ended[:-MOST_ENDED]:
                self._tasks.pop(task.identity)
                task.remove_files()
