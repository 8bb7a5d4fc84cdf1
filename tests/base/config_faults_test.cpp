// What a badly written configuration is told.
#include <unistd.h>

#include "base/config_entries.h"
#include "config_fixture.h"

using namespace croton;

TEST_CASE("K1: an unknown key names file, line, column, key, value, the nearest and what is allowed") {
  CHECK(file_refusal("[global]\ndevice = cpu\n  flotX = float32\n") ==
        "RC:3:3: unknown key 'flotX' (value 'float32')\n"
        "  did you mean 'floatX'?\n"
        "  keys of [global]: device, floatX, mode, openmp, threads, math, optimizer_unsafe, warn_float64, "
        "on_unused_input, allow_input_downcast, profile, dump, check_ir, check_nan, emulator_check");
  CHECK(says(file_refusal("[global]\ncxxflags = -O1\n"), "did you mean 'gcc.cxxflags', that is cxxflags in [gcc]?"));
  CHECK(
      says(file_refusal("[gcc]\nxyzzy = 1\n"), "RC:2:1: unknown key 'gcc.xyzzy' (value '1')\n  keys of [gcc]: cxx, "));
}

TEST_CASE("K1: an unknown section, a value of no kind, a line without =, text before a section") {
  CHECK(file_refusal("[globl]\n") ==
        "RC:1:1: unknown section [globl]\n  did you mean [global]?\n"
        "  sections: [global], [blas], [gcc], [nvcc], [cuda], [compile]");
  CHECK(file_refusal("[global]\nfloatX = float31 # typo\n") ==
        "RC:2:10: floatX = 'float31': no such value\n  did you mean 'float32'?\n"
        "  allowed for floatX: float64, float32, float16");
  CHECK(file_refusal("[global]\ndevice\n") ==
        "RC:2:1: 'device' has no value; write device = value\n"
        "  a value stands on one line; further lines are not joined to it");
  CHECK(file_refusal("device = cpu\n") ==
        "RC:1:1: 'device' stands before any section\n  put [global] on a line before it");
  CHECK(file_refusal("[global]\n= cpu\n") == "RC:2:1: there is no key before '='");
  CHECK(file_refusal("[global\n") == "RC:1:1: '[global': a section is written [name]");
  CHECK(file_refusal("[global]\ndump = 'a\n") == "RC:2:8: this quote is not closed");
}

TEST_CASE("K1: Theano's values that are not here name what is") {
  CHECK(says(flags_refusal("mode=ProfileMode"), "mode = 'ProfileMode': Theano's ProfileMode is profile=True here"));
  CHECK(
      says(flags_refusal("mode=NanGuardMode"), "mode = 'NanGuardMode': Theano's NanGuardMode is check_nan=True here"));
  CHECK(says(flags_refusal("mode=DEBUG_MODE"), "check_ir=True verifies every pass"));
  CHECK(says(flags_refusal("warn_float64=pdb"), "there is no Python debugger to stop in; raise throws"));
  CHECK(says(flags_refusal("warn_float64=pdb"), "allowed for warn_float64: ignore, warn, raise"));
}

TEST_CASE("K1: a mode that does not exist yet is told which do") {
  CHECK(says(flags_refusal("mode=DebugMode"), "allowed for mode: FAST_RUN, FAST_COMPILE"));
}

TEST_CASE("K1: a key twice in one file or in the flags, in any spelling, is an error") {
  CHECK(file_refusal("[gcc]\ncxx = a\n[global]\ngcc__CXX = b\n") ==
        "RC:4:1: 'gcc.CXX' is set a second time (to 'b')\n  first at RC:2:1, to 'a'");
  CHECK(says(flags_refusal("device=cpu,DEVICE=cuda"), "'DEVICE' is set a second time (to 'cuda')"));
}

TEST_CASE("an unknown device is told what there is, and reading the configuration opens none") {
  CHECK(file_refusal("[global]\ndevice = gpuu\n") ==
        "RC:2:10: device = 'gpuu': no such device\n  did you mean 'gpu'?\n"
        "  allowed for device: cpu, cuda or gpu (cuda0, gpu1, ... with a number), emulator, auto");
  for (const char* wrong : {"opencl0:0", "cuda-1", "cuda0x", "gpu1234", "cpu0", ""})
    CHECK(says(flags_refusal(std::string("device=") + wrong), "no such device"));
  CHECK(from_flags("device=gpu7").text("device") == "gpu7");
}

