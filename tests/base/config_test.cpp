// What the configuration means when it is well written.
#include "base/config.h"

#include <atomic>
#include <thread>

#include "config_fixture.h"
#include "croton/base.h"

using namespace croton;

static const char* tutorial_file =
    "[global]\n"
    "device=gpu\n"
    "floatX=float32\n"
    "openmp=False\n"
    "[blas]\n"
    "ldflags=\n"
    "[gcc]\n"
    "cxxflags = -ID:\\Anaconda2\\MinGW\n"
    "[cuda]\n"
    "root=C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA\\v7.5\\bin\n"
    "[nvcc]\n"
    "fastmath=True\n"
    "flags= -LD:\\Anaconda2\\libs\n"
    "compiler_bindir=C:\\Program Files (x86)\\Microsoft Visual Studio 10.0\\VC\\bin\n";

TEST_CASE("the Theano tutorial's file parses as it is, and keys without a meaning say why once") {
  const WarningsHeard heard;
  const Config config = from_file(tutorial_file);
  CHECK(config.text("device") == "gpu");
  CHECK(config.text("floatX") == "float32");
  CHECK_FALSE(config.flag("openmp"));
  CHECK(config.text("blas.ldflags").empty());
  CHECK(config.arguments("gcc.cxxflags") == std::vector<std::string>{"-ID:\\Anaconda2\\MinGW"});
  CHECK(config.text("cuda.root") == "C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA\\v7.5\\bin");
  CHECK(config.flag("nvcc.fastmath"));
  REQUIRE(heard.texts.size() == 2);
  CHECK(says(heard.texts[0], ":13:1: nvcc.flags does nothing here: no nvcc is run"));
  CHECK(says(heard.texts[1], ":14:1: nvcc.compiler_bindir does nothing here: no nvcc is run"));
  from_file(tutorial_file);
  CHECK(heard.texts.size() == 2);
}

TEST_CASE("a file written by a Windows editor reads the same: BOM, CRLF, no newline at the end") {
  const Config config = from_file("\xEF\xBB\xBF[global]\r\nfloatX = float32\r\n\r\n[gcc]\r\ncxxflags = -O1");
  CHECK(config.text("floatX") == "float32");
  CHECK(config.text("gcc.cxxflags") == "-O1");
}

TEST_CASE("sections, keys and listed values ignore case; blanks and trailing comments are free") {
  const Config config = from_file(
      "  [GLOBAL] # for all\n\t DEVICE  =  CUDA0 ; the first\n"
      "floatx:Float32\t# single\n; a line\n# another\nopenmp = FALSE\nMode = fast_compile\n");
  CHECK(config.text("device") == "cuda0");
  CHECK(config.text("floatX") == "float32");
  CHECK_FALSE(config.flag("openmp"));
  CHECK(config.text("mode") == "FAST_COMPILE");
}

TEST_CASE("quotes protect comment signs, and a # inside a word is no comment") {
  const Config config = from_file("[gcc]\ncxx = \"/opt/a # b/g++\" # ours\ncxxflags = -DX='a ;b' -DY=c#d\n");
  CHECK(config.text("gcc.cxx") == "/opt/a # b/g++");
  CHECK(config.arguments("gcc.cxxflags") == std::vector<std::string>{"-DX=a ;b", "-DY=c#d"});
}

TEST_CASE("keys may be written a.b and a__b, in flags and in files") {
  const Config flags = from_flags("gcc__cxxflags='-O3,-g', compile.timeout = 7 ,\"blas.ldflags=-L/x -lblas\"");
  CHECK(flags.text("gcc.cxxflags") == "-O3,-g");
  CHECK(flags.number("compile.timeout") == 7);
  CHECK(flags.arguments("blas.ldflags") == std::vector<std::string>{"-L/x", "-lblas"});
  CHECK(from_file("[global]\ngcc__cxx = clang++\n").text("gcc.cxx") == "clang++");
  CHECK(from_file("[global]\ncxx = g++-12\n").text("gcc.cxx") == "g++-12");
}

