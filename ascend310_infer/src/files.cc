#include "files.h"

#include <sys/stat.h>

#include <cerrno>

#include "failure.h"

namespace mindframes {

File open_file(const std::string& path, const char* mode, int exit_code) {
    File file(std::fopen(path.c_str(), mode));
    struct stat facts = {};
    if (file != nullptr && fstat(fileno(file.get()), &facts) == 0 && S_ISDIR(facts.st_mode)) {
        fail_system(exit_code, path, EISDIR);
    }
    if (file == nullptr) {
        fail_system(exit_code, path, errno);
    }
    return file;
}

void close_written(File file, const std::string& path) {
    const bool is_damaged = std::ferror(file.get()) != 0;
    const int number = errno;
    if (std::fclose(file.release()) != 0) {
        fail_system(kEnvironment, path, errno);
    }
    if (is_damaged) {
        fail_system(kEnvironment, path, number);
    }
}

std::string read_file(const std::string& path, int exit_code) {
    const File file = open_file(path, "rb", exit_code);
    std::string content;
    char part[1 << 16];
    while (const std::size_t count = std::fread(part, 1, sizeof part, file.get())) {
        content.append(part, count);
    }
    if (std::ferror(file.get()) != 0) {
        fail_system(exit_code, path, errno);
    }
    return content;
}

}  // namespace mindframes
