#include "npz.h"

#include <cstring>

#include "failure.h"
#include "files.h"

namespace mindframes {
namespace {

constexpr std::uint32_t kEnd = 0x06054B50;      // "PK" 5 6: of the whole directory, 22 bytes
constexpr std::uint32_t kEntry = 0x02014B50;    // "PK" 1 2: of one file in it, 46 bytes and its name
constexpr std::uint32_t kContent = 0x04034B50;  // "PK" 3 4: before the file itself, 30 bytes and its name
constexpr std::size_t kEndSize = 22, kEntrySize = 46, kContentSize = 30, kLongestComment = 65535;

std::uint32_t checksum(const char* bytes, std::size_t size) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (std::size_t index = 0; index < size; ++index) {
        crc ^= static_cast<unsigned char>(bytes[index]);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }
    }
    return ~crc;
}

// The bytes of an archive, of which none is read that is not there.
class Bytes {
public:
    Bytes(std::string content, std::string path) : content_(std::move(content)), path_(std::move(path)) {}

    std::size_t size() const { return content_.size(); }

    [[noreturn]] void damaged(const std::string& what) const {
        fail(kWeights, path_, ": is damaged, or no archive of np.savez: ", what);
    }

    const char* at(std::size_t place, std::size_t count) const {
        if (place > content_.size() || count > content_.size() - place) {
            damaged(text("it ends before byte ", place + count));
        }
        return content_.data() + place;
    }

    std::uint32_t number(std::size_t place, int count) const {
        const char* bytes = at(place, static_cast<std::size_t>(count));
        std::uint32_t value = 0;
        for (int index = 0; index < count; ++index) {
            value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[index])) << (8 * index);
        }
        return value;
    }

private:
    std::string content_;
    std::string path_;
};

std::size_t find_end(const Bytes& bytes) {
    for (std::size_t behind = kEndSize; behind <= bytes.size() && behind <= kEndSize + kLongestComment; ++behind) {
        if (bytes.number(bytes.size() - behind, 4) == kEnd) {
            return bytes.size() - behind;
        }
    }
    bytes.damaged("it has no directory");
}

// Returns the part of the header of an array that follows a key, as in "'shape': ".
std::string header_value(const Bytes& bytes, const std::string& header, const std::string& key) {
    const std::string quoted = "'" + key + "': ";
    const std::size_t place = header.find(quoted);
    if (place == std::string::npos) {
        bytes.damaged("an array without " + key);
    }
    return header.substr(place + quoted.size());
}

Shape read_shape(const Bytes& bytes, const std::string& header) {
    const std::string value = header_value(bytes, header, "shape");
    Shape shape;
    std::size_t place = 1;
    while (value[0] == '(' && place < value.size() && value[place] != ')') {
        const std::size_t digits = value.find_first_not_of("0123456789", place);
        if (digits == std::string::npos || digits == place || digits - place > 9) {
            break;
        }
        shape.push_back(std::stol(value.substr(place, digits - place)));
        place = value.find_first_not_of(", ", digits);
    }
    if (place >= value.size() || value[place] != ')') {
        bytes.damaged("an array whose shape cannot be read");
    }
    return shape;
}

Array read_array(const Bytes& bytes, std::size_t start, std::size_t size) {
    if (size < 12 || std::memcmp(bytes.at(start, size), "\x93NUMPY", 6) != 0) {
        bytes.damaged("an entry that is no array");
    }
    const bool is_first_version = bytes.number(start + 6, 1) == 1;
    const std::size_t text_start = is_first_version ? 10 : 12;
    const std::size_t text_size = bytes.number(start + 8, is_first_version ? 2 : 4);
    if (text_size > size - text_start) {
        bytes.damaged("an array whose header does not end");
    }
    const std::string header(bytes.at(start + text_start, text_size), text_size);
    if (header_value(bytes, header, "descr").compare(0, 5, "'<f4'") != 0 ||
        header_value(bytes, header, "fortran_order").compare(0, 5, "False") != 0) {
        bytes.damaged("an array that is not of float32, row after row");
    }
    Array array{read_shape(bytes, header), {}};
    std::size_t count = 1;
    const std::size_t found = (size - text_start - text_size) / sizeof(float);
    for (const std::int64_t side : array.shape) {
        count *= static_cast<std::size_t>(side);
        if (count > found) {
            break;
        }
    }
    if (count != found) {
        bytes.damaged(text("an array of the shape ", shape_text(array.shape), " with ", found, " values"));
    }
    array.values.resize(count);
    const std::size_t values = start + text_start + text_size;
    std::memcpy(array.values.data(), bytes.at(values, count * sizeof(float)), count * sizeof(float));
    return array;
}

}  // namespace

std::map<std::string, Array> read_npz(const std::string& path) {
    const Bytes bytes(read_file(path, kInput), path);
    const std::size_t end = find_end(bytes);
    const std::uint32_t count = bytes.number(end + 10, 2);
    std::size_t entry = bytes.number(end + 16, 4);
    std::map<std::string, Array> arrays;
    for (std::uint32_t index = 0; index < count; ++index) {
        if (bytes.number(entry, 4) != kEntry || bytes.number(entry + 10, 2) != 0) {
            bytes.damaged("an entry that is compressed, or none");
        }
        const std::size_t size = bytes.number(entry + 24, 4), name_size = bytes.number(entry + 28, 2);
        const std::size_t place = bytes.number(entry + 42, 4);
        std::string name(bytes.at(entry + kEntrySize, name_size), name_size);
        if (bytes.number(place, 4) != kContent) {
            bytes.damaged("an entry that points nowhere");
        }
        const std::size_t start =
            place + kContentSize + bytes.number(place + 26, 2) + bytes.number(place + 28, 2);
        if (checksum(bytes.at(start, size), size) != bytes.number(entry + 16, 4)) {
            bytes.damaged("the checksum of " + name + " differs");
        }
        const std::size_t stem = name.rfind(".npy");
        arrays[name.substr(0, stem)] = read_array(bytes, start, size);
        entry += kEntrySize + name_size + bytes.number(entry + 30, 2) + bytes.number(entry + 32, 2);
    }
    return arrays;
}

}  // namespace mindframes
