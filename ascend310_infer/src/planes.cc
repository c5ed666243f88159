#include "planes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "failure.h"

namespace mindframes {
namespace {

std::array<float, 256> make_levels() {
    std::array<float, 256> levels = {};
    for (std::size_t level = 0; level < levels.size(); ++level) {
        levels[level] = static_cast<float>(level) / 255.0F;
    }
    return levels;
}

}  // namespace

void to_planes(const Picture& picture, int height, int width, float* planes) {
    static const std::array<float, 256> levels = make_levels();
    for (int channel = 0; channel < 3; ++channel) {
        for (int y = 0; y < height; ++y, planes += width) {
            const std::size_t row = Picture::byte_count(picture.width, std::min(y, picture.height - 1));
            const std::uint8_t* values = picture.pixels.data() + row + channel;
            for (int x = 0; x < picture.width; ++x) {
                planes[x] = levels[values[3 * x]];
            }
            std::fill(planes + picture.width, planes + width, planes[picture.width - 1]);
        }
    }
}

Picture to_picture(const float* planes, int height, int width, int crop_height, int crop_width) {
    Picture picture(crop_width, crop_height);
    bool is_finite = true;
    for (int channel = 0; channel < 3; ++channel) {
        for (int y = 0; y < crop_height; ++y) {
            const float* values = planes + (static_cast<std::size_t>(channel) * height + y) * width;
            std::uint8_t* levels = picture.pixels.data() + Picture::byte_count(crop_width, y) + channel;
            for (int x = 0; x < crop_width; ++x) {
                is_finite = is_finite && !std::isnan(values[x]);
                // a comparison with NaN is false, so that it becomes 0 rather than an undefined conversion
                const float clipped = values[x] > 0.0F ? std::min(values[x], 1.0F) : 0.0F;
                levels[3 * x] = static_cast<std::uint8_t>(std::nearbyint(clipped * 255.0F));
            }
        }
    }
    if (!is_finite) {
        fail(kWeights, "the network returned values that are not numbers");
    }
    return picture;
}

}  // namespace mindframes
