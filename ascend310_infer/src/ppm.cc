// The binary portable pixmap: "P6", width, height and 255 in decimal, one blank, then the pixels.
#include <cctype>
#include <cstring>

#include "failure.h"
#include "files.h"
#include "images.h"

namespace mindframes {
namespace {

class Header {
public:
    Header(const std::string& content, const std::string& path) : content_(content), path_(path) {}

    // Skips blanks and comments, which must be there, and reads a whole number.
    long number() {
        const std::size_t start = place_;
        while (place_ < content_.size() && (is_blank() || content_[place_] == '#')) {
            place_ = content_[place_] == '#' ? content_.find('\n', place_) : place_ + 1;
        }
        if (place_ == start || place_ >= content_.size() || std::isdigit(byte()) == 0) {
            fail(kInput, path_, ": needs width, height and 255 after P6");
        }
        long value = 0;
        for (; place_ < content_.size() && std::isdigit(byte()) != 0 && value < 1000000; ++place_) {
            value = 10 * value + (content_[place_] - '0');
        }
        return value;
    }

    // Skips the one blank that ends the header and returns where the pixels start.
    std::size_t end() {
        if (place_ >= content_.size() || !is_blank()) {
            fail(kInput, path_, ": needs a blank after its header");
        }
        return place_ + 1;
    }

private:
    unsigned char byte() const { return static_cast<unsigned char>(content_[place_]); }
    bool is_blank() const { return std::isspace(byte()) != 0; }

    const std::string& content_;
    const std::string& path_;
    std::size_t place_ = 2;
};

}  // namespace

Picture read_ppm(const std::string& path) {
    const std::string content = read_file(path, kInput);
    if (content.compare(0, 2, "P6") != 0) {
        fail(kInput, path, ": is not a PPM of the kind P6");
    }
    Header header(content, path);
    const long width = header.number(), height = header.number(), levels = header.number();
    if (!is_sane_size(width, height) || levels != 255) {
        fail(kInput, path, ": needs 1 to ", kLargestSide, " pixels a side and 255 as the highest level; got ", width, "x",
             height, " and ", levels);
    }
    const std::size_t start = header.end();
    Picture picture(static_cast<int>(width), static_cast<int>(height));
    if (content.size() - start != picture.pixels.size()) {
        fail(kInput, path, ": needs ", picture.pixels.size(), " bytes of pixels; got ", content.size() - start);
    }
    std::memcpy(picture.pixels.data(), content.data() + start, picture.pixels.size());
    return picture;
}

void write_ppm(const std::string& path, const Picture& picture) {
    File file = open_file(path, "wb", kEnvironment);
    std::fprintf(file.get(), "P6\n%d %d\n255\n", picture.width, picture.height);
    std::fwrite(picture.pixels.data(), 1, picture.pixels.size(), file.get());
    close_written(std::move(file), path);
}

}  // namespace mindframes
