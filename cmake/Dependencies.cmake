# Finds every library the build needs. A missing one is named together with its Debian package; all
# missing ones are named at once. docs/dependencies.md says what each is for.
include(spreadable-libraries)

if(PkgConfig_FOUND)
  pkg_check_modules(gdlib QUIET gdlib)  # its headers only
endif()
spreadable_check(libgd-dev "gd" gdlib_FOUND)
find_package(CURL QUIET)  # the same
spreadable_check(libcurl4-openssl-dev "libcurl" CURL_FOUND)

if(SPREADABLE_BUILD_CLI OR SPREADABLE_BUILD_EXAMPLES OR SPREADABLE_BUILD_BENCH)
  find_package(CLI11 QUIET)
  spreadable_check(libcli11-dev "CLI11" CLI11_FOUND)
endif()
if(SPREADABLE_BUILD_CLI OR SPREADABLE_BUILD_BENCH)
  # The archive: calls into a library that lies elsewhere in each process take longer.
  find_library(SPREADABLE_JEMALLOC NAMES libjemalloc_pic.a libjemalloc.a jemalloc)
  spreadable_check(libjemalloc-dev "jemalloc" SPREADABLE_JEMALLOC)
endif()
if(SPREADABLE_BUILD_TESTS)
  find_package(doctest QUIET)
  spreadable_check(doctest-dev "doctest" doctest_FOUND)
  find_package(rapidcheck QUIET)
  spreadable_check(librapidcheck-dev "rapidcheck" rapidcheck_FOUND)
endif()
if(SPREADABLE_BUILD_BENCH)
  find_package(benchmark QUIET)
  spreadable_check(libbenchmark-dev "google-benchmark" benchmark_FOUND)
endif()
if(SPREADABLE_BUILD_TESTS OR SPREADABLE_BUILD_BENCH)
  if(PkgConfig_FOUND)
    pkg_check_modules(cpp-httplib QUIET IMPORTED_TARGET cpp-httplib>=0.11)
  endif()
  spreadable_check(libcpp-httplib-dev "cpp-httplib >= 0.11" cpp-httplib_FOUND)
endif()

if(spreadable_missing)
  list(JOIN spreadable_missing "\n" spreadable_missing)
  message(FATAL_ERROR "Libraries are missing (scripts/setup installs them all):\n${spreadable_missing}")
endif()
