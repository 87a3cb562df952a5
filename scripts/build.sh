# shellcheck shell=bash
# Sourced by the other scripts, from the folder of the repository.

# With ccache a second build takes seconds. What it is told to overlook are timestamps, so that it can
# also keep what is compiled with precompiled headers.
export CCACHE_SLOPPINESS=pch_defines,time_macros

# build <preset> [argument of cmake --build]...
build() {
  local preset=$1 launcher=
  shift
  ! command -v ccache >/dev/null || launcher=ccache
  echo "configuring build/$preset"
  cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" --log-level=WARNING >/dev/null
  cmake --build --preset "$preset" "$@"
}
