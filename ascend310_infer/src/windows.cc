#include "windows.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace mindframes {

std::ptrdiff_t mirrored(std::ptrdiff_t place, std::ptrdiff_t count) {
    const std::ptrdiff_t period = std::max<std::ptrdiff_t>(2 * (count - 1), 1);
    const std::ptrdiff_t inside = std::abs(place) % period;
    return std::min(inside, period - inside);
}

bool Windows::next() {
    ++center_;
    Picture frame;
    while (!is_at_end_ && count() <= center_ + after_) {
        is_at_end_ = !source_->read(&frame);
        if (!is_at_end_) {
            frames_.push_back(std::move(frame));
        }
    }
    const bool is_even = after_ > before_;
    if (center_ + (is_even ? 1 : 0) >= count()) {
        center_ = std::max<std::ptrdiff_t>(count() - 1, 0);
        return false;
    }
    for (; first_ < center_ - before_; ++first_) {
        frames_.pop_front();
    }
    return true;
}

}  // namespace mindframes
