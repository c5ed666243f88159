#include "manifest.h"

#include <algorithm>

#include "failure.h"
#include "files.h"
#include "json.h"

namespace mindframes {
namespace {

constexpr std::int64_t kLargestSize = 1 << 24;
constexpr std::size_t kMostElements = std::size_t{1} << 32;

void expect_text(const Json& object, const std::string& key, const std::string& expected) {
    if (object.at(key).as_text() != expected) {
        throw JsonError(text(key, " is ", expected, " for this program; got ", object.at(key).as_text()));
    }
}

int read_count(const Json& object, const std::string& key) {
    const long count = object.at(key).as_whole();
    if (count < 1 || count > 1000) {
        throw JsonError(text(key, " is 1 to 1000; got ", count));
    }
    return static_cast<int>(count);
}

std::vector<TensorFacts> read_tensors(const Json& list) {
    std::vector<TensorFacts> tensors;
    for (const Json& each : list.as_list()) {
        expect_text(each, "dtype", "float32");
        TensorFacts tensor{each.at("name").as_text(), {}};
        std::size_t count = 1;
        for (const Json& size : each.at("shape").as_list()) {
            tensor.shape.push_back(size.kind() == Json::Kind::null ? -1 : size.as_whole());
            if (tensor.shape.back() < 1 || tensor.shape.back() > kLargestSize) {
                throw JsonError(text("shapes are fixed and up to ", kLargestSize, " a side; got ", tensor.shape.back(),
                                     " in ", tensor.name));
            }
            count = std::min(count * static_cast<std::size_t>(tensor.shape.back()), kMostElements);
        }
        if (count >= kMostElements) {
            throw JsonError(text(tensor.name, " is too large: ", shape_text(tensor.shape)));
        }
        tensors.push_back(tensor);
    }
    if (tensors.empty()) {
        throw JsonError("expected at least one input and one output");
    }
    return tensors;
}

}  // namespace

std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) {
        count *= static_cast<std::size_t>(size);
    }
    return count;
}

std::string shape_text(const Shape& shape) {
    std::string result;
    for (const std::int64_t size : shape) {
        result += (result.empty() ? "" : "x") + std::to_string(size);
    }
    return result;
}

Manifest read_manifest(const std::string& path) {
    const std::string content = read_file(path, kInput);
    try {
        const Json json = Json::parse(content);
        expect_text(json, "format", "MINDIR");
        expect_text(json, "layout", "NCHW");
        Manifest manifest;
        manifest.path = path;
        manifest.model = json.at("model").as_text();
        manifest.mindspore_version = json.at("mindspore_version").as_text();
        manifest.mindir_version = json.at("mindir_version").as_whole();
        manifest.scale = read_count(json, "scale");
        manifest.frames = read_count(json, "frames");
        manifest.inputs = read_tensors(json.at("inputs"));
        manifest.outputs = read_tensors(json.at("outputs"));
        return manifest;
    } catch (const JsonError& error) {
        fail(kWeights, path, ": is not the manifest of a MINDIR: ", error.what());
    }
}

std::string beside(const std::string& mindir_path, const std::string& suffix) {
    const std::string ending = ".mindir";
    const bool has_ending = mindir_path.size() > ending.size() &&
                            mindir_path.compare(mindir_path.size() - ending.size(), ending.size(), ending) == 0;
    return mindir_path.substr(0, mindir_path.size() - (has_ending ? ending.size() : 0)) + suffix;
}

}  // namespace mindframes
