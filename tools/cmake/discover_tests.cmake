# Asks a Catch2 program for its test cases and writes OUT: one ctest test a case, with its labels and environment.
# Catch2's own module cannot set properties that are lists, knows no labels by tag, and warns where a tag matches nothing.
# In: PROGRAM, PREFIX, OUT, LIST (arguments that list names), LABELS, TAGS (tags that become labels), ENVIRONMENT (| between).
cmake_minimum_required(VERSION 3.25)

function(names_of out)
  execute_process(COMMAND ${PROGRAM} ${ARGN} ${LIST} OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE code)
  if(NOT code MATCHES "^[0-9]+$")  # Catch2 2 exits with the number of names; only a crash is no number
    message(FATAL_ERROR "${PROGRAM} ${ARGN} ${LIST}: ${code}\n${text}${errors}")
  endif()
  # Names may hold what splits or joins CMake lists.
  string(REPLACE "[" "<(" text "${text}")
  string(REPLACE "]" ")>" text "${text}")
  string(REPLACE ";" "<,>" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  list(TRANSFORM text STRIP)
  list(FILTER text EXCLUDE REGEX "^$")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

string(REPLACE "|" ";" environment "${ENVIRONMENT}")
names_of(names)
foreach(tag ${TAGS})
  names_of(tagged_${tag} "[${tag}]")
endforeach()

set(script "")
foreach(coded IN LISTS names)
  set(labels ${LABELS})
  foreach(tag ${TAGS})
    if(coded IN_LIST tagged_${tag})
      list(APPEND labels ${tag})
    endif()
  endforeach()
  string(REPLACE "<(" "[" name "${coded}")
  string(REPLACE ")>" "]" name "${name}")
  string(REPLACE "<,>" ";" name "${name}")
  string(REGEX REPLACE "([][,\\\\])" "\\\\\\1" spec "${name}")
  string(APPEND script
    "add_test([==[${PREFIX}: ${name}]==] [==[${PROGRAM}]==] [==[${spec}]==])\n"
    "set_tests_properties([==[${PREFIX}: ${name}]==] PROPERTIES ENVIRONMENT [==[${environment}]==] "
    "LABELS [==[${labels}]==] TIMEOUT 600)\n")
endforeach()
file(WRITE ${OUT} "${script}")