TEST_CASE("flags win over files, later files over earlier ones, and each value knows where it came from") {
  const RcFile first("[global]\nfloatX = float32\nopenmp = False\nthreads = 3\n");
  const RcFile second("[global]\nopenmp = True\nthreads = 5\n");
  const Config config = load_config(sources(first.path + ":" + second.path, "threads=2"));
  const auto source = [&](const char* key) { return config.value(find_config_row(key)).source; };
  CHECK(config.text("floatX") == "float32");
  CHECK(source("floatX") == first.path + ":2");
  CHECK(config.flag("openmp"));
  CHECK(source("openmp") == second.path + ":2");
  CHECK(config.number("threads") == 2);
  CHECK(source("threads") == "CROTON_FLAGS");
  CHECK(source("device") == "default");
}

TEST_CASE("without CROTONRC the files are ~/.crotonrc and ~/.crotonrc.txt; an empty one means none; ~ is expanded") {
  ConfigSources s{std::nullopt, "", "/home/ada", {}};
  CHECK(config_files(s) == std::vector<std::string>{"/home/ada/.crotonrc", "/home/ada/.crotonrc.txt"});
  s.files = "~/a: /b ";
  CHECK(config_files(s) == std::vector<std::string>{"/home/ada/a", "/b"});
  s.files = "";
  CHECK(config_files(s).empty());
}

TEST_CASE("a file that is not there is no error, but CROTONRC should not name it") {
  const WarningsHeard heard;
  CHECK(load_config({std::nullopt, "", "/nowhere", {}}).text("device") == "cpu");
  CHECK(heard.texts.empty());
  load_config(sources("/nowhere/rc"));
  CHECK(heard.texts == std::vector<std::string>{"/nowhere/rc: no such file, though CROTONRC names it"});
}

TEST_CASE("%(name)s stands for the environment's names and for keys of the same section, %% for %") {
  const Config config = from_file(
      "[global]\ndump = %(TMPDIR)s/%(USER)s-%(PID)s\n"
      "[gcc]\ncxx = /opt/%(user)s/g++\ncxxflags = -DCXX=%(cxx)s -DP=5%% -DQ=5%\n");
  CHECK(config.text("dump") == "/tmp/ada-42");
  CHECK(config.text("gcc.cxxflags") == "-DCXX=/opt/ada/g++ -DP=5% -DQ=5%");
}

TEST_CASE("paths expand ~, sizes have units, switches have several spellings") {
  const Config config = from_flags("dump=~/d,compile.cache_size=512 MiB,cuda.pool_cap=1073741824,openmp=0,profile=yes");
  CHECK(config.text("dump") == "/home/ada/d");
  CHECK(config.number("compile.cache_size") == Index{512} << 20);
  CHECK(config.number("cuda.pool_cap") == Index{1} << 30);
  CHECK_FALSE(config.flag("openmp"));
  CHECK(config.flag("profile"));
}

TEST_CASE("the devices that may be written") {
  for (const char* name : {"cpu", "cuda", "cuda0", "cuda15", "gpu", "GPU1", "emulator", "Auto"})
    CHECK(same_ignoring_case(from_flags(std::string("device=") + name).text("device"), name));
}

TEST_CASE("the defaults: cpu, float64, threads allowed, two gibibytes of cache, five minutes of compiler") {
  const Config config;
  CHECK(config.text("device") == "cpu");
  CHECK(config.text("floatX") == "float64");
  CHECK(config.flag("openmp"));
  CHECK(config.number("threads") == 0);
  CHECK(config.text("mode") == "FAST_RUN");
  CHECK(config.text("on_unused_input") == "raise");
  CHECK(config.number("compile.cache_size") == Index{2} << 30);
  CHECK(config.number("compile.timeout") == 300);
}

TEST_CASE("Theano's own default mode is FAST_RUN") { CHECK(from_flags("mode=Mode").text("mode") == "FAST_RUN"); }

TEST_CASE("a switch for less accurate functions says that it does nothing yet, once, and only where it is on") {
  const WarningsHeard heard;
  from_flags("gcc.fastmath=False,nvcc.fastmath=True");
  CHECK(heard.texts.empty());
  from_flags("gcc.fastmath=True");
  from_flags("gcc.fastmath=True");
  CHECK(heard.texts ==
        std::vector<std::string>{
            "CROTON_FLAGS: gcc.fastmath=True does nothing yet: elementary functions keep their stated error"});
}

