// PNG by libpng. Its errors jump, so that nothing with a destructor lives in the functions it jumps out of.
#include "images.h"

#include "failure.h"
#include "files.h"

#ifdef MINDFRAMES_HAS_PNG

#include <png.h>

#include <csetjmp>

namespace mindframes {
namespace {

struct Progress {
    char message[128] = "";
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    auto* progress = static_cast<Progress*>(png_get_error_ptr(png));
    std::snprintf(progress->message, sizeof progress->message, "%s", message);
    png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

// Reads the header and asks for 8-bit RGB, without any change of colours.
bool read_header(png_structp png, png_infop info, std::FILE* file) {
    if (setjmp(png_jmpbuf(png)) != 0) {
        return false;
    }
    png_init_io(png, file);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(png, kLargestSide, kLargestSide);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return true;
}

bool read_rows(png_structp png, png_bytepp rows) {
    if (setjmp(png_jmpbuf(png)) != 0) {
        return false;
    }
    png_read_image(png, rows);
    png_read_end(png, nullptr);
    return true;
}

bool write_rows(png_structp png, png_infop info, std::FILE* file, png_bytepp rows, int width, int height) {
    if (setjmp(png_jmpbuf(png)) != 0) {
        return false;
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 3);  // a third of the time of the default level, for some percent more bytes
    png_set_rows(png, info, rows);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
    return true;
}

std::vector<png_bytep> rows_of(const Picture& picture) {
    std::vector<png_bytep> rows;
    for (int y = 0; y < picture.height; ++y) {
        rows.push_back(const_cast<png_bytep>(picture.pixels.data()) + Picture::byte_count(picture.width, y));
    }
    return rows;
}

struct Reader {
    explicit Reader(Progress* progress)
        : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, progress, on_error, on_warning)),
          info(png_create_info_struct(png)) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    png_structp png;
    png_infop info;
};

struct Writer {
    explicit Writer(Progress* progress)
        : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, progress, on_error, on_warning)),
          info(png_create_info_struct(png)) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { png_destroy_write_struct(&png, &info); }
    png_structp png;
    png_infop info;
};

}  // namespace

bool has_png() { return true; }

Picture read_png(const std::string& path) {
    const File file = open_file(path, "rb", kInput);
    Progress progress;
    const Reader reader(&progress);
    if (!read_header(reader.png, reader.info, file.get())) {
        fail(kInput, path, ": cannot be decoded as PNG: ", progress.message);
    }
    const long width = png_get_image_width(reader.png, reader.info);
    const long height = png_get_image_height(reader.png, reader.info);
    if (!is_sane_size(width, height) || png_get_rowbytes(reader.png, reader.info) != 3 * static_cast<size_t>(width)) {
        fail(kInput, path, ": needs RGB of 1 to ", kLargestSide, " pixels a side; got ", width, "x", height);
    }
    Picture picture(static_cast<int>(width), static_cast<int>(height));
    auto rows = rows_of(picture);
    if (!read_rows(reader.png, rows.data())) {
        fail(kInput, path, ": cannot be decoded as PNG: ", progress.message);
    }
    return picture;
}

void write_png(const std::string& path, const Picture& picture) {
    File file = open_file(path, "wb", kEnvironment);
    Progress progress;
    const Writer writer(&progress);
    auto rows = rows_of(picture);
    const bool is_written = write_rows(writer.png, writer.info, file.get(), rows.data(), picture.width, picture.height);
    close_written(std::move(file), path);
    if (!is_written) {
        fail(kEnvironment, path, ": cannot be written as PNG: ", progress.message);
    }
}

}  // namespace mindframes

#else

namespace mindframes {

bool has_png() { return false; }

Picture read_png(const std::string& path) {
    fail(kEnvironment, path, ": this program was built without libpng; give PPM images or raw RGB");
}

void write_png(const std::string& path, const Picture&) {
    fail(kEnvironment, path, ": this program was built without libpng; ask for --image_format ppm");
}

}  // namespace mindframes

#endif
