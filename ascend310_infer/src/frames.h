// Where frames come from and go to: folders of images, or raw RGB on standard input and output.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "picture.h"

namespace mindframes {

// Frames of one size, in order of time.
class FrameSource {
public:
    virtual ~FrameSource() = default;
    // Fills the next frame in; false after the last. Throws a Failure (kInput) for one that cannot be read.
    virtual bool read(Picture* frame) = 0;
};

// What was written takes its final name by `finish`, and leaves nothing behind without it.
class FrameSink {
public:
    virtual ~FrameSink() = default;
    virtual void write(const Picture& frame) = 0;
    virtual void finish() = 0;
};

// Lists the images of a folder in natural order (9 before 10), hidden files left out.
// Throws a Failure (kInput) when the folder cannot be read or holds none.
std::vector<std::string> list_images(const std::string& folder);

// The order of list_images: numbers inside names count by value, capitals as small letters.
bool natural_less(const std::string& first, const std::string& second);

class FolderSource : public FrameSource {
public:
    explicit FolderSource(const std::string& folder) : files_(list_images(folder)) {}
    bool read(Picture* frame) override;

private:
    std::vector<std::string> files_;
    std::size_t next_ = 0;
    int width_ = 0;
    int height_ = 0;
};

// Writes 00000000.png, 00000001.png, ... (or .ppm) into a folder beside `folder`, or beside what a link of that name
// leads to, renamed to it at the end.
// Throws a Failure (kUsage) when `folder` exists and is not an empty folder.
class FolderSink : public FrameSink {
public:
    FolderSink(const std::string& folder, const std::string& image_format);
    ~FolderSink() override;
    void write(const Picture& frame) override;
    void finish() override;

private:
    std::string folder_;
    std::string unfinished_;
    std::string suffix_;
    std::size_t count_ = 0;
    bool is_finished_ = false;
};

// Frames of `width` x `height`, three bytes a pixel, one after the other, from an open file.
class RawSource : public FrameSource {
public:
    RawSource(int descriptor, int width, int height) : descriptor_(descriptor), width_(width), height_(height) {}
    bool read(Picture* frame) override;

private:
    int descriptor_;
    int width_;
    int height_;
    std::size_t count_ = 0;
};

// The same, to an open file.
class RawSink : public FrameSink {
public:
    explicit RawSink(int descriptor) : descriptor_(descriptor) {}
    void write(const Picture& frame) override;
    void finish() override {}

private:
    int descriptor_;
};

}  // namespace mindframes
