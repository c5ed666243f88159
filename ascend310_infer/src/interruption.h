// SIGINT and SIGTERM end the program between two frames, so that nothing unfinished is left behind.
#pragma once

namespace mindframes {

// Notes both signals from now on instead of dying of them, and makes a closed pipe an error of the write.
void watch_signals();

// Throws a Failure with the exit code 128 + the signal's number once one has come.
void check_interrupted();

}  // namespace mindframes
