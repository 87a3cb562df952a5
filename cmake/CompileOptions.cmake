# How every target of this repository is compiled: language level, warnings, hardening, sanitizers.
# Private to the build: installed headers ask nothing of a user but C++20.
add_library(spreadable_options INTERFACE)
add_library(spreadable::options ALIAS spreadable_options)
target_compile_features(spreadable_options INTERFACE cxx_std_20)
target_compile_options(spreadable_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers  # designated initializers name what differs from the defaults
  $<$<BOOL:${SPREADABLE_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  # A precompiled header of clang tells when it was made, which would keep ccache from finding it again.
  "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>"
  # GCC 12 sees overruns inside std::string itself when it optimises (GCC bugs 105329, 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<CONFIG:Release,RelWithDebInfo>>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overread;-Wno-stringop-overflow>
  -fstack-protector-strong)
target_compile_definitions(spreadable_options INTERFACE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(SPREADABLE_SANITIZE)
  target_compile_options(spreadable_options INTERFACE
    -fsanitize=${SPREADABLE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # Clang's check of virtual tables asks the system, by a pipe, whether memory can be read, and so
    # reports what is not there when a test has used up all descriptors.
    $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=vptr>)
  target_link_options(spreadable_options INTERFACE -fsanitize=${SPREADABLE_SANITIZE})
endif()

# What libFuzzer needs to see which way an input took. Programs without a fuzzer inside run as before, a
# little slower, so that one build serves all tests under the sanitizers.
option(SPREADABLE_FUZZ "Build the fuzz targets (clang only)" OFF)
if(SPREADABLE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "SPREADABLE_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++")
  endif()
  target_compile_options(spreadable_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Programs whose users wait for them get their memory from jemalloc. Sanitizers bring an allocator of their
# own, and libraries leave the choice to the program.
function(spreadable_use_jemalloc target)
  if(NOT SPREADABLE_SANITIZE)
    target_link_libraries(${target} PRIVATE ${SPREADABLE_JEMALLOC})
    target_compile_definitions(${target} PRIVATE SPREADABLE_HAS_JEMALLOC)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/jemalloc_options.cpp)
  endif()
endfunction()

# Copies and comparisons of a program's own, see the file, which must be none of what it is compiled to.
function(spreadable_copy_inside target)
  set(source ${PROJECT_SOURCE_DIR}/cmake/short_copies.cpp)
  set_source_files_properties(${source} PROPERTIES
    COMPILE_OPTIONS "-O2;-fno-builtin" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
  target_compile_definitions(${target} PRIVATE SPREADABLE_COPIES_INSIDE)
endfunction()

# Programs of which a machine may run many processes, a node each: see the files. The standard library of C++,
# too, lies in them rather than elsewhere in each process.
function(spreadable_place_aligned target)
  if(CMAKE_SYSTEM_NAME STREQUAL Linux AND NOT SPREADABLE_SANITIZE)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/program_place.cpp)
    spreadable_copy_inside(${target})
    target_link_options(${target} PRIVATE -static-libstdc++)
  endif()
endfunction()

# In a program with kinds of nodes, what all nodes run lies together, and apart from what only those of a kind
# do. A process maps 64 KiB around each place of its program that it comes to.
function(spreadable_link_core_first target)
  target_link_libraries(${target} PRIVATE
    $<LINK_GROUP:RESCAN,spreadable::core,spreadable::services,spreadable::documents>)
endfunction()

# Headers that nearly every source file reads. One set, so that the cost of parsing them is paid
# once per target.
function(spreadable_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <span> <string>
    <string_view> <unordered_map> <utility> <variant> <vector> <nlohmann/json.hpp> ${ARGN})
endfunction()
