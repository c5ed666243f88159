// A small harness: TEST(group, name) { CHECK(...); } and a folder for each test.
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "failure.h"

namespace mindframes {

struct TestError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Registration {
    Registration(const char* group, const char* name, void (*body)());
};

// An empty folder of the running test, removed after it.
std::string test_folder();

// Writes a file of the running test and returns its path.
std::string write_test_file(const std::string& name, const std::string& content);

template <typename First, typename Second>
void check_equal(const First& first, const Second& second, const char* file, int line) {
    if (!(first == second)) {
        throw TestError(text(file, ":", line, ": got ", first, ", expected ", second));
    }
}

// Runs what has to throw a Failure with this exit code and these words in its message.
void check_fails(int exit_code, const std::string& words, const std::function<void()>& action, const char* file, int line);

}  // namespace mindframes

#define TEST(group, name)                                                                             \
    static void test_##name();                                                                        \
    static const mindframes::Registration registration_##name(#group, #name, test_##name);            \
    static void test_##name()
#define CHECK(condition)                                                                              \
    if (!(condition)) throw mindframes::TestError(mindframes::text(__FILE__, ":", __LINE__, ": not ", #condition))
#define CHECK_EQUAL(first, second) mindframes::check_equal(first, second, __FILE__, __LINE__)
#define CHECK_FAILS(code, words, ...) mindframes::check_fails(code, words, [&] { __VA_ARGS__; }, __FILE__, __LINE__)