TEST_CASE("K2: a folder, an unreadable file, too large a file, binary, UTF-16") {
  const auto of = [](const std::string& path) { return refusal([&] { load_config(sources(path)); }); };
  CHECK(of("/tmp") == "/tmp: is a folder, not a configuration file");
  CHECK(says(file_refusal(std::string(1 << 20, '#') + "\n"), "RC: larger than 1 MB"));
  CHECK(says(file_refusal("[global]\ndump = " + std::string(10 << 20, 'x')), "RC: larger than 1 MB"));
  CHECK(file_refusal(std::string("[global]\0\n", 10)) == "RC: byte 8 is 0, so it is no text");
  CHECK(says(file_refusal(std::string("\xFF\xFE[\0", 4)), "it looks like UTF-16"));
  CHECK(file_refusal("[global]\ndump = a\x01z\n") == "RC:2:9: byte 0x01 in a text");
  const RcFile file("[global]\n", 0);
  const bool root = ::geteuid() == 0;  // root reads everything, so it becomes nobody for a moment
  if (root) REQUIRE(::seteuid(65534) == 0);
  const std::string unreadable = of(file.path);
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(unreadable == file.path + ": cannot be read: Permission denied");
}

TEST_CASE("K3: malformed flags are shown with a caret") {
  CHECK(flags_refusal("floatX=float32,device") ==
        "CROTON_FLAGS: 'device' has no value; write device=value\n"
        "  floatX=float32,device\n"
        "                 ^");
  CHECK(flags_refusal("=x") == "CROTON_FLAGS: there is no key before '='\n  =x\n  ^");
  CHECK(flags_refusal("device=cpu,") ==
        "CROTON_FLAGS: nothing between commas; write key=value\n  device=cpu,\n             ^");
  CHECK(flags_refusal("device=cpu,,floatX=float32").find("nothing between commas") != std::string::npos);
  CHECK(flags_refusal("dump='a,b") == "CROTON_FLAGS: this quote is not closed\n  dump='a,b\n       ^");
  CHECK(flags_refusal("device=gpuu") ==
        "CROTON_FLAGS: device = 'gpuu': no such device\n  device=gpuu\n         ^\n  did you mean 'gpu'?\n"
        "  allowed for device: cpu, cuda or gpu (cuda0, gpu1, ... with a number), emulator, auto");
  CHECK(flags_refusal("  ").empty());
}

TEST_CASE("K3: of a long line of flags the part around the fault is shown") {
  const std::string text =
      flags_refusal("dump=" + std::string(500, 'a') + ",devce=cpu,openmp=" + std::string(500, 'b'));
  CHECK(says(text, ",devce=cpu,"));
  const std::size_t line = text.find("\n  ") + 3, caret = text.find('^');
  const std::size_t next = text.find('\n', line);
  CHECK(text.substr(line + caret - next - 3, 5) == "devce");
  CHECK(text.size() < 600);
}

TEST_CASE("K4: numbers are whole, in range, and read without the locale") {
  CHECK(flags_refusal("threads=-1") ==
        "CROTON_FLAGS: threads = '-1': out of range\n  threads=-1\n          ^\n"
        "  allowed for threads: a whole number of threads from 0 to 1024");
  for (const char* wrong : {"", "0x10", "1,5", "1e400", "1.5", "many", "5 threads"})
    CHECK(says(file_refusal(std::string("[global]\nthreads = ") + wrong + "\n"), "not a whole number"));
  CHECK(says(flags_refusal("threads=99999999999999999999"), "out of range"));
  CHECK(says(flags_refusal("compile.cache_size=9999999TiB"), "out of range"));
  CHECK(says(flags_refusal("compile.timeout=0"), "seconds from 1 to 86400"));
  CHECK(says(flags_refusal("compile.timeout=3MiB"), "not a whole number"));
  CHECK(says(flags_refusal("cuda.pool_cap=3 MB"), "also as 512MiB or 2GiB"));
  CHECK(from_flags("threads = 5 ").number("threads") == 5);
  CHECK(flags_refusal("openmp=Flase") ==
        "CROTON_FLAGS: openmp = 'Flase': not a switch\n  openmp=Flase\n         ^\n  did you mean 'False'?\n"
        "  allowed for openmp: True, False");
}

TEST_CASE("K5: values that refer to each other in a circle are an error, an unknown name is kept with a warning") {
  CHECK(file_refusal("[gcc]\ncxx = %(cxxflags)s\ncxxflags = -O1 %(cxx)s\n") ==
        "RC:2:7: gcc.cxx -> gcc.cxxflags -> gcc.cxx: the values refer to each other in a circle");
  const WarningsHeard heard;
  CHECK(from_file("[global]\ndump = %(nothing)s/x\n").text("dump") == "%(nothing)s/x");
  REQUIRE(heard.texts.size() == 1);
  CHECK(says(heard.texts[0], ":2:8: %(nothing)s is kept as it is: there is no key 'nothing' in [global]"));
}

