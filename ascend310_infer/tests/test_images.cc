#include "images.h"

#include "check.h"
#include "clips.h"
#include "files.h"

using namespace mindframes;

namespace {

Picture gradient(int width, int height) {
    Picture picture(width, height);
    for (std::size_t index = 0; index < picture.pixels.size(); ++index) {
        picture.pixels[index] = static_cast<std::uint8_t>(index * 37 + index / 7);
    }
    return picture;
}

}  // namespace

TEST(images, what_is_written_is_read_back) {
    for (const std::string suffix : {"ppm", "PPM", "png"}) {
        if (suffix == "png" && !has_png()) {
            continue;
        }
        const Picture picture = gradient(17, 9);
        write_image(test_folder() + "/a." + suffix, picture);
        const Picture read = read_image(test_folder() + "/a." + suffix);
        CHECK_EQUAL(read.width, 17);
        CHECK_EQUAL(read.height, 9);
        CHECK(read.pixels == picture.pixels);
    }
}

TEST(images, a_ppm_header_may_hold_comments) {
    const Picture picture = read_image(write_test_file("a.ppm", "P6 # made\n# by hand\n2\t1 255\nabcdef"));
    CHECK_EQUAL(std::string(picture.pixels.begin(), picture.pixels.end()), "abcdef");
}

TEST(images, damaged_ppms_are_refused_by_name) {
    CHECK_FAILS(kInput, "a.ppm: is not a PPM", read_image(write_test_file("a.ppm", "P5 1 1 255 a")));
    CHECK_FAILS(kInput, "a.ppm: is not a PPM", read_image(write_test_file("a.ppm", "")));
    CHECK_FAILS(kInput, "width, height and 255", read_image(write_test_file("a.ppm", "P6")));
    CHECK_FAILS(kInput, "width, height and 255", read_image(write_test_file("a.ppm", "P6 #")));
    CHECK_FAILS(kInput, "width, height and 255", read_image(write_test_file("a.ppm", "P6 2 -1 255 abc")));
    CHECK_FAILS(kInput, "a blank after", read_image(write_test_file("a.ppm", "P6 1 1 255")));
    CHECK_FAILS(kInput, "got 0x1", read_image(write_test_file("a.ppm", "P6 0 1 255 ")));
    CHECK_FAILS(kInput, "and 65535", read_image(write_test_file("a.ppm", "P6 1 1 65535 abcdef")));
    CHECK_FAILS(kInput, "pixels a side", read_image(write_test_file("a.ppm", "P6 60000 60000 255 abc")));
    CHECK_FAILS(kInput, "needs 6 bytes of pixels; got 5", read_image(write_test_file("a.ppm", "P6 2 1 255\nabcde")));
    CHECK_FAILS(kInput, "needs 6 bytes of pixels; got 7", read_image(write_test_file("a.ppm", "P6 2 1 255\nabcdefg")));
    CHECK_FAILS(kInput, "absent.ppm", read_image(test_folder() + "/absent.ppm"));
}

TEST(images, damaged_pngs_are_refused_by_name) {
    if (!has_png()) {
        return;
    }
    const std::string path = test_folder() + "/a.png";
    write_image(path, gradient(40, 30));
    const std::string whole = read_file(path, kInput);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        CHECK_FAILS(kInput, "a.png: cannot be decoded", read_image(write_test_file("a.png", whole.substr(0, size))));
    }
    std::string flipped = whole;
    flipped[flipped.size() / 2] = static_cast<char>(~flipped[flipped.size() / 2]);
    CHECK_FAILS(kInput, "a.png: cannot be decoded", read_image(write_test_file("a.png", flipped)));
    CHECK_FAILS(kInput, "a.png: cannot be decoded", read_image(write_test_file("a.png", "P6 1 1 255\nabc")));
}

TEST(images, a_folder_or_a_full_disk_in_place_of_a_file_is_told) {
    CHECK_FAILS(kInput, "Is a directory", read_file(test_folder(), kInput));
    CHECK_FAILS(kResource, "No space left", write_ppm("/dev/full", gradient(40, 30)));
    CHECK_FAILS(kEnvironment, "No such file", write_ppm(test_folder() + "/absent/a.ppm", gradient(4, 3)));
}
