"""Make some parts of a video's result: infer.py --worker_num starts this once for every worker."""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infer import load  # noqa: E402
from src.config import parse_options  # noqa: E402
from src.engine.processes import end_with  # noqa: E402
from src.errors import run_command  # noqa: E402
from src.video.job import Job  # noqa: E402
from src.video.memory import free_bytes  # noqa: E402
from src.video.options import source_for, timeline_for  # noqa: E402
from src.video.parts import Parts  # noqa: E402
from src.video.shares import share_from  # noqa: E402
from src.video.stages import stages_of  # noqa: E402
from src.video.workers import WorkerOptions, tell_frames  # noqa: E402


def main(argv):
    options = parse_options(WorkerOptions, argv, __doc__)
    end_with(options.starter)
    share = share_from(options.share)
    if options.device_target != "CPU":
        options = dataclasses.replace(options, device_id=options.device_id + options.rank)
    source = source_for(options)
    parts = Parts(options.output_path, facts=None)
    networks = load(stages_of(options, source, free_bytes()), parts.tiles)
    job = Job(source, networks, timeline_for(options, source), options, options.output_path)
    count = tell_frames(parts.folder, options.rank)
    for span in share:
        job.make(parts, span, count)


if __name__ == "__main__":
    run_command(main)
