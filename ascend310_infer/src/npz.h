// NumPy archives as np.savez writes them: uncompressed, float32, little-endian, row after row.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "manifest.h"

namespace mindframes {

struct Array {
    Shape shape;
    std::vector<float> values;
};

// Returns the arrays by name, without ".npy". Throws a Failure: kInput when there is no such file, kWeights when it is
// damaged (sizes and checksums are looked at) or written in another way.
std::map<std::string, Array> read_npz(const std::string& path);

}  // namespace mindframes
