# Builds the library as an archive (BUILD_SHARED_LIBS=OFF) and a program against the installed tree of it.
# In: TOP, WORK, SOURCE, CXX, LIBDIR.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${TOP} -B ${WORK}/build -DBUILD_SHARED_LIBS=OFF -DCMAKE_BUILD_TYPE=Debug
  -DCROTON_TESTS=OFF -DCROTON_EXAMPLES=OFF -DCROTON_BENCH=OFF -DCMAKE_CXX_COMPILER=${CXX} -G Ninja COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${WORK}/build/libcroton.a)
  message(FATAL_ERROR "no libcroton.a in ${WORK}/build")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -DBUILD=${WORK}/build -DWORK=${WORK}/installed -DSOURCE=${SOURCE} -DCXX=${CXX}
  -DLIBDIR=${LIBDIR} -DIS_SHARED=OFF -P ${CMAKE_CURRENT_LIST_DIR}/install.cmake COMMAND_ERROR_IS_FATAL ANY)
