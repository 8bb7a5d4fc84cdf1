# Installs BUILD into a prefix of its own, then builds and runs a five-line program against it: by find_package, and by one
# plain line of g++. In: BUILD, WORK (a folder to use), SOURCE (the consumer), CXX, LIBDIR, IS_SHARED.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${out}")
  endif()
  set(output "${out}" PARENT_SCOPE)
endfunction()

function(check_program program)
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${prefix}/${LIBDIR} ${program})
  if(NOT output STREQUAL "[1. 4. 9.]\n")
    message(FATAL_ERROR "${program} printed ${output}")
  endif()
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

# gdb loads FILE-gdb.py for an object FILE beside it.
if(IS_SHARED)
  file(GLOB loaded ${prefix}/${LIBDIR}/libcroton.so.*-gdb.py)
  string(REPLACE "-gdb.py" "" object "${loaded}")
  if(NOT loaded OR NOT EXISTS "${object}" OR IS_SYMLINK "${object}")
    message(FATAL_ERROR "the installed tree has no gdb script beside the library's own file: '${loaded}'")
  endif()
endif()

run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/consumer -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${WORK}/consumer)
check_program(${WORK}/consumer/consumer)

# The command finds the installed plugin, whatever the plugin then finds.
execute_process(COMMAND ${CMAKE_COMMAND} -E env CROTON_FLAGS=device=gpu ${prefix}/bin/croton gputest OUTPUT_VARIABLE said)
if(NOT EXISTS ${prefix}/${LIBDIR}/libcroton_cuda.so OR said MATCHES "libcroton_cuda" OR NOT said MATCHES "The configured device, gpu, ")
  message(FATAL_ERROR "croton gputest does not find the installed plugin:\n${said}")
endif()

# As in /usr/local, where the compiler looks by itself: CPATH and LIBRARY_PATH stand for that.
if(IS_SHARED)
  run(${CMAKE_COMMAND} -E env CPATH=${prefix}/include LIBRARY_PATH=${prefix}/${LIBDIR}
    ${CXX} -std=c++20 ${SOURCE}/consumer.cpp -lcroton -o ${WORK}/plain)
  check_program(${WORK}/plain)
endif()
