#include "layout.h"

#include "check.h"
#include "clips.h"

using namespace mindframes;

TEST(layout, two_frames_and_a_time_give_the_frame_between) {
    Manifest manifest = manifest_of(2, {1, 3, 64, 96}, {1, 3, 64, 96});
    manifest.inputs.push_back({"time", {1, 1, 1, 1}});
    const FrameLayout layout = frame_layout(manifest);
    CHECK_EQUAL(layout.height, 64);
    CHECK_EQUAL(layout.width, 96);
    CHECK(layout.is_interpolation());
    CHECK_EQUAL(layout.frames.size(), std::size_t{2});
    CHECK_EQUAL(layout.frames[1].tensor, std::size_t{1});
    CHECK_EQUAL(layout.times.at(0), std::size_t{2});
}

TEST(layout, several_predicted_frames_lie_one_after_the_other) {
    const FrameLayout layout = frame_layout(manifest_of(4, {1, 3, 8, 16}, {1, 3, 3, 8, 16}));
    CHECK_EQUAL(layout.predictions.size(), std::size_t{3});
    CHECK_EQUAL(layout.predictions[2].tensor, std::size_t{0});
    CHECK_EQUAL(layout.predictions[2].offset, std::size_t{2 * 3 * 8 * 16});
}

TEST(layout, a_window_may_be_one_tensor) {
    Manifest manifest = manifest_of(7, {1, 7, 3, 8, 16}, {1, 3, 32, 64}, 4);
    manifest.inputs.resize(1);
    const FrameLayout layout = frame_layout(manifest);
    CHECK(!layout.is_interpolation());
    CHECK_EQUAL(layout.frames.size(), std::size_t{7});
    CHECK_EQUAL(layout.frames[6].offset, std::size_t{6 * 3 * 8 * 16});
}

TEST(layout, what_is_no_network_of_frames_is_refused) {
    CHECK_FAILS(kUsage, "does not predict frames", frame_layout(manifest_of(2, {1, 3, 8, 16}, {1, 2, 8, 16})));
    CHECK_FAILS(kUsage, "one window at a time", frame_layout(manifest_of(2, {4, 3, 8, 16}, {4, 3, 8, 16})));
    CHECK_FAILS(kUsage, "does not predict frames of 1x3x32x64", frame_layout(manifest_of(5, {1, 3, 8, 16}, {1, 3, 8, 16}, 4)));
    CHECK_FAILS(kUsage, "an even number", frame_layout(manifest_of(2, {1, 3, 8, 16}, {1, 3, 32, 64}, 4)));
    CHECK_FAILS(kUsage, "an even number", frame_layout(manifest_of(3, {1, 3, 8, 16}, {1, 2, 3, 8, 16})));
    Manifest manifest = manifest_of(2, {1, 3, 8, 16}, {1, 3, 8, 16});
    manifest.frames = 4;
    CHECK_FAILS(kWeights, "says 4 frames; its inputs hold 2", frame_layout(manifest));
}
