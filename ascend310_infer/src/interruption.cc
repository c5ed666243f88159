#include "interruption.h"

#include <csignal>

#include "failure.h"

namespace mindframes {
namespace {

volatile std::sig_atomic_t g_signal = 0;

void note_signal(int number) { g_signal = number; }

}  // namespace

void watch_signals() {
    struct sigaction action = {};
    action.sa_handler = note_signal;  // without SA_RESTART, so that a waiting read returns
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

void check_interrupted() {
    if (g_signal != 0) {
        fail(128 + g_signal, g_signal == SIGINT ? "SIGINT" : "SIGTERM", ": ended before the last frame");
    }
}

}  // namespace mindframes
