#include "npz.h"

#include "check.h"
#include "files.h"

using namespace mindframes;

namespace {

std::string little(std::uint32_t value, int count) {
    std::string bytes;
    for (int index = 0; index < count; ++index) {
        bytes += static_cast<char>(value >> (8 * index));
    }
    return bytes;
}

// np.savez of NumPy 1.24: {"a": [[1, 2], [3, -0.5]], "b": a scalar, 7}, written by hand from its description.
std::string array_file(const std::string& shape, const std::string& values) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header += std::string(118 - header.size() - 1, ' ') + "\n";
    return std::string("\x93NUMPY\x01\x00", 8) + little(static_cast<std::uint32_t>(header.size()), 2) + header + values;
}

struct Entry {
    std::string name;
    std::string content;
    std::uint32_t checksum;
};

std::string archive(const std::vector<Entry>& entries, std::uint32_t method = 0) {
    std::string bytes, directory;
    for (const Entry& entry : entries) {
        const auto size = static_cast<std::uint32_t>(entry.content.size());
        const auto name_size = static_cast<std::uint32_t>(entry.name.size());
        directory += little(0x02014B50, 4) + little(45, 2) + little(45, 2) + little(0, 2) + little(method, 2) + little(0, 4) +
                     little(entry.checksum, 4) + little(size, 4) + little(size, 4) + little(name_size, 2) +
                     std::string(12, '\0') + little(static_cast<std::uint32_t>(bytes.size()), 4) + entry.name;
        // NumPy asks for 64-bit sizes, which stand in an extra field of 20 bytes
        bytes += little(0x04034B50, 4) + little(45, 2) + little(0, 2) + little(method, 2) + little(0, 4) +
                 little(entry.checksum, 4) + little(0xFFFFFFFF, 4) + little(0xFFFFFFFF, 4) + little(name_size, 2) +
                 little(20, 2) + entry.name + little(1, 2) + little(16, 2) + little(size, 4) + little(0, 4) +
                 little(size, 4) + little(0, 4) + entry.content;
    }
    const auto count = static_cast<std::uint32_t>(entries.size());
    return bytes + directory + little(0x06054B50, 4) + little(0, 4) + little(count, 2) + little(count, 2) +
           little(static_cast<std::uint32_t>(directory.size()), 4) + little(static_cast<std::uint32_t>(bytes.size()), 4) +
           little(0, 2);
}

const std::string kValues("\x00\x00\x80\x3F\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x00\xBF", 16);
const Entry kMatrix{"a.npy", array_file("(2, 2)", kValues), 0x63A18C88};
const Entry kScalar{"b.npy", array_file("()", std::string("\x00\x00\xE0\x40", 4)), 0x8D85B2A};

}  // namespace

TEST(npz, arrays_are_read_by_name) {
    const auto arrays = read_npz(write_test_file("x.npz", archive({kMatrix, kScalar})));
    CHECK_EQUAL(arrays.size(), std::size_t{2});
    CHECK_EQUAL(shape_text(arrays.at("a").shape), "2x2");
    CHECK((arrays.at("a").values == std::vector<float>{1.0F, 2.0F, 3.0F, -0.5F}));
    CHECK(arrays.at("b").shape.empty());
    CHECK_EQUAL(arrays.at("b").values.at(0), 7.0F);
}

TEST(npz, damage_is_refused_by_name_wherever_it_is) {
    const std::string whole = archive({kMatrix});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FAILS(kWeights, "x.npz: is damaged", read_npz(write_test_file("x.npz", whole.substr(0, size))));
    }
    std::string flipped = whole;
    flipped[whole.find(kValues)] = 1;
    CHECK_FAILS(kWeights, "the checksum of a.npy", read_npz(write_test_file("x.npz", flipped)));
    CHECK_FAILS(kWeights, "compressed", read_npz(write_test_file("x.npz", archive({kMatrix}, 8))));
    CHECK_FAILS(kInput, "absent.npz", read_npz(test_folder() + "/absent.npz"));
}
