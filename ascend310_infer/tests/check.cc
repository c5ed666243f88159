#include "check.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace mindframes {
namespace {

struct Test {
    std::string group;
    std::string name;
    void (*body)();
};

std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

int run_group(const std::string& group) {
    int run = 0, failed = 0;
    for (const Test& test : tests()) {
        if (test.group != group) {
            continue;
        }
        ++run;
        try {
            test.body();
        } catch (const std::exception& error) {
            ++failed;
            std::fprintf(stderr, "%s.%s: %s\n", group.c_str(), test.name.c_str(), error.what());
        }
        std::filesystem::remove_all(test_folder());
    }
    std::printf("%s: %d tests, %d failed\n", group.c_str(), run, failed);
    return run == 0 || failed > 0 ? 1 : 0;
}

}  // namespace

Registration::Registration(const char* group, const char* name, void (*body)()) { tests().push_back({group, name, body}); }

std::string test_folder() {
    const auto folder = std::filesystem::temp_directory_path() / text("mindframes-tests-", getpid());
    std::filesystem::create_directories(folder);
    return folder.string();
}

std::string write_test_file(const std::string& name, const std::string& content) {
    const std::string path = test_folder() + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

void check_fails(int exit_code, const std::string& words, const std::function<void()>& action, const char* file, int line) {
    try {
        action();
    } catch (const Failure& failure) {
        const std::string message = failure.what();
        if (failure.exit_code() != exit_code || message.find(words) == std::string::npos) {
            throw TestError(text(file, ":", line, ": got ", failure.exit_code(), ", ", message));
        }
        if (message.find('\n') != std::string::npos) {
            throw TestError(text(file, ":", line, ": more than one line: ", message));
        }
        return;
    }
    throw TestError(text(file, ":", line, ": no failure; expected ", exit_code, ", ", words));
}

}  // namespace mindframes

int main(int count, char** words) { return count == 2 ? mindframes::run_group(words[1]) : 2; }
