"""Turn a video, or a folder of images, into a smoother, slower or larger one: sound and all else kept."""

import signal
import sys
import time

from src.config import parse_options
from src.errors import run_command
from src.video.encoder import check_encoder
from src.video.job import Job, expected_frames, expected_parts, parts_of
from src.video.memory import fitting_tile, free_bytes, outlook
from src.video.options import VideoOptions, timeline_for
from src.video.publish import check_output, publish
from src.video.reader import open_source
from src.video.report import facts_of, report_of, write_report
from src.video.tiles import Tiled, overlap_of
from src.video.workers import check_workers, make_by_workers, sharing_memory


def main(argv):
    options = parse_options(VideoOptions, argv, __doc__)
    check_output(options.output_path, options.input, options.overwrite)
    check_workers(options)
    source = open_source(options.input, needed=1 if options.enlarges else 2, depth=options.depth)
    check_encoder(options.output_path, source, options.coding, options.scale)
    timeline = timeline_for(options, source)
    free = free_bytes() / (options.batch_size * sharing_memory(options))
    size = (source.height, source.width)
    tile = options.largest_tile(fitting_tile(options.model, *size, free, 2 * overlap_of(options.scale)))
    if options.dry_run:
        print(f"{expected_frames(timeline, source)} frames; {outlook(options.model, *size, tile, free)}")
        return
    started = time.monotonic()
    with publish(options.output_path) as unfinished:
        parts = parts_of(source, options, tile) if options.in_parts else None
        if options.worker_num > 1 and (code := make_by_workers(parts, source, timeline, options, argv)):
            sys.exit(code)
        # what loads the network comes after all cheap checks
        missing = parts is None or parts.gaps(expected_parts(source, options))
        predictor = load(options, parts.tile if parts else tile) if missing else None
        loaded = time.monotonic()
        job = Job(source, predictor, timeline, options, unfinished)
        run = job.run_in_parts(parts) if parts else job.run()
        report = report_of(source, timeline, run, unfinished, options.strict)
    if parts:
        parts.remove()
    report.update(facts_of(options, run, loaded - started, time.monotonic() - loaded))
    size = f"{source.width * run.scale}x{source.height * run.scale}"
    rate = f"{float(timeline.rate):.6g} fps" if timeline.rate else "variable rate"
    print(f"{options.output_path}: {run.written} frames of {size}, {rate}")
    write_report(report, options.output_path)


def load(options, tile):
    """Return the network that a run predicts with."""
    from src.runtime.choice import video_predictor  # runtimes take seconds to load

    return Tiled(video_predictor(options, options.flow_scale), tile)


def leave_on_termination(*_):
    """A termination ends like an interrupt, so that nothing unfinished is left behind."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(main)
