"""Turn a video, or a folder of images, into a smoother, slower or larger one: sound and all else kept.

--serve instead opens a page for it in the browser (infer.py --serve --help).
"""

import signal
import sys
import time

from src.config import parse_options
from src.errors import leave_on_termination, run_command
from src.video.companions import check_outputs, companions_of
from src.video.encoder import check_encoder
from src.video.fingerprint import weights_digest
from src.video.job import Job, expected_frames, expected_parts, parts_of
from src.video.memory import free_bytes
from src.video.options import VideoOptions, source_for, timeline_for
from src.video.publish import publish
from src.video.report import facts_of, report_of, write_report
from src.video.stages import speed_told, stages_of
from src.video.workers import check_workers, make_by_workers, sharing_memory


def main(argv):
    if "--serve" in argv:
        return serve(argv)
    options = parse_options(VideoOptions, argv, __doc__)
    check_outputs(options)
    check_workers(options)
    source = source_for(options)
    check_encoder(options.output_path, source, options.coding, options.scale)
    timeline = timeline_for(options, source)
    free = free_bytes() / (options.batch_size * sharing_memory(options))
    stages = stages_of(options, source, free)
    tiles = [stage.tile for stage in stages]
    if options.dry_run:
        needs, frames = "; ".join(stage.outlook(free) for stage in stages), expected_frames(timeline, source)
        print(f"{frames} frames; {needs}", flush=True)
        print(speed_told(stages, load(stages, tiles), source.count, frames))
        return
    started = time.monotonic()
    published = publish(options.output_path, options.overwrite)
    with companions_of(options, source, timeline) as companions, published as unfinished:
        weights = [weights_digest(stage.options) for stage in stages]
        parts = parts_of(source, options, tiles, weights) if options.in_parts else None
        if options.worker_num > 1 and (code := make_by_workers(parts, source, timeline, options, argv)):
            sys.exit(code)
        # what loads networks comes after all cheap checks
        missing = parts is None or parts.gaps(expected_parts(source, options))
        networks = load(stages, parts.tiles if parts else tiles) if missing else []
        loaded = time.monotonic()
        job = Job(source, networks, timeline, options, unfinished, companions)
        run = job.run_in_parts(parts) if parts else job.run()
        report = report_of(source, timeline, run, unfinished, options.strict, companions.every)
    if parts:
        parts.remove()
    report.update(facts_of(options, run, weights, loaded - started, time.monotonic() - loaded))
    size = f"{source.width * run.scale}x{source.height * run.scale}"
    rate = f"{float(timeline.rate):.6g} fps" if timeline.rate else "variable rate"
    print(f"{options.output_path}: {run.written} frames of {size}, {rate}")
    write_report(report, options.output_path)


def load(stages, tiles):
    """Return the networks that a run predicts with, in the order in which frames pass them."""
    from src.runtime.choice import video_predictor  # runtimes take seconds to load

    return [stage.load(video_predictor, tile) for stage, tile in zip(stages, tiles)]


def serve(argv):
    from src.serve.options import ServeOptions
    from src.serve.server import serve_page

    serve_page(parse_options(ServeOptions, argv, "Turn videos into smoother ones from a page in the browser."), main)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(main)
