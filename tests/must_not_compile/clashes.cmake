# Which of croton.h's names are ambiguous in a program that includes the standard headers and has both
# `using namespace std` and `using namespace croton`: these, and no more may join
# them without a reason (logical_* are NumPy's own words).
set(expected "any;function;logical_and;logical_not;logical_or;slice;stack;vector")
set(words)
file(GLOB headers ${INCLUDE}/croton/*.h)
foreach(header ${headers})
  file(READ ${header} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX MATCHALL "[A-Za-z_][A-Za-z_0-9]*" found "${text}")
  list(APPEND words ${found})
endforeach()
list(REMOVE_DUPLICATES words)
set(program)
foreach(header algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution filesystem forward_list fstream functional future
    initializer_list iomanip ios iostream iterator latch limits list locale map memory memory_resource mutex new numbers
    numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location
    span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple type_traits
    typeindex typeinfo unordered_map unordered_set utility valarray variant vector version cmath cstdlib cstring cstdio)
  string(APPEND program "#include <${header}>\n")
endforeach()
string(APPEND program "#include <croton.h>\nusing namespace std;\nusing namespace croton;\n")
foreach(word ${words})
  string(APPEND program "int probe_${word} = sizeof(${word});\n")
endforeach()
file(WRITE ${OUT} "${program}")
set(ENV{LC_ALL} C)
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only -fmax-errors=0 -w -I${INCLUDE} ${OUT}
  OUTPUT_QUIET ERROR_VARIABLE output)
string(REGEX MATCHALL "reference to ['\"`][a-z_A-Z0-9]*['\"`] is ambiguous" found "${output}")
list(TRANSFORM found REPLACE "reference to .(.*). is ambiguous" "\\1")
list(REMOVE_DUPLICATES found)
list(SORT found)
if(NOT found STREQUAL expected)
  message(FATAL_ERROR "these names clash with std's: ${found}; expected: ${expected}")
endif()
