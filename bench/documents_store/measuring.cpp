#include "bench/documents_store/measuring.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <string>

#include "services/system/thread_time.h"

namespace spreadable::bench {

void need(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

double millis_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

double processor_millis_of(const std::function<void()>& work) {
  const Duration begin = thread_time();
  work();
  return std::chrono::duration<double, std::milli>(thread_time() - begin).count();
}

Times summary(std::vector<double> millis) {
  std::sort(millis.begin(), millis.end());
  const auto at = [&](double share) {
    return millis[static_cast<std::size_t>(share * static_cast<double>(millis.size() - 1))];
  };
  return {at(0.5), at(0.99), millis.back()};
}

double rounded(double value) {
  return std::round(value * 1'000) / 1'000;
}

double memory_mib(std::string_view name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stod(line.substr(name.size())) / 1'024;
  }
  throw std::runtime_error("cannot read the status of this process");
}

void Report::print(const char* what, Json figures) {
  Json line{{"measured", what}};
  line.update(figures);
  std::cout << dump_json(line) << std::endl;
}

void Report::check(const char* what, Json figures, double value, double limit) {
  const bool is_within = value < limit;
  passed_ = passed_ && is_within;
  figures["limit"] = limit;
  figures["passed"] = is_within;
  print(what, std::move(figures));
}

}  // namespace spreadable::bench
