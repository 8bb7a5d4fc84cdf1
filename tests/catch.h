// The one door between the tests and Catch2: Debian 12 has 2.13 (one header), others have version 3.
#pragma once
#if __has_include(<catch2/catch.hpp>)
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
#endif
