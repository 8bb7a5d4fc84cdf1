# Each of FILES, a public header included alone, compiles with CLANG without a warning. In: CLANG, FILES, INCLUDE.
if(NOT CLANG)
  message("SKIPPED: there is no clang++ here")
  return()
endif()
foreach(file IN LISTS FILES)
  execute_process(COMMAND ${CLANG} -std=c++20 -fsyntax-only -Wall -Wextra -Wshadow -Werror -I${INCLUDE} ${file}
    ERROR_VARIABLE said RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${CLANG} refuses ${file}:\n${said}")
  endif()
endforeach()