TEST_CASE("K5: values that multiply each other end in an error, not in a full memory") {
  std::string text = "[dnn]\n";
  const std::string names = "abcdefghi";
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    text += std::string(1, names[i]) + " = ";
    for (int n = 0; n < 40; ++n) text += std::string("%(") + names[i + 1] + ")s";
    text += "\n";
  }
  CHECK(says(file_refusal(text + "i =\n"), "refer to each other too often"));
  CHECK(says(file_refusal("[dnn]\na = %(b)s%(b)s\nb = %(c)s%(c)s\nc = " + std::string(400000, 'x')), "beyond 1 MB"));
}

TEST_CASE("K8: a file that others may write is read with a warning that names its mode") {
  const WarningsHeard heard;
  const RcFile file("[global]\nfloatX = float32\n", 0622);
  CHECK(load_config(sources(file.path)).text("floatX") == "float32");
  REQUIRE(heard.texts.size() == 1);
  CHECK(heard.texts[0] ==
        file.path + ": others may write it (mode 0622), and it holds flags for a compiler; chmod go-w " + file.path);
}

TEST_CASE("a program is told where it set a wrong key, and nothing changes") {
  const std::string what = refusal([] { const ScopedConfig scope{"openmp=False,floatY=float32"}; });
  CHECK(says(what, "config_faults_test.cpp:"));
  CHECK(says(what, ": ScopedConfig: unknown key 'floatY' (value 'float32')\n  openmp=False,floatY=float32\n"));
  CHECK(config_value("openmp") == "True");
  CHECK(says(refusal([] { set_config("floatX", "int8"); }), ": set_config: floatX = 'int8': no such value"));
  CHECK(floatX() == float64);
  CHECK(refusal([] { config_value("devise"); }) ==
        "config_value: there is no key 'devise'\n  did you mean 'device'?\n  keys: `croton config` lists them");
}

TEST_CASE("a path with ~ needs a home, and a command line needs its quotes closed") {
  CHECK(says(refusal([] {
               load_config({"", "dump=~/x", "", {}});
             }),
             "dump = '~/x': HOME is not set, so ~ has no meaning"));
  CHECK(says(file_refusal("[gcc]\ncxxflags = -I/it's\n"), "gcc.cxxflags = '-I/it's': a quote is not closed"));
}

TEST_CASE("whatever bytes a file or the flags hold, the answer is a configuration or a ConfigError") {
  const WarningsHeard heard;
  const std::string seed =
      "[global]\ndevice = gpu # c\nfloatX='float32'\n[gcc]\ncxxflags = -DX=\"a b\" "
      "%(cxx)s\ncxx=~/g++\n[compile]\nwait: 7\n";
  const std::string pieces[] = {"[",  "]",  "=", "'", "\"", "%(", ")s",   "%(wait)s",
                                "\n", "\r", "#", ",", "__", ".",  "\x7f", "\xff"};
  std::uint64_t state = 1;
  const auto below = [&](std::size_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % n;
  };
  int accepted = 0, refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = seed;
    for (std::size_t edits = below(4); edits > 0; --edits)
      text.replace(below(text.size()), below(5), pieces[below(16)]);
    const std::string what = refusal([&] {
      parse_config_text(text, "RC", {});
      from_flags(text.substr(below(text.size())));
    });
    ++(what.empty() ? accepted : refused);
  }
  CHECK(accepted > 10);
  CHECK(refused > 1000);
}

TEST_CASE("K8: a file of another user is read with a warning that names the owner") {
  if (::geteuid() != 0) {
    WARN("skipped: giving a file away needs root");
    return;
  }
  const RcFile file("[global]\nfloatX = float32\n");
  REQUIRE(::chown(file.path.c_str(), 12345, 12345) == 0);
  const WarningsHeard heard;
  CHECK(load_config(sources(file.path)).text("floatX") == "float32");
  REQUIRE(heard.texts.size() == 1);
  CHECK(heard.texts[0] ==
        file.path +
            ": belongs to another user (uid 12345, you are 0), and it holds flags for a compiler; copy "
            "it, or chown it");
}

TEST_CASE("K2: a home that is no folder holds no configuration") {
  ConfigSources nowhere = sources("");
  nowhere.files = std::nullopt;
  nowhere.home = "/dev/null";
  CHECK(load_config(nowhere).text("device") == "cpu");
}
