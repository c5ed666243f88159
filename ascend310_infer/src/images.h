// Image files, told apart by their suffix: .ppm always, .png where the program was built with libpng.
#pragma once

#include <string>

#include "picture.h"

namespace mindframes {

bool has_png();

// Tells whether the suffix is one of an image, readable by this build or not.
bool is_image_name(const std::string& path);

// Throws a Failure (kInput) naming the file when it is damaged, truncated or not what its suffix says.
// Grey and palette PNGs are expanded, 16 bits are rounded to 8, an alpha channel is dropped, colour tags are ignored.
Picture read_image(const std::string& path);

// Throws a Failure (kResource where the disk is full) when the file cannot be written.
void write_image(const std::string& path, const Picture& picture);

// One format each; called by the two above.
Picture read_ppm(const std::string& path);
void write_ppm(const std::string& path, const Picture& picture);
Picture read_png(const std::string& path);
void write_png(const std::string& path, const Picture& picture);

}  // namespace mindframes
