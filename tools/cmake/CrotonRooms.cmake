# The rooms of the house: each folder of src/ is one object library that sees only the rooms below it.

define_property(GLOBAL PROPERTY CROTON_ROOMS BRIEF_DOCS "Every room, lowest first" FULL_DOCS "Every room, lowest first")

# croton_precompile(TARGET FROM HEADER...): with CROTON_PRECOMPILE, TARGET includes what the target FROM has compiled; TARGET itself
# compiles the headers. Both are compiled alike.
function(croton_precompile target from)
  if(NOT CROTON_PRECOMPILE)
    return()
  endif()
  if(from STREQUAL target)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

# croton_room(NAME [ON room...] [LIBS target...] [WITHOUT folder...]): src/NAME/**.cpp as the object library croton_NAME, but for
# the folders that are built apart.
function(croton_room name)
  cmake_parse_arguments(ROOM "" "" "ON;LIBS;WITHOUT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  foreach(folder ${ROOM_WITHOUT})
    list(FILTER sources EXCLUDE REGEX "/src/${name}/${folder}/")
  endforeach()
  set(target croton_${name})
  if(sources)
    add_library(${target} OBJECT ${sources})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE croton_options)
    croton_precompile(${target} croton_base <algorithm> <array> <atomic> <cmath> <cstdint> <cstring> <functional> <limits> <map>
      <memory> <mutex> <optional> <set> <span> <string> <string_view> <unordered_map> <unordered_set> <utility> <variant> <vector>
      <fmt/format.h>)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  set(below ${ROOM_ON})
  foreach(room ${ROOM_ON})
    get_target_property(more croton_${room} CROTON_BELOW)
    if(more)
      list(APPEND below ${more})
    endif()
    target_link_libraries(${target} ${scope} croton_${room})
  endforeach()
  list(REMOVE_DUPLICATES below)
  target_link_libraries(${target} ${scope} ${ROOM_LIBS})
  set_target_properties(${target} PROPERTIES CROTON_BELOW "${below}")
  set_property(GLOBAL APPEND PROPERTY CROTON_ROOMS ${name})
endfunction()

# Objects of the named rooms (object libraries do not pass their objects on through other object libraries).
function(croton_objects out)
  set(objects)
  foreach(room ${ARGN})
    get_target_property(type croton_${room} TYPE)
    if(type STREQUAL "OBJECT_LIBRARY")
      list(APPEND objects $<TARGET_OBJECTS:croton_${room}>)
    endif()
  endforeach()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

# Every kernels/*.h as text inside the library: generated code includes it without touching the disk.
function(croton_embed_kernels target)
  file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.h)
  set(out ${CMAKE_BINARY_DIR}/generated/kernel_text.cpp)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${kernels}" -P ${CMAKE_SOURCE_DIR}/tools/cmake/embed.cmake
    DEPENDS ${kernels} ${CMAKE_SOURCE_DIR}/tools/cmake/embed.cmake VERBATIM)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "OBJECT_LIBRARY")
    target_sources(${target} PRIVATE ${out})
  endif()
endfunction()

# libcroton_cuda.so: src/runtime/cuda as a plugin that brings along what it uses of the rooms, shows one function, and is
# linked with nothing of CUDA. croton_cuda_objects is the same for tests and tools that look inside.
function(croton_cuda_plugin)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/runtime/cuda/*.cpp)
  set(entry ${CMAKE_SOURCE_DIR}/src/runtime/cuda/plugin.cpp)
  list(REMOVE_ITEM sources ${entry})
  add_library(croton_cuda_objects OBJECT ${sources})
  target_include_directories(croton_cuda_objects PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(croton_cuda_objects PRIVATE croton_options PUBLIC fmt::fmt Threads::Threads ${CMAKE_DL_LIBS})
  add_library(croton_cuda MODULE ${entry} ${CMAKE_SOURCE_DIR}/src/runtime/temporary.cpp
    $<TARGET_OBJECTS:croton_cuda_objects> $<TARGET_OBJECTS:croton_base>)
  target_link_libraries(croton_cuda PRIVATE croton_options croton_cuda_objects)
  # its copies of the rooms' functions must not mix with those of the library that opens it
  set(names ${CMAKE_SOURCE_DIR}/src/runtime/cuda/plugin.map)
  target_link_options(croton_cuda PRIVATE -Wl,--version-script=${names} -Wl,--no-undefined)
  set_target_properties(croton_cuda PROPERTIES LINK_DEPENDS ${names} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  install(TARGETS croton_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# The library users link: all rooms in one.
function(croton_assemble target)
  get_property(rooms GLOBAL PROPERTY CROTON_ROOMS)
  croton_objects(objects ${rooms})
  target_sources(${target} PRIVATE ${objects})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC $<BUILD_INTERFACE:croton_sanitizers>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:croton_options> fmt::fmt PkgConfig::LIBZIP PkgConfig::XXHASH ${CROTON_CONTEXT} Threads::Threads ${CMAKE_DL_LIBS})
  # Calls inside the library go straight to it: they are cheaper, and a program may hold a second copy of it.
  target_link_options(${target} PRIVATE $<$<STREQUAL:$<TARGET_PROPERTY:${target},TYPE>,SHARED_LIBRARY>:-Wl,-Bsymbolic-functions>)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()

function(croton_install target)
  include(CMakePackageConfigHelpers)
  install(TARGETS ${target} EXPORT CrotonTargets)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")  # gdb loads it by itself where the folder is in its auto-load safe-path, as /usr is
    install(FILES ${CMAKE_SOURCE_DIR}/tools/croton-gdb.py DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME $<TARGET_FILE_NAME:${target}>-gdb.py)
  endif()
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  set(where ${CMAKE_INSTALL_LIBDIR}/cmake/Croton)
  install(EXPORT CrotonTargets NAMESPACE Croton:: DESTINATION ${where})
  configure_package_config_file(${CMAKE_SOURCE_DIR}/tools/cmake/CrotonConfig.cmake.in ${CMAKE_BINARY_DIR}/CrotonConfig.cmake INSTALL_DESTINATION ${where})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/CrotonConfigVersion.cmake COMPATIBILITY SameMajorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/CrotonConfig.cmake ${CMAKE_BINARY_DIR}/CrotonConfigVersion.cmake DESTINATION ${where})
endfunction()
