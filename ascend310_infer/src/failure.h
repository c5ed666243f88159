// Every failure a user can cause: one line, and the exit code that src/errors.py gives its kind.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace mindframes {

constexpr int kUsage = 2;        // a flag, or a combination of them, that cannot be meant
constexpr int kInput = 3;        // frames that cannot be read as what they should be
constexpr int kWeights = 4;      // an export that is damaged or does not compute what it should
constexpr int kEnvironment = 5;  // a runtime, a device or a reader of our output that is missing or does not fit
constexpr int kResource = 6;     // memory or disk that is used up

class Failure : public std::runtime_error {
public:
    Failure(int exit_code, const std::string& message) : std::runtime_error(message), exit_code_(exit_code) {}
    int exit_code() const { return exit_code_; }

private:
    int exit_code_;
};

template <typename... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

template <typename... Parts>
[[noreturn]] void fail(int exit_code, const Parts&... parts) {
    throw Failure(exit_code, text(parts...));
}

// Throws the Failure of a system call that left `number` in errno: kResource where the disk is full, else `exit_code`.
[[noreturn]] void fail_system(int exit_code, const std::string& what, int number);

}  // namespace mindframes
