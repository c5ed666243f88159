#include "windows.h"

#include "check.h"
#include "clips.h"

using namespace mindframes;

namespace {

// The frames of every window over a clip, one digit each, as in "0012 0123".
std::string windows_over(int count, int frames) {
    CountingSource source(count, 1, 1);
    Windows windows(&source, frames);
    std::string result;
    while (windows.next()) {
        result += result.empty() ? "" : " ";
        for (int slot = 0; slot < frames; ++slot) {
            result += std::to_string(windows.frame(slot).pixels[0] / 10);
        }
    }
    CHECK_EQUAL(windows.count(), count);
    return result;
}

}  // namespace

TEST(windows, even_ones_stand_around_gaps) {
    CHECK_EQUAL(windows_over(4, 2), "01 12 23");
    CHECK_EQUAL(windows_over(5, 4), "1012 0123 1234 2343");
}

TEST(windows, odd_ones_stand_around_frames) {
    CHECK_EQUAL(windows_over(3, 1), "0 1 2");
    CHECK_EQUAL(windows_over(6, 5), "21012 10123 01234 12345 23454 34543");
    CHECK_EQUAL(windows_over(8, 7).substr(0, 23), "3210123 2101234 1012345");
}

TEST(windows, clips_shorter_than_a_window_are_mirrored_again_and_again) {
    CHECK_EQUAL(windows_over(1, 5), "00000");
    CHECK_EQUAL(windows_over(2, 7), "1010101 0101010");
    CHECK_EQUAL(windows_over(2, 4), "1010");
    CHECK_EQUAL(windows_over(3, 7), "1210121 2101210 1012101");
}

TEST(windows, no_window_fits_what_has_no_gap_or_no_frame) {
    CHECK_EQUAL(windows_over(1, 2), "");
    CHECK_EQUAL(windows_over(0, 4), "");
    CHECK_EQUAL(windows_over(0, 5), "");
}
