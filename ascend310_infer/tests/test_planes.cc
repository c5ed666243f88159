#include "planes.h"

#include <algorithm>
#include <limits>

#include "check.h"
#include "clips.h"

using namespace mindframes;

TEST(planes, the_edges_are_repeated_on_the_right_and_at_the_bottom) {
    Picture picture(2, 2);
    for (std::size_t index = 0; index < 12; ++index) {
        picture.pixels[index] = static_cast<std::uint8_t>(10 * index);
    }
    std::vector<float> planes(3 * 3 * 4);
    to_planes(picture, 3, 4, planes.data());
    const std::vector<int> red = {0, 30, 30, 30, 60, 90, 90, 90, 60, 90, 90, 90};
    for (std::size_t index = 0; index < red.size(); ++index) {
        CHECK_EQUAL(planes[index], static_cast<float>(red[index]) / 255.0F);
        CHECK_EQUAL(planes[24 + index], static_cast<float>(red[index] + 20) / 255.0F);
    }
}

TEST(planes, every_level_comes_back) {
    Picture picture(256, 1);
    for (std::size_t index = 0; index < picture.pixels.size(); ++index) {
        picture.pixels[index] = static_cast<std::uint8_t>(index / 3);
    }
    std::vector<float> planes(3 * 16 * 272);
    to_planes(picture, 16, 272, planes.data());
    CHECK(to_picture(planes.data(), 16, 272, 1, 256).pixels == picture.pixels);
}

TEST(planes, values_are_clipped_and_halves_rounded_to_the_even_level) {
    const float half = 2.5F / 255.0F;
    CHECK_EQUAL(half * 255.0F, 2.5F);
    const std::vector<float> values = {-1.0F, 2.0F, half, 0.5F, 0.49F / 255, 254.6F / 255};
    std::vector<float> planes(18);
    std::copy(values.begin(), values.end(), planes.begin());
    const Picture picture = to_picture(planes.data(), 1, 6, 1, 6);
    const std::vector<int> expected = {0, 255, 2, 128, 0, 255};
    for (std::size_t index = 0; index < expected.size(); ++index) {
        CHECK_EQUAL(int{picture.pixels[3 * index]}, expected[index]);
    }
}

TEST(planes, the_right_and_the_bottom_are_cut_off) {
    std::vector<float> planes(3 * 2 * 3, 1.0F);
    planes[0] = planes[6] = planes[12] = 0.0F;
    const Picture picture = to_picture(planes.data(), 2, 3, 1, 1);
    CHECK_EQUAL(picture.pixels.size(), std::size_t{3});
    CHECK_EQUAL(int{picture.pixels[2]}, 0);
}

TEST(planes, what_is_not_a_number_is_refused) {
    std::vector<float> planes(3, std::numeric_limits<float>::quiet_NaN());
    CHECK_FAILS(kWeights, "not numbers", to_picture(planes.data(), 1, 1, 1, 1));
}
