#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mindframes {

// 8-bit RGB, row after row, the three values of a pixel side by side.
struct Picture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> pixels;

    Picture() = default;
    Picture(int wide, int high) : width(wide), height(high), pixels(byte_count(wide, high)) {}

    static std::size_t byte_count(int width, int height) { return std::size_t{3} * width * height; }
};

// What a header may claim before memory is taken for it.
constexpr int kLargestSide = 1 << 16;
constexpr std::size_t kMostPixels = std::size_t{1} << 28;

inline bool is_sane_size(long width, long height) {
    return width > 0 && height > 0 && width <= kLargestSide && height <= kLargestSide &&
           static_cast<std::size_t>(width) * static_cast<std::size_t>(height) <= kMostPixels;
}

}  // namespace mindframes
