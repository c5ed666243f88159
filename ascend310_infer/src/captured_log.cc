#include "captured_log.h"

#include <unistd.h>

#include "failure.h"

namespace mindframes {

CapturedLog::CapturedLog() : file_(std::tmpfile()), standard_error_(file_ == nullptr ? -1 : dup(STDERR_FILENO)) {
    std::fflush(stderr);
    if (standard_error_ >= 0) {
        dup2(fileno(file_), STDERR_FILENO);
    }
}

std::string CapturedLog::stop() {
    std::string log;
    if (standard_error_ >= 0) {
        std::fflush(stderr);
        dup2(standard_error_, STDERR_FILENO);
        close(standard_error_);
        standard_error_ = -1;
        char part[4096];
        std::rewind(file_);
        while (const std::size_t count = std::fread(part, 1, sizeof part, file_)) {
            log.append(part, count);
        }
    }
    if (file_ != nullptr) {
        std::fclose(file_);
        file_ = nullptr;
    }
    return log;
}

std::string first_error(const std::string& log) {
    const std::size_t error = log.find("[ERROR]");
    if (error == std::string::npos) {
        return "";
    }
    const std::string line = log.substr(error, log.find('\n', error) - error);
    // [ERROR] LITE(process,thread,program):date [file:line] function] message
    const std::size_t place = line.find("] ", line.find(" [", 1) + 1);
    const std::size_t function = place == std::string::npos ? place : line.find("] ", place + 2);
    const std::size_t start = function == std::string::npos ? place : function;
    return start == std::string::npos ? line : line.substr(start + 2);
}

}  // namespace mindframes
