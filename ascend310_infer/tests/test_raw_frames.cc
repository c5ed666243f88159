#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "check.h"
#include "clips.h"
#include "interruption.h"

using namespace mindframes;

namespace {

struct Pipe {
    Pipe() { CHECK_EQUAL(pipe(ends), 0); }
    ~Pipe() {
        close(ends[0]);
        close_writing();
    }
    void close_writing() {
        if (ends[1] >= 0) {
            close(ends[1]);
        }
        ends[1] = -1;
    }
    int ends[2];
};

}  // namespace

TEST(raw_frames, frames_go_through_a_pipe_whatever_it_holds_at_once) {
    Pipe pipe;
    std::thread writer([&] {
        RawSink sink(pipe.ends[1]);
        for (int level = 0; level < 3; ++level) {
            sink.write(plain(200, 300, level));  // more than the 64 KiB of a pipe
        }
        sink.finish();
        pipe.close_writing();
    });
    RawSource source(pipe.ends[0], 200, 300);
    Picture frame;
    for (int level = 0; level < 3; ++level) {
        CHECK(source.read(&frame));
        CHECK(frame.pixels == plain(200, 300, level).pixels);
    }
    CHECK(!source.read(&frame));
    writer.join();
}

TEST(raw_frames, a_stream_that_ends_within_a_frame_is_refused) {
    Pipe pipe;
    CHECK_EQUAL(write(pipe.ends[1], "abcdefghi", 9), 9);
    pipe.close_writing();
    RawSource source(pipe.ends[0], 2, 1);
    Picture frame;
    CHECK(source.read(&frame));
    CHECK_FAILS(kInput, "within frame 1: needs 6 bytes of 2x1 RGB; got 3", source.read(&frame));
}

TEST(raw_frames, a_reader_that_has_gone_and_a_full_disk_are_told) {
    watch_signals();
    Pipe pipe;
    close(pipe.ends[0]);
    pipe.ends[0] = open("/dev/null", O_RDONLY);
    CHECK_FAILS(kEnvironment, "standard output: Broken pipe", RawSink(pipe.ends[1]).write(plain(2, 2, 0)));
    const int full = open("/dev/full", O_WRONLY);
    CHECK_FAILS(kResource, "No space left", RawSink(full).write(plain(2, 2, 0)));
    close(full);
}

TEST(raw_frames, a_signal_ends_a_waiting_read) {
    watch_signals();
    Pipe pipe;
    const pthread_t reader = pthread_self();
    std::atomic<bool> has_ended{false};
    bool was_ignored = false;
    std::thread sender([&] {
        // again and again: a signal that comes before the read begins does not end it
        for (int count = 0; count < 300 && !has_ended; ++count) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            pthread_kill(reader, SIGTERM);
        }
        was_ignored = !has_ended;
        pipe.close_writing();  // ends the read that no signal ended
    });
    RawSource source(pipe.ends[0], 2, 1);
    Picture frame;
    int exit_code = 0;
    try {
        source.read(&frame);
    } catch (const Failure& failure) {
        exit_code = failure.exit_code();
    }
    has_ended = true;
    sender.join();
    CHECK_EQUAL(exit_code, 128 + SIGTERM);
    CHECK(!was_ignored);
}
