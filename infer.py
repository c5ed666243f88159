"""Turn a video, or a folder of images, into a smoother, slower or larger one: sound and all else kept."""

import signal
import sys
import time

from src.config import parse_options
from src.errors import run_command
from src.video.companions import check_outputs, companions_of
from src.video.job import Job, expected_frames, parts_of
from src.video.memory import free_bytes
from src.video.options import VideoOptions, source_for, timeline_for
from src.video.publish import publish
from src.video.report import facts_of, report_of, write_report
from src.video.stages import load, stages_of


def main(argv):
    options = parse_options(VideoOptions, argv, __doc__)
    check_outputs(options)
    source = source_for(options)
    timeline = timeline_for(options, source)
    free = free_bytes()
    stages = stages_of(options, source, free)
    if options.dry_run:
        needs = "; ".join(stage.outlook(free) for stage in stages)
        print(f"{expected_frames(timeline, source)} frames; {needs}")
        return
    started = time.monotonic()
    with companions_of(options, source, timeline) as companions, publish(options.output_path) as unfinished:
        tiles = [stage.tile for stage in stages]
        parts = parts_of(source, options, tiles) if options.resume else None
        from src.runtime.choice import choose_predictor  # runtimes take seconds to load: after all cheap checks

        predictor = load(stages, parts.tiles if parts else tiles, choose_predictor)
        loaded = time.monotonic()
        job = Job(source, predictor, timeline, options, unfinished, companions)
        run = job.run_in_parts(parts) if parts else job.run()
        report = report_of(source, timeline, run, unfinished, options.strict, companions.every)
    if parts:
        parts.remove()
    report.update(facts_of(options, predictor, loaded - started, time.monotonic() - loaded))
    size = f"{source.width * predictor.scale}x{source.height * predictor.scale}"
    rate = f"{float(timeline.rate):.6g} fps" if timeline.rate else "variable rate"
    print(f"{options.output_path}: {run.written} frames of {size}, {rate}")
    write_report(report, options.output_path)


def leave_on_termination(*_):
    """A termination ends like an interrupt, so that nothing unfinished is left behind."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(main)
