#include <unistd.h>

#include <cerrno>

#include "failure.h"
#include "frames.h"
#include "interruption.h"

namespace mindframes {

bool RawSource::read(Picture* frame) {
    *frame = Picture(width_, height_);
    std::vector<std::uint8_t>& pixels = frame->pixels;
    std::size_t filled = 0;
    while (filled < pixels.size()) {
        const ssize_t count = ::read(descriptor_, pixels.data() + filled, pixels.size() - filled);
        check_interrupted();
        if (count == 0 && filled == 0) {
            return false;
        }
        if (count == 0) {
            fail(kInput, "standard input ends within frame ", count_, ": needs ", pixels.size(), " bytes of ", width_,
                 "x", height_, " RGB; got ", filled);
        }
        if (count < 0 && errno != EINTR) {
            fail_system(kInput, "standard input", errno);
        }
        filled += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    ++count_;
    return true;
}

void RawSink::write(const Picture& frame) {
    std::size_t written = 0;
    while (written < frame.pixels.size()) {
        const ssize_t count = ::write(descriptor_, frame.pixels.data() + written, frame.pixels.size() - written);
        if (count < 0 && errno != EINTR) {
            fail_system(kEnvironment, "standard output", errno);
        }
        check_interrupted();
        written += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
}

}  // namespace mindframes
