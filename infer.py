"""Turn a video, or a folder of images, into a smoother, slower or larger one: sound and all else kept.

--serve instead opens a page for it in the browser (infer.py --serve --help).
"""

import signal
import time

from src.config import parse_options
from src.errors import leave_on_termination, run_command
from src.video.job import Job, expected_frames, parts_of
from src.video.memory import fitting_tile, free_bytes, outlook
from src.video.options import VideoOptions, timeline_for
from src.video.publish import check_output, publish
from src.video.reader import open_source
from src.video.report import facts_of, report_of, write_report
from src.video.tiles import Tiled, overlap_of


def main(argv):
    if "--serve" in argv:
        return serve(argv)
    options = parse_options(VideoOptions, argv, __doc__)
    check_output(options.output_path, options.input, options.overwrite)
    source = open_source(options.input, needed=1 if options.enlarges else 2)
    timeline = timeline_for(options, source)
    free = free_bytes()
    size = (source.height, source.width)
    tile = options.largest_tile(fitting_tile(options.model, *size, free, 2 * overlap_of(options.scale)))
    if options.dry_run:
        print(f"{expected_frames(timeline, source)} frames; {outlook(options.model, *size, tile, free)}")
        return
    started = time.monotonic()
    with publish(options.output_path) as unfinished:
        parts = parts_of(source, options, tile) if options.resume else None
        from src.runtime.choice import choose_predictor  # runtimes take seconds to load: after all cheap checks

        network = choose_predictor(options, options.flow_scale)
        predictor = Tiled(network, parts.tile if parts else tile)
        loaded = time.monotonic()
        job = Job(source, predictor, timeline, options, unfinished)
        run = job.run_in_parts(parts) if parts else job.run()
        report = report_of(source, timeline, run, unfinished, options.strict)
    if parts:
        parts.remove()
    report.update(facts_of(options, predictor, loaded - started, time.monotonic() - loaded))
    size = f"{source.width * predictor.scale}x{source.height * predictor.scale}"
    rate = f"{float(timeline.rate):.6g} fps" if timeline.rate else "variable rate"
    print(f"{options.output_path}: {run.written} frames of {size}, {rate}")
    write_report(report, options.output_path)


def serve(argv):
    from src.serve.options import ServeOptions
    from src.serve.server import serve_page

    serve_page(parse_options(ServeOptions, argv, "Turn videos into smoother ones from a page in the browser."), main)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave_on_termination)
    run_command(main)