TEST_CASE("while a snapshot is in use, its thread reads it and no other does") {
  const auto before = config_snapshot();
  const ScopedConfig scope{"floatX=float32"};
  {
    const ConfigInUse use(before);
    CHECK(floatX() == float64);
    {
      const ConfigInUse nothing(nullptr);
      CHECK(floatX() == float64);
    }
    DType elsewhere = float64;
    std::thread([&] { elsewhere = floatX(); }).join();
    CHECK(elsewhere == float32);
  }
  CHECK(floatX() == float32);
}

TEST_CASE("the compiler's flags lose -ffast-math and its kin, with a warning") {
  const WarningsHeard heard;
  const Config config = from_flags("gcc.cxxflags=-O1 -ffast-math '-I/a b' -Ofast -DX");
  CHECK(config.arguments("gcc.cxxflags") == std::vector<std::string>{"-O1", "-I/a b", "-DX"});
  REQUIRE(heard.texts.size() == 2);
  CHECK(says(heard.texts[0], "CROTON_FLAGS: -ffast-math is dropped from gcc.cxxflags"));
}

TEST_CASE("Theano's keys and sections that mean nothing here are accepted with a reason") {
  const WarningsHeard heard;
  from_file(
      "[global]\nforce_device = True\noptimizer = fast_run\nbase_compiledir = /x\n"
      "[lib]\ncnmem = 0.8\n[dnn.conv]\nalgo_fwd = small\n[dnn]\nconv.precision = float32\n"
      "[gpuarray]\npreallocate = 1\n[DebugMode]\ncheck_py = False\n[warn]\nignore_bug_before = 0.9\n"
      "[scan]\nallow_gc = True\n[cmodule]\nwarn_no_version = True\n[compile]\nwiat = 3\n[cuda]\nenabled = True\n");
  CHECK(heard.texts.size() == 13);
  CHECK(says(heard.texts[0], "force_device does nothing here: a device that cannot be had is always an error"));
  CHECK(says(heard.texts[11], "did you mean 'compile.wait', that is wait in [compile]?"));
}

TEST_CASE("a scope sets keys for the process and takes them back, in any order of ending") {
  CHECK(floatX() == float64);
  auto outer = std::make_unique<ScopedConfig>("floatX=float32,openmp=False");
  CHECK(floatX() == float32);
  CHECK(config_value("openmp") == "False");
  auto inner = std::make_unique<ScopedConfig>("floatX=float16");
  CHECK(floatX() == float16);
  outer.reset();
  CHECK(floatX() == float16);
  CHECK(config_value("OPENMP") == "True");
  inner.reset();
  CHECK(floatX() == float64);
}

TEST_CASE("what set_config sets stays, over an older scope, and says who set it") {
  const std::string before = config_value("threads");
  {
    const ScopedConfig scope{"threads=3"};
    set_config("threads", "7");
    CHECK(config_value("threads") == "7");
  }
  CHECK(config_value("threads") == "7");
  CHECK(says(config_snapshot()->value(find_config_row("threads")).source, "config_test.cpp:"));
  set_config("Threads", before);
  CHECK(config_value("threads") == before);
}

TEST_CASE("setting a key of Theano's that does nothing only warns") {
  const WarningsHeard heard;
  set_config("nvcc.flags", "-O3");
  const ScopedConfig scope{"allow_gc=False"};
  CHECK(heard.texts.size() == 2);
}

TEST_CASE("K7: a compilation that holds a snapshot sees one configuration while threads change it", "[threads]") {
  std::atomic<bool> stop{false};
  const auto flip = [&] {
    while (!stop) {
      const ScopedConfig scope{"floatX=float32,math=exact,threads=9"};
      std::this_thread::yield();
    }
  };
  std::thread one(flip), two(flip);
  int mixtures = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto config = config_snapshot();
    const bool changed = config->text("floatX") == "float32";
    mixtures += (config->text("math") == "exact") != changed || (config->number("threads") == 9) != changed;
  }
  stop = true;
  one.join();
  two.join();
  CHECK(mixtures == 0);
  CHECK(floatX() == float64);
}
