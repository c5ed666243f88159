// Where the frames of a window lie in what a network takes, and the predicted ones in what it returns.
#pragma once

#include <cstddef>
#include <vector>

#include "manifest.h"

namespace mindframes {

// The place of one frame: (3, height, width) values from `offset` on in input or output `tensor`.
struct Slot {
    std::size_t tensor;
    std::size_t offset;
};

struct FrameLayout {
    int height = 0;  // of the frames the network takes
    int width = 0;
    int scale = 1;
    std::vector<Slot> frames;           // in order of time
    std::vector<Slot> predictions;      // in order of time
    std::vector<std::size_t> times;     // inputs of one value: the time asked for

    // An even number of frames stands around the gap that the predicted ones fill, an odd one around the enlarged one.
    bool is_interpolation() const { return frames.size() % 2 == 0; }
};

// Reads the layout off the shapes of a manifest: frames are (1, 3, H, W), several at once (1, N, 3, H, W), a time
// (1, 1, 1, 1). Throws a Failure: kUsage for a network of several samples at once or one that predicts no frames (flow).
FrameLayout frame_layout(const Manifest& manifest);

}  // namespace mindframes
