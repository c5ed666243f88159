// Between pictures and what networks take and return: planes of red, green and blue, float32 in [0, 1].
#pragma once

#include "picture.h"

namespace mindframes {

// Writes (3, height, width) values to `planes`: level / 255, the right and the bottom edge repeated up to that size,
// which is at least the picture's.
void to_planes(const Picture& picture, int height, int width, float* planes);

// Returns the upper left corner, `crop_width` x `crop_height`, of (3, height, width) values: clipped to [0, 1] and
// rounded to the nearest level, halves to the even one. Throws a Failure (kWeights) for a value that is not a number.
Picture to_picture(const float* planes, int height, int width, int crop_height, int crop_width);

}  // namespace mindframes
