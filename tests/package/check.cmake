# Installs a build into a folder of its own, then configures, builds and runs a project that knows
# nothing but the installed package. Ends with an error at the first step that fails.
#   cmake -DBUILD_DIR=… -DWORK_DIR=… -DCONFIG=… -DCOMPILER=… -DLAUNCHER=… -DFLAGS=… -P check.cmake
cmake_minimum_required(VERSION 3.25)
set(source_dir ${CMAKE_CURRENT_LIST_DIR})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix --component development)
run(${CMAKE_COMMAND} -S ${source_dir} -B ${WORK_DIR}/build -G Ninja
  -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix
  -DCMAKE_BUILD_TYPE=${CONFIG}
  -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
  -DCMAKE_CXX_FLAGS=${FLAGS}
  -DWORD_COUNT_SOURCE=${source_dir}/../../examples/word_count/main.cpp)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/package_user)
run(${WORK_DIR}/build/documents_user)
