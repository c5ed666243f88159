#include "manifest.h"

#include "check.h"

using namespace mindframes;

namespace {

const std::string kWhole =
    R"({"model": "ifrnet_s", "weights_sha256": "00", "format": "MINDIR", "form": "portable", "precision": "float32",
        "scale": 1, "frames": 2, "layout": "NCHW", "range": [0, 1],
        "inputs": [{"name": "frame0", "shape": [1, 3, 64, 96], "dtype": "float32"},
                   {"name": "frame1", "shape": [1, 3, 64, 96], "dtype": "float32"},
                   {"name": "time", "shape": [1, 1, 1, 1], "dtype": "float32"}],
        "outputs": [{"name": "frame", "shape": [1, 3, 64, 96], "dtype": "float32"}],
        "multiple": 16, "mindspore_version": "2.0.0", "mindir_version": 1, "loads_in": ["MindSpore 2.0"]})";

std::string changed(const std::string& from, const std::string& to) {
    std::string content = kWhole;
    return content.replace(content.find(from), from.size(), to);
}

}  // namespace

TEST(manifest, what_export_writes_is_read) {
    const Manifest manifest = read_manifest(write_test_file("x.json", kWhole));
    CHECK_EQUAL(manifest.model, "ifrnet_s");
    CHECK_EQUAL(manifest.mindspore_version, "2.0.0");
    CHECK_EQUAL(manifest.mindir_version, 1);
    CHECK_EQUAL(manifest.frames, 2);
    CHECK_EQUAL(manifest.inputs.size(), std::size_t{3});
    CHECK_EQUAL(manifest.inputs[2].name, "time");
    CHECK_EQUAL(shape_text(manifest.outputs[0].shape), "1x3x64x96");
}

TEST(manifest, what_cannot_be_run_is_refused_by_name) {
    const auto refuse = [](const std::string& content, const std::string& words) {
        CHECK_FAILS(kWeights, words, read_manifest(write_test_file("x.json", content)));
    };
    refuse("", "x.json: is not the manifest");
    refuse(changed("\"MINDIR\"", "\"ONNX\""), "format is MINDIR for this program; got ONNX");
    refuse(changed("\"NCHW\"", "\"NHWC\""), "layout is NCHW");
    refuse(changed("\"dtype\": \"float32\"", "\"dtype\": \"float16\""), "dtype is float32");
    refuse(changed("[1, 3, 64, 96]", "[1, 3, -1, 96]"), "shapes are fixed");
    refuse(changed("[1, 3, 64, 96]", "[1, 3, null, 96]"), "shapes are fixed");
    refuse(changed("[1, 3, 64, 96]", "[1, 3, 16777216, 16777216]"), "too large");
    refuse(changed("\"frames\": 2", "\"frames\": 0"), "frames is 1 to 1000; got 0");
    refuse(changed("\"frames\": 2, ", ""), "the key \"frames\"");
    CHECK_FAILS(kInput, "absent.json", read_manifest(test_folder() + "/absent.json"));
}

TEST(manifest, its_files_lie_beside_the_mindir) {
    CHECK_EQUAL(beside("a/x.mindir", ".json"), "a/x.json");
    CHECK_EQUAL(beside("a/x", ".golden.npz"), "a/x.golden.npz");
    CHECK_EQUAL(beside("a.mindir/x_256x448.mindir", ".json"), "a.mindir/x_256x448.json");
}
