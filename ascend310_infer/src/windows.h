// Which frames a network is given at once.
#pragma once

#include <cstddef>
#include <deque>

#include "frames.h"

namespace mindframes {

// Returns the place of a clip of `count` frames that stands for `place`, which may lie before its first or behind its
// last frame: the clip goes on mirrored there, the end frame not repeated.
std::ptrdiff_t mirrored(std::ptrdiff_t place, std::ptrdiff_t count);

// Moves a window of `frames` over a source. An even number stands around the gap between two neighbours, so that there
// is one window fewer than frames; an odd number stands around each frame. Holds no more frames than one window.
class Windows {
public:
    Windows(FrameSource* source, int frames) : source_(source), before_((frames - 1) / 2), after_(frames / 2) {}

    // Goes on to the next window; false behind the last one.
    bool next();

    // The frame at a slot, 0 to frames - 1 in order of time.
    const Picture& frame(int slot) const { return held(center_ - before_ + slot); }

    // The frame before the gap, or in the middle.
    const Picture& center() const { return held(center_); }

    // How many frames were read up to now: all of them once `next` was false.
    std::ptrdiff_t count() const { return first_ + static_cast<std::ptrdiff_t>(frames_.size()); }

private:
    const Picture& held(std::ptrdiff_t place) const {
        return frames_[static_cast<std::size_t>(mirrored(place, count()) - first_)];
    }

    FrameSource* source_;
    std::ptrdiff_t before_;
    std::ptrdiff_t after_;
    std::ptrdiff_t center_ = -1;
    std::ptrdiff_t first_ = 0;  // the place in the clip of the first held frame
    std::deque<Picture> frames_;
    bool is_at_end_ = false;
};

}  // namespace mindframes
