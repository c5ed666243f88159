#include "images.h"

#include <algorithm>
#include <cctype>

#include "failure.h"

namespace mindframes {
namespace {

std::string suffix_of(const std::string& path) {
    const auto dot = path.find_last_of("./");
    std::string suffix = dot == std::string::npos || path[dot] == '/' ? "" : path.substr(dot);
    std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
    return suffix;
}

}  // namespace

bool is_image_name(const std::string& path) {
    const std::string suffix = suffix_of(path);
    return suffix == ".png" || suffix == ".ppm";
}

Picture read_image(const std::string& path) {
    return suffix_of(path) == ".png" ? read_png(path) : read_ppm(path);
}

void write_image(const std::string& path, const Picture& picture) {
    return suffix_of(path) == ".png" ? write_png(path, picture) : write_ppm(path, picture);
}

}  // namespace mindframes
