// What an export says of itself: the JSON file that export.py writes beside the MINDIR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mindframes {

using Shape = std::vector<std::int64_t>;

std::size_t element_count(const Shape& shape);
std::string shape_text(const Shape& shape);

struct TensorFacts {
    std::string name;
    Shape shape;
};

struct Manifest {
    std::string path;
    std::string model;
    std::string mindspore_version;
    long mindir_version = 0;
    int scale = 1;
    int frames = 0;
    std::vector<TensorFacts> inputs;   // in the order of the graph
    std::vector<TensorFacts> outputs;
};

// Throws a Failure: kInput when there is no such file, kWeights when it is damaged or describes what this program does
// not run (another format or layout, other types than float32, shapes that are not fixed).
Manifest read_manifest(const std::string& path);

// Returns the path of the file beside a MINDIR whose name goes on with `suffix` instead of .mindir.
std::string beside(const std::string& mindir_path, const std::string& suffix);

}  // namespace mindframes
