// Whole files, and C streams that close themselves.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace mindframes {

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// Opens a file; throws a Failure with `exit_code` that names it.
File open_file(const std::string& path, const char* mode, int exit_code);

// Closes a file that was written; throws a Failure when what was written did not reach the disk.
void close_written(File file, const std::string& path);

// Returns what a file holds; throws a Failure with `exit_code` that names it.
std::string read_file(const std::string& path, int exit_code);

}  // namespace mindframes
