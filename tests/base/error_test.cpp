#include "base/error.h"

#include "catch.h"

using namespace croton;

TEST_CASE("a place is the file's name without its folder, and nothing where nothing is known") {
  CHECK(place({"/home/ada/fit.cpp", 12, "main"}) == "fit.cpp:12");
  CHECK(place({"fit.cpp", 3, ""}) == "fit.cpp:3");
  CHECK(place({}) == "");
}

TEST_CASE("an error carries its formatted text, with the place first where there is one") {
  CHECK_THROWS_WITH((fail<ShapeError>("dot: {} != {}", 3, 4)), "dot: 3 != 4");
  CHECK_THROWS_WITH((fail_at<DTypeError>({"a/b.cpp", 7, ""}, "cast: {}", "no")), "b.cpp:7: cast: no");
  CHECK_THROWS_WITH((fail_at<DTypeError>({}, "cast: {}", "no")), "cast: no");
}

TEST_CASE("every error is an Error, and an Error is a runtime_error") {
  CHECK_THROWS_AS(fail<ShapeError>("x"), Error);
  CHECK_THROWS_AS(fail<ConfigError>("x"), Error);
  CHECK_THROWS_AS(fail<FileError>("x"), std::runtime_error);
}
