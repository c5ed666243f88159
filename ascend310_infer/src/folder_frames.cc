#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "failure.h"
#include "frames.h"
#include "images.h"

namespace mindframes {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// Cuts the longest run of digits, or of anything else, off the front of what is left of a name.
std::string take_run(const std::string& name, std::size_t* place, bool of_digits) {
    const std::size_t start = *place;
    while (*place < name.size() && is_digit(name[*place]) == of_digits) {
        ++*place;
    }
    return name.substr(start, *place - start);
}

std::string folded(std::string part) {
    std::transform(part.begin(), part.end(), part.begin(), [](unsigned char c) { return std::tolower(c); });
    return part;
}

int compare_numbers(std::string first, std::string second) {
    first.erase(0, std::min(first.find_first_not_of('0'), first.size()));
    second.erase(0, std::min(second.find_first_not_of('0'), second.size()));
    if (first.size() != second.size()) {
        return first.size() < second.size() ? -1 : 1;
    }
    return first.compare(second);
}

}  // namespace

bool natural_less(const std::string& first, const std::string& second) {
    std::size_t at_first = 0, at_second = 0;
    while (at_first < first.size() && at_second < second.size()) {
        const std::string part = folded(take_run(first, &at_first, false));
        int order = part.compare(folded(take_run(second, &at_second, false)));
        if (order == 0 && at_first < first.size() && at_second < second.size()) {
            const std::string number = take_run(first, &at_first, true);
            order = compare_numbers(number, take_run(second, &at_second, true));
        }
        if (order != 0) {
            return order < 0;
        }
    }
    const bool is_longer = at_first < first.size(), is_shorter = at_second < second.size();
    return is_longer == is_shorter ? first < second : is_shorter;
}

std::vector<std::string> list_images(const std::string& folder) {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator place(folder, error), end; !error && place != end; place.increment(error)) {
        const std::string name = place->path().filename().string();
        if (name[0] != '.' && is_image_name(name) && place->is_regular_file(error)) {
            names.push_back(name);
        }
    }
    if (error) {
        fail(kInput, folder, ": cannot be read as a folder of images: ", error.message());
    }
    if (names.empty()) {
        fail(kInput, folder, ": needs PNG or PPM images; holds none");
    }
    std::sort(names.begin(), names.end(), natural_less);
    for (std::string& name : names) {
        name = (fs::path(folder) / name).string();
    }
    return names;
}

bool FolderSource::read(Picture* frame) {
    if (next_ == files_.size()) {
        return false;
    }
    const std::string& file = files_[next_++];
    *frame = read_image(file);
    if (next_ == 1) {
        width_ = frame->width;
        height_ = frame->height;
    }
    if (frame->width != width_ || frame->height != height_) {
        fail(kInput, file, ": needs ", width_, "x", height_, " as ", files_.front(), " has; got ", frame->width, "x",
             frame->height);
    }
    return true;
}

FolderSink::FolderSink(const std::string& folder, const std::string& image_format)
    : suffix_("." + image_format) {
    std::error_code error;
    folder_ = fs::weakly_canonical(fs::absolute(folder), error).string();  // a link leads to where the result lies
    if (error) {
        fail_system(kUsage, "--output_path " + folder + ": cannot be written", error.value());
    }
    while (folder_.size() > 1 && folder_.back() == '/') {
        folder_.pop_back();
    }
    if (fs::exists(fs::symlink_status(folder_, error)) &&
        !(fs::is_directory(folder_, error) && fs::is_empty(folder_, error))) {
        fail(kUsage, "--output_path ", folder, ": needs a name that is free, or an empty folder");
    }
    const fs::path parent = fs::path(folder_).parent_path();
    unfinished_ = (parent / text(".mindframes-", fs::path(folder_).filename().string(), "-", getpid())).string();
    fs::create_directories(parent, error);
    if (!error && !fs::create_directory(unfinished_, error) && !error) {
        error = std::make_error_code(std::errc::file_exists);
    }
    if (error) {
        unfinished_.clear();
        fail_system(kUsage, "--output_path " + folder + ": cannot be written", error.value());
    }
}

FolderSink::~FolderSink() {
    if (!is_finished_) {
        std::error_code ignored;
        fs::remove_all(unfinished_, ignored);
    }
}

void FolderSink::write(const Picture& frame) {
    char name[32];
    std::snprintf(name, sizeof name, "%08zu", count_++);
    write_image((fs::path(unfinished_) / (name + suffix_)).string(), frame);
}

void FolderSink::finish() {
    if (std::rename(unfinished_.c_str(), folder_.c_str()) != 0) {
        fail_system(kEnvironment, folder_, errno);
    }
    is_finished_ = true;
}

}  // namespace mindframes
