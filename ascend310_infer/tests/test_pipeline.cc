#include "pipeline.h"

#include "check.h"
#include "clips.h"

using namespace mindframes;

namespace {

struct Run {
    Run(const Manifest& manifest, int count, int width, int height)
        : layout(frame_layout(manifest)), network(manifest, layout) {
        CountingSource source(count, width, height);
        counts = run_frames(&network, layout, &source, &sink, &latency);
    }

    FrameLayout layout;
    MeanNetwork network;
    KeepingSink sink;
    Latency latency;
    Counts counts;
};

}  // namespace

TEST(pipeline, predicted_frames_stand_between_the_given_ones) {
    Manifest manifest = manifest_of(2, {1, 3, 16, 32}, {1, 3, 16, 32});
    manifest.inputs.push_back({"time", {1, 1, 1, 1}});
    const Run run(manifest, 3, 30, 9);
    CHECK((run.sink.levels() == std::vector<int>{0, 5, 10, 15, 20}));
    CHECK(run.sink.is_finished);
    CHECK_EQUAL(run.sink.frames[1].width, 30);
    CHECK_EQUAL(run.sink.frames[1].height, 9);
    CHECK_EQUAL(run.network.inputs[2][0], 0.5F);
    CHECK_EQUAL(run.counts.read, std::size_t{3});
    CHECK_EQUAL(run.counts.predicted, std::size_t{2});
}

TEST(pipeline, all_outputs_of_four_frames_follow_each_other) {
    const Run run(manifest_of(4, {1, 3, 8, 8}, {1, 3, 3, 8, 8}), 4, 8, 8);
    // windows 1012, 0123, 1232: means 10, 15, 20, and one level more for each
    CHECK((run.sink.levels() == std::vector<int>{0, 10, 11, 12, 10, 15, 16, 17, 20, 20, 21, 22, 30}));
}

TEST(pipeline, every_frame_is_enlarged_once) {
    const Run run(manifest_of(5, {1, 3, 8, 8}, {1, 3, 32, 32}, 4), 4, 7, 5);
    // windows 21012, 10123, 01232, 12321
    CHECK((run.sink.levels() == std::vector<int>{12, 14, 16, 18}));
    CHECK_EQUAL(run.sink.frames[3].width, 28);
    CHECK_EQUAL(run.sink.frames[3].height, 20);
}

TEST(pipeline, frames_that_do_not_fit_and_clips_too_short_are_refused) {
    const Manifest manifest = manifest_of(2, {1, 3, 16, 32}, {1, 3, 16, 32});
    CHECK_FAILS(kInput, "up to 32x16; got 33x16", Run(manifest, 3, 33, 16));
    CHECK_FAILS(kInput, "up to 32x16; got 32x17", Run(manifest, 3, 32, 17));
    CHECK_FAILS(kInput, "at least 2 frame(s); got 1", Run(manifest, 1, 32, 16));
    CHECK_FAILS(kInput, "at least 1 frame(s); got 0", Run(manifest_of(5, {1, 3, 8, 8}, {1, 3, 32, 32}, 4), 0, 8, 8));
}

TEST(pipeline, latency_leaves_the_warm_up_out) {
    Latency latency;
    for (const double milliseconds : {500.0, 400.0, 300.0, 2.0, 1.0, 6.0}) {
        latency.add(milliseconds);
    }
    CHECK_EQUAL(latency.summary(), "latency: mean 3.00 ms, median 2.00 ms, fastest 1.00 ms over 3 runs after 3 of warm-up");
}
