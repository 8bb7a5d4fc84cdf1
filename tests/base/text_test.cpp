#include "base/text.h"

#include "catch.h"

using namespace croton;
using Words = std::vector<std::string>;

TEST_CASE("a command line is split at blanks outside quotes, and no character is special to a shell") {
  CHECK(split_arguments("  -O2  -g ") == Words{"-O2", "-g"});
  CHECK(split_arguments("-DX='a b' \"c d\"e ''") == Words{"-DX=a b", "c de", ""});
  CHECK(split_arguments("-I\\a;rm `x` $(y)\n&z") == Words{"-I\\a;rm", "`x`", "$(y)", "&z"});
  CHECK(split_arguments("") == Words{});
  CHECK_FALSE(split_arguments("a 'b"));
}

TEST_CASE("joined arguments split into the same arguments") {
  for (const Words& words : {Words{"a", "b"}, Words{"a b", "", "it's", "say \"x\"", "both \" and '"}, Words{}})
    CHECK(split_arguments(join_arguments(words)) == words);
}

TEST_CASE("edit distance counts insertions, removals, replacements and swaps, and ignores case") {
  CHECK(edit_distance("floatX", "FLOATX") == 0);
  CHECK(edit_distance("flotX", "floatX") == 1);
  CHECK(edit_distance("wiat", "wait") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("trim, lower, split and unquote") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("  ") == "");
  CHECK(lower("FloatX") == "floatx");
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(unquote("'a b'") == "a b");
  CHECK(unquote("'a' 'b'") == "'a' 'b'");
  CHECK(unquote("\"") == "\"");
}
