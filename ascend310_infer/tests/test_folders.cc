#include <filesystem>

#include "check.h"
#include "clips.h"
#include "images.h"

using namespace mindframes;
namespace fs = std::filesystem;

TEST(folders, names_are_sorted_by_the_value_of_their_numbers) {
    CHECK(natural_less("9.png", "10.png"));
    CHECK(natural_less("a2b10", "a2b011"));
    CHECK(natural_less("A1", "b0"));
    CHECK(natural_less("im", "im1"));
    CHECK(natural_less("007", "7"));
    CHECK(!natural_less("7", "007"));
    CHECK(!natural_less("a1", "a1"));
    CHECK(natural_less("x99999999999999999998", "x99999999999999999999"));
}

TEST(folders, frames_come_in_order_and_what_is_no_image_is_left_out) {
    for (const int level : {10, 9, 1}) {
        write_image(test_folder() + text("/", level, ".ppm"), plain(3, 2, level));
    }
    write_test_file("notes.txt", "no image");
    write_test_file(".hidden.ppm", "no image");
    FolderSource source(test_folder());
    Picture frame;
    for (const int level : {1, 9, 10}) {
        CHECK(source.read(&frame));
        CHECK_EQUAL(int{frame.pixels[0]}, level);
    }
    CHECK(!source.read(&frame));
}

TEST(folders, folders_without_frames_and_frames_of_two_sizes_are_refused) {
    CHECK_FAILS(kInput, "holds none", FolderSource{test_folder()});
    CHECK_FAILS(kInput, "cannot be read", FolderSource{test_folder() + "/absent"});
    write_image(test_folder() + "/0.ppm", plain(3, 2, 0));
    write_image(test_folder() + "/1.ppm", plain(2, 3, 0));
    FolderSource source(test_folder());
    Picture frame;
    CHECK(source.read(&frame));
    CHECK_FAILS(kInput, "needs 3x2 as", source.read(&frame));
}

TEST(folders, a_result_appears_when_it_is_finished_and_not_before) {
    const std::string folder = test_folder() + "/a/result";
    FolderSink sink(folder + "/", "ppm");
    sink.write(plain(3, 2, 5));
    sink.write(plain(3, 2, 6));
    CHECK(!fs::exists(folder));
    sink.finish();
    CHECK_EQUAL(int{read_image(folder + "/00000001.ppm").pixels[0]}, 6);
    CHECK_EQUAL(std::distance(fs::directory_iterator(test_folder() + "/a"), {}), 1);
}

TEST(folders, a_link_to_an_empty_folder_stays_and_leads_to_the_result) {
    fs::create_directories(test_folder() + "/disk/large");
    fs::create_directory_symlink("disk/large", test_folder() + "/result");
    FolderSink sink(test_folder() + "/result/", "ppm");
    sink.write(plain(3, 2, 5));
    sink.finish();
    CHECK(fs::is_symlink(test_folder() + "/result"));
    CHECK_EQUAL(int{read_image(test_folder() + "/disk/large/00000000.ppm").pixels[0]}, 5);
    CHECK_EQUAL(std::distance(fs::directory_iterator(test_folder() + "/disk"), {}), 1);
}

TEST(folders, links_that_lead_nowhere_are_no_places_for_a_result) {
    fs::create_symlink("absent", test_folder() + "/dangling");
    fs::create_symlink("loop", test_folder() + "/loop");
    CHECK_FAILS(kUsage, "needs a name that is free", FolderSink(test_folder() + "/dangling", "png"));
    CHECK_FAILS(kUsage, "cannot be written", FolderSink(test_folder() + "/loop", "png"));
}

TEST(folders, an_unfinished_result_leaves_nothing_behind) {
    {
        FolderSink sink(test_folder() + "/result", "ppm");
        sink.write(plain(3, 2, 5));
    }
    CHECK(fs::is_empty(test_folder()));
}

TEST(folders, what_exists_is_never_written_over) {
    write_test_file("kept.txt", "kept");
    CHECK_FAILS(kUsage, "needs a name that is free", FolderSink(test_folder(), "png"));
    CHECK_FAILS(kUsage, "needs a name that is free", FolderSink(test_folder() + "/kept.txt", "png"));
    CHECK_FAILS(kUsage, "cannot be written", FolderSink(test_folder() + "/kept.txt/result", "png"));
}
