// From the frames of a source to the frames of the result, one window of them in memory at a time.
#pragma once

#include <cstddef>

#include "frames.h"
#include "latency.h"
#include "layout.h"
#include "network.h"

namespace mindframes {

struct Counts {
    std::size_t read = 0;
    std::size_t predicted = 0;
    int width = 0;  // of the result
    int height = 0;
};

// Interpolation puts the predicted frames between every two neighbours, which pass through untouched; super-resolution
// writes one enlarged frame for each. Frames are padded up to the network's size and cropped back.
// Throws a Failure (kInput) for frames larger than the network's, or fewer than two to interpolate, or none.
Counts run_frames(Network* network, const FrameLayout& layout, FrameSource* source, FrameSink* sink, Latency* latency);

}  // namespace mindframes
